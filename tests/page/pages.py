"""A small map with known places, vectors, titles and questions, and its pages, made by the project's own functions."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml
from labelled_maps import HOSTILE

from knowledge_map.common.parquet import write_parquet
from knowledge_map.embedding.table import EmbeddingTable, table_schema
from knowledge_map.labels.cells import LabelSettings, knn_labels
from knowledge_map.map.table import SCHEMA, KnowledgeMap
from knowledge_map.questions.records import Question
from knowledge_map.views.page.build import COLUMNS, write_page
from knowledge_map.views.page.content import PageContent
from knowledge_map.views.page.tiles import write_tiles

TOPICS = ["Glacier", "Violin", "Éclair", "Ribosome", "Harbour", "Comet"]
EACH = 60
NEIGHBORS = 8
QUESTIONS = [
    Question("question:which", "Which of these makes proteins?", ("Ribosome", "Comet", "Violin", "Glacier"), 0, {}),
    Question("question:where", "Where are ships safe?", ("In orbit", "In a harbour", "<b>Nowhere</b>", "In a concert"), 1, {}),
    Question("question:same", "Which stands in the same place?", ("This", "That"), 1, {}),
    Question("question:shown", "A question without options is only shown", (), None, {}),
    Question("question:far", "What has a tail & a coma?", ("A comet", "A cat", "A </script> tag"), 0, {}),
]
CENTERS = {topic: np.array([0.2 + 0.3 * (n % 3), 0.3 + 0.4 * (n // 3)]) for n, topic in enumerate(TOPICS)}
OF_QUESTION = ["Ribosome", "Harbour", "Harbour", "Harbour", "Comet"]
HOSTILE_NAME = '"><img src=x onerror=alert(1)>'
SETTINGS = Path(__file__).parents[2] / "workflow/schemas/config.schema.yaml"


def titles() -> list[str]:
    """Return the titles: those of the topics in turn, then hostile ones, then one that a spreadsheet would compute."""
    return [f"{topic} {number}" for number in range(EACH) for topic in TOPICS] + [*HOSTILE, '=HYPERLINK("https://example.org")']


def carried(topics: list[str]) -> pa.Table:
    """Return what the articles carry, a column of every kind: each row from its number and its topic."""
    rows = np.arange(len(topics))
    missing = rows % 10 == 3
    links = {0: "https://example.org/a?b=c", 1: "javascript:alert(1)", 2: "see <b>HTTPS://example.org</b>"}
    return pa.table(
        {
            "topic": pa.array(topics),
            "letter": pa.array([f"letter {chr(97 + min(row % 30, 19))}" for row in rows.tolist()], mask=missing),
            "year": pa.array(1980 + rows % 40),
            "published": pa.array(np.datetime64("1990-01-01") + 31 * rows, mask=missing),
            "score": pa.array(np.sqrt(rows + 0.5), mask=missing),
            "tags": pa.array(
                [None if row % 10 == 3 else ["even"] * (row % 2 == 0) + ["all", f"rest {row % 50}"] for row in rows.tolist()]
            ),
            "open": pa.array(rows % 3 == 0),
            HOSTILE_NAME: pa.array([links.get(row % 7, f"text {row}") for row in rows.tolist()]),
        }
    )


def write_small_map(folder: Path) -> tuple[KnowledgeMap, pa.Table]:
    """Write the small map, six round topics in two rows of three, hostile titles in between; return it with its labels."""
    random = np.random.default_rng(5)
    names = titles()
    topics = [TOPICS[row % len(TOPICS)] if row < EACH * len(TOPICS) else "Violin" for row in range(len(names))] + OF_QUESTION
    articles, total = len(names), len(topics)
    places = np.array([CENTERS[topic] for topic in topics]) + random.normal(scale=0.03, size=(total, 2))
    places[articles + 2] = places[articles + 1]
    places = places.clip(0, 1).astype(np.float32)
    vectors = np.concatenate([np.eye(len(TOPICS))[[TOPICS.index(topic) for topic in topics]], 3 * (places - 0.5)], axis=1)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    distances = 1 - vectors @ vectors[:articles].T
    distances[np.arange(articles), np.arange(articles)] = 9
    near = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBORS]
    common = {
        "row": np.arange(total, dtype=np.int32),
        "item_id": [f"small:{row}" for row in range(articles)] + [question.item_id for question in QUESTIONS],
        "kind": ["article"] * articles + ["question"] * len(QUESTIONS),
        "source": ["even" if row % 2 == 0 else "odd" for row in range(articles)] + ["question"] * len(QUESTIONS),
        "title": names + [question.text for question in QUESTIONS],
        "url": [_url(row, name) for row, name in enumerate(names)] + [""] * len(QUESTIONS),
    }
    matrix = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    write_parquet(folder / "embeddings.parquet", pa.table({**common, "embedding": matrix}, schema=table_schema(vectors.shape[1])))
    mapped = {
        "excerpt": [f"About {name[:60]}" for name in common["title"]],
        **dict(zip(["x", "y", "x_raw", "y_raw"], [*places.T, *places.T], strict=True)),
        "neighbors": [{"ids": ids, "distances": distances[row, ids].tolist()} for row, ids in enumerate(near.tolist())],
        "trust": [row % 16 / 15 if row % 17 else None for row in range(total)],
        "stretch": [2 ** (row % 9 / 2 - 2) if row % 17 else None for row in range(total)],
    }
    table = pa.table({**common, **mapped}, schema=SCHEMA)
    carries = carried(topics[:articles])
    for name in carries.column_names:
        column = pa.chunked_array([*carries[name].chunks, pa.nulls(len(QUESTIONS), carries.schema.field(name).type)])
        table = table.append_column(name, column)
    write_parquet(folder / "knowledge_map.parquet", table)
    knowledge_map = KnowledgeMap(folder / "knowledge_map.parquet", COLUMNS)
    region = knowledge_map.question_region(0.1)
    options = yaml.safe_load(SETTINGS.read_text(encoding="utf-8"))["properties"]["labels"]["properties"]
    defaults = {name: part["default"] for name, part in options.items()} | {"grid": [4, 8, 16]}
    texts = [knowledge_map.table["excerpt"].filter(pa.array(knowledge_map.is_article)).combine_chunks()]
    table = EmbeddingTable(folder / "embeddings.parquet")
    return knowledge_map, knn_labels(knowledge_map, table, texts, LabelSettings.of(defaults), region, 1)


def write_small_page(folder: Path) -> Path:
    """Write the page of the small map."""
    knowledge_map, labels = write_small_map(folder)
    page = folder / "knowledge_map.html"
    write_page(PageContent(knowledge_map, labels, QUESTIONS, "Small <map>"), page)
    return page


def write_small_tiles(folder: Path) -> Path:
    """Write the small map as tiles of up to 40 articles; return the file to open, in a folder that a server can serve."""
    knowledge_map, labels = write_small_map(folder)
    page = folder / "page" / "index.html"
    write_tiles(PageContent(knowledge_map, labels, QUESTIONS, "Small <map>"), page, capacity=40)
    return page


def _url(row: int, title: str) -> str:
    """Return an address that follows from the title, but for some that do not, and one that is no web address."""
    if row == 6:
        return "javascript:alert(1)"
    return f"https://example.org/wiki/{row}" if row % 7 == 0 else f"https://example.org/wiki/{title.replace(' ', '_')[:80]}"
