"""MediaWiki's XML dumps of pages and their wikitext, as Wikipedia publishes them.

dump (the XML, in pieces of whole pages) → wikitext (to plain text, with what links and templates show) → pages (which of them are
articles, several pieces at once).
"""

import re
from dataclasses import asdict

from knowledge_map.articles.formats.base import ArticleFormat
from knowledge_map.articles.formats.mediawiki.pages import PageFilter, read_rows

FORMATS = (
    ArticleFormat(
        name="mediawiki",
        suffixes=(".xml",),
        read_rows=read_rows,
        first_bytes=re.compile(rb"(?:\xef\xbb\xbf)?\s*(?=<)(?=.{0,4096}?<mediawiki)", re.DOTALL),
        folder_pattern=re.compile(r".*\.xml(-p\d+p\d+)?(\.(gz|bz2|xz|zst))?", re.IGNORECASE | re.DOTALL),
        folder_names="*.xml[.bz2]",
        options=asdict(PageFilter()),
    ),
)
