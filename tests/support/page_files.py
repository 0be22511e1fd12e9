"""The page of a small map, and its elements."""

import base64
import json
import zlib
from html.parser import HTMLParser

import numpy as np
from labelled_maps import labelled, small_map

from knowledge_map.questions.records import Question
from knowledge_map.views.page import PageContent, PageSettings, write_page


class Elements(HTMLParser):
    """The elements of a page, as (tag, attributes, the text directly after the start tag)."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append([tag, dict(attrs), ""])

    def handle_data(self, data):
        if self.found:
            self.found[-1][2] += data

    def handle_endtag(self, tag):
        self.found.append(["/" + tag, {}, ""])

    def all(self, tag):
        return [element for element in self.found if element[0] == tag]

    def column(self, name):
        """Return the bytes of a column."""
        (text,) = (text for _, attributes, text in self.all("script") if attributes.get("id") == f"data-{name}")
        return zlib.decompress(base64.b64decode(text))

    def head(self):
        return json.loads(self.column("head"))

    def texts(self, name):
        ends = np.cumsum(np.frombuffer(self.column(f"{name}-lengths"), "<u4"))
        content = self.column(name)
        return [content[start:end].decode() for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def page(folder, articles=60, questions=3, titles=None, **settings):
    """Write the page of a small map; return the map, the page's text and its elements."""
    knowledge_map, embeddings = small_map(folder, articles, questions, titles)
    table = labelled((knowledge_map, embeddings), 2, 4)
    asked = [Question(f"question:{row}", f"Why {row}?", ("<i>yes</i>", "no"), 1, {}) for row in range(questions)]
    write_page(PageContent(knowledge_map, table, asked[::-1], settings=PageSettings(**settings)), folder / "map.html")
    html = (folder / "map.html").read_text(encoding="utf-8")
    return knowledge_map, html, Elements(html)
