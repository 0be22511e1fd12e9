"""The interactive page: one HTML file with data, style and script that asks the network for nothing.

columns and quiz_data → content (what the page shows), modules (its scripts, joined by their imports) → build (all of it in one
file). `static` has the scripts and styles: base → map → panels → quiz. `tiles` writes the same page as a folder that fetches what
is in view; `forms` has both by their names.
"""

from knowledge_map.views.page.build import COLUMNS as PAGE_COLUMNS
from knowledge_map.views.page.build import write_page
from knowledge_map.views.page.content import PageContent, PageSettings
from knowledge_map.views.page.forms import FORMS

__all__ = ["FORMS", "PAGE_COLUMNS", "PageContent", "PageSettings", "write_page"]
