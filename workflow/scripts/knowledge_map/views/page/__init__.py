"""The interactive page: one HTML file with data, style and script that asks the network for nothing.

columns and quiz_data (what the page carries), modules (its scripts, joined by their imports) → build (all of it in one file).
`static` has the scripts and styles: base → map → panels → quiz. `tiles` writes the same page as a folder that fetches what is in
view.
"""

from knowledge_map.views.page.build import COLUMNS as PAGE_COLUMNS
from knowledge_map.views.page.build import PageSettings, write_page

__all__ = ["PAGE_COLUMNS", "PageSettings", "write_page"]
