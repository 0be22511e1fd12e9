"""The interactive map: one HTML file that carries data, style and script and asks the network for nothing."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from knowledge_map.files import replacing
from knowledge_map.labels import shown_labels
from knowledge_map.map_table import KnowledgeMap, Region
from knowledge_map.questions import Question
from knowledge_map.quiz import QuizSettings, quiz_questions, quiz_settings

TEMPLATES = Path(__file__).parents[2] / "page"
STYLES = ("map.css", "quiz.css")
SCRIPTS = (
    "page.js",
    "data.js",
    "places.js",
    "view.js",
    "theme.js",
    "shade.js",
    "markers.js",
    "map.js",
    "panel.js",
    "item.js",
    "search.js",
    "controls.js",
    "knowledge.js",
    "progress.js",
    "heat.js",
    "regions.js",
    "insight.js",
    "quiz.js",
    "main.js",
)
"""The parts of the page in the order in which they are put into it; each may use what came before it."""
NEIGHBORS = 8
"""Most neighbors an item shows."""
BATCH = 10_000
"""Texts turned into JSON at once."""

# Inside a script element these characters could end it, or a line of it; JSON may spell them as escapes.
ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def write_page(
    knowledge_map: KnowledgeMap,
    labels: pa.Table,
    questions: list[Question],
    region: Region | None,
    output: str | Path,
    title: str = "Knowledge map",
    quiz: QuizSettings = QuizSettings(),
) -> None:
    """Write the interactive map to `output`, under a `title`.

    `knowledge_map` needs the columns `item_id`, `title`, `url`, `excerpt` and `neighbors`; `labels` are those of
    `knn_labels`; `questions` are the map's. Texts are written in batches, so that memory hardly grows with the map.
    """
    style, script = _joined(STYLES), '"use strict";\n' + _joined(SCRIPTS)
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined)
    articles = int(knowledge_map.is_article.sum())
    pieces = environment.get_template("map.html").generate(
        title=title,
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        articles=f"{articles:,}",
        questions=len(questions),
        region=region,
        data=_data(knowledge_map, labels, questions, region, quiz),
    )
    with replacing(output) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(pieces)


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join(TEMPLATES.joinpath(name).read_text(encoding="utf-8") for name in names)


def _policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy: this style and this script, and nothing else from anywhere."""
    style_hash, script_hash = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    return (
        f"default-src 'none'; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _data(knowledge_map: KnowledgeMap, labels: pa.Table, questions: list[Question], region: Region | None, quiz: QuizSettings) -> Iterator[Markup]:
    """Yield, in pieces, the JSON object that map.js reads; arrays are little-endian, in base64, by row of the map."""
    table, is_article = knowledge_map.table, pa.array(knowledge_map.is_article)
    by_id = {question.item_id: question for question in questions}
    asked = [by_id[item_id] for item_id in table["item_id"].filter(pc.invert(is_article)).to_pylist()]
    head = {
        "articles": len(table) - len(asked),
        "places": _base64(_uint16(knowledge_map.places)),
        "neighbors": _base64(_neighbor_rows(table["neighbors"])),
        "region": region.as_dict() if region else None,
        "questions": quiz_questions(knowledge_map, asked, quiz),
        "quiz": quiz_settings(knowledge_map, asked, region, quiz),
        "levels": list(_levels(labels)),
    }
    yield _json(head)[:-1]
    yield from _texts("titles", table["title"].filter(is_article), [question.text for question in asked])
    yield from _texts("excerpts", table["excerpt"].filter(is_article), [""] * len(asked))
    yield from _texts("urls", _web_addresses(table["url"].filter(is_article)), [""] * len(asked))
    yield Markup("}")


def _json(value: object) -> Markup:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPES))


def _texts(name: str, column: pa.ChunkedArray, after: list[str]) -> Iterator[Markup]:
    """Yield the object's next member: a list of the texts of `column` and those `after` them."""
    between = Markup(f',"{name}":[')
    for batch in (*_batches(column), after):
        if batch:
            yield between + _json(batch)[1:-1]
            between = Markup(",")
    yield Markup("]")


def _batches(column: pa.ChunkedArray) -> Iterator[list[str]]:
    for start in range(0, len(column), BATCH):
        yield column.slice(start, BATCH).to_pylist()


def _web_addresses(urls: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return `urls` with all but http and https ones emptied."""
    urls = pc.fill_null(urls, "")
    return pc.if_else(pc.match_substring_regex(urls, r"(?i)^https?://"), urls, "")


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def _uint16(places: np.ndarray) -> np.ndarray:
    """Return places in [0, 1] in steps of 1/65535."""
    return np.round(places.clip(0, 1) * 65535).astype("<u2")


def _neighbor_rows(neighbors: pa.ChunkedArray) -> np.ndarray:
    """Return the rows of each item's nearest neighbors, int32 [rows, at most NEIGHBORS], -1 where it has fewer."""
    lists = pc.struct_field(neighbors, "ids")
    most = min(NEIGHBORS, pc.max(pc.list_value_length(lists)).as_py() or 1)
    first = pc.list_slice(lists, 0, most, return_fixed_size_list=True)
    return pc.fill_null(pc.list_flatten(first), -1).to_numpy().astype("<i4")


def _levels(labels: pa.Table) -> Iterator[dict]:
    """Yield the labels of each level of the whole map, coarse to fine, in the order in which they should find room."""
    for grid in np.unique(labels["grid"].to_numpy()):
        shown = shown_labels(labels, grid)
        yield {
            "grid": int(grid),
            "labels": shown["label"].to_pylist(),
            "places": _base64(_uint16(np.column_stack([shown["label_x"], shown["label_y"]]))),
        }
