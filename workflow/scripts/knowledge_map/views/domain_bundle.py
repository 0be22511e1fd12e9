"""Domains as JSON for a page that loads a domain at a time: an index, and a bundle of questions, labels and articles for each.

The form is that of the knowledge mapper of the Contextual Dynamics Laboratory; `workflow/schemas/domains.schema.yaml` has it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from knowledge_map.common.errors import UserError
from knowledge_map.common.files import atomic_write, write_json
from knowledge_map.common.progress import Progress, log
from knowledge_map.common.text import shown
from knowledge_map.embedding.principal_components import principal_component
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.labels.grid import grids
from knowledge_map.labels.table import names_at
from knowledge_map.map.region import Region, domain_regions
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import WHOLE, Domain, domain_levels, domain_members, domains_of
from knowledge_map.questions.records import Question, concepts_tested, difficulty, domain_ids, source_article
from knowledge_map.views.page.columns import web_addresses

COLUMNS = ("title", "url", "excerpt")
"""Columns of the map that a bundle needs besides the positions."""

INDEX = "index"

LEVELS = ("general", "sub")
"""What the levels of domains are called, from the top; that of the whole map is called as its id."""

WHOLE_MAP = (0.0, 1.0, 0.0, 1.0)

DEPTH = 3
"""The principal component that is the third coordinate."""

FILE_NAME = re.compile(r'[^\x00-\x1f\x7f/\\<>:"|?*%#{}.][^\x00-\x1f\x7f/\\<>:"|?*%#{}]*')
"""Ids that name a file everywhere, and an address."""

LONGEST_NAME = 200
"""Bytes of such an id."""

SEED = 42

BATCH = 10_000


@dataclass(frozen=True)
class BundleSettings:
    """The settings `bundle` of the configuration, by their names there."""

    grid_size: int = 50
    articles: int | None = 10_000


def bundled_domains(questions: Sequence[Question], named: Sequence[Domain] = ()) -> list[Domain]:
    """Return the domains of the bundle: that of the whole map first, unless it is among the `named`, and the others.

    Raises UserError where the id of one cannot name a file of its own.
    """
    domains = domains_of(questions, named)
    if all(domain.id != WHOLE for domain in domains):
        domains = [Domain(WHOLE, "All"), *domains]
    files: dict[str, str] = {INDEX: INDEX}
    for domain in domains:
        folded = domain.id.casefold()
        if not FILE_NAME.fullmatch(domain.id) or len(domain.id.encode()) > LONGEST_NAME:
            raise UserError(
                f"domain_bundle: the id `{shown(domain.id)}` of a domain cannot name a file; change it in the questions and in "
                "the file of domains."
            )
        if folded in files:
            raise UserError(
                f"domain_bundle: the domain `{shown(domain.id)}` would have the file of `{shown(files[folded])}`; change its id."
            )
        files[folded] = domain.id
    return [replace(domain, sides=domain.sides or WHOLE_MAP) if domain.id == WHOLE else domain for domain in domains]


def write_bundle(
    knowledge_map: KnowledgeMap,
    table: EmbeddingTable,
    labels: pa.Table,
    questions: Sequence[Question],
    named: Sequence[Domain],
    padding: float,
    folder: str | Path,
    settings: BundleSettings,
) -> None:
    """Write `index.json` and a bundle `ID.json` for each domain into `folder`.

    Questions that cannot be asked are left out. Of a region with more than `settings.articles` articles, so many are drawn at
    random. Both are told in the log.

    Parameters
    ----------
    knowledge_map : with the columns `COLUMNS`.
    labels : the table of labels; cells of a domain take the names that the map has there.
    questions : those of the map, in its order.
    named : the domains that a file names.
    padding : margin of regions, as `domain_region` takes it.
    """
    domains = bundled_domains(questions, named)
    members = domain_members(domains, questions)
    positions = knowledge_map.positions[knowledge_map.is_article]
    of_questions = knowledge_map.positions[~knowledge_map.is_article]
    regions = [region or Region(*WHOLE_MAP) for region in domain_regions(domains, members, of_questions, padding)]
    log.info(f"principal component {DEPTH} of {table.rows:,} vectors")
    depth = principal_component(table, DEPTH)
    places = zip(questions, of_questions.tolist(), depth[table.articles :].tolist(), strict=True)
    asked = {
        number: question_record(question, question.answer, x, y, z)
        for number, (question, (x, y), z) in enumerate(places)
        if question.options and question.answer is not None
    }
    if left_out := len(questions) - len(asked):
        log.info(f"{left_out:,} of {len(questions):,} questions cannot be asked, and are in no bundle")
    heads = []
    progress = Progress(len(domains), "domains")
    for domain, level, own, region in zip(domains, domain_levels(domains), members, regions, strict=True):
        head = {
            "id": domain.id,
            "name": domain.name,
            "parent_id": domain.parent_id,
            "level": WHOLE if domain.id == WHOLE else LEVELS[min(level, 1)],
            "region": {side: round(value, 6) for side, value in region.as_dict().items()},
            "grid_size": settings.grid_size,
        }
        own_questions = [asked[number] for number in np.flatnonzero(own).tolist() if number in asked]
        rows = drawn_rows(positions, region, settings.articles, domain.id)
        _write_json_lists(
            Path(folder) / f"{domain.id}.json",
            head,
            questions=own_questions,
            labels=label_records(labels, region, settings.grid_size, positions),
            articles=article_records(knowledge_map, rows, depth),
        )
        heads.append(head | {"question_count": len(own_questions)})
        progress.advance()
    write_json(Path(folder) / f"{INDEX}.json", {"schema_version": "1.0", "domains": heads})


def question_record(question: Question, answer: int, x: float, y: float, z: float) -> dict:
    """Return a question as a bundle has it: options and `answer` by letters, and null for what its record does not say."""
    letters = [chr(ord("A") + number) if number < 26 else str(number + 1) for number in range(len(question.options))]
    return {
        "id": question.item_id.removeprefix("question:"),
        "question_text": question.text,
        "options": dict(zip(letters, question.options, strict=True)),
        "correct_answer": letters[answer],
        "difficulty": difficulty(question.data),
        "source_article": source_article(question.data),
        "domain_ids": domain_ids(question.data),
        "concepts_tested": concepts_tested(question.data),
        "x": round(x, 6),
        "y": round(y, 6),
        "z": round(z, 6),
    }


def label_records(labels: pa.Table, region: Region, side: int, positions: np.ndarray) -> Iterator[dict]:
    """Yield the side x side cells of a region: its name on the map, empty where it has none, and how many articles lie in it.

    `positions`, float [n, 2], are those of all articles of the map.
    """
    for grid in grids("domain", region, [side]):
        cell = grid.cell_of(positions)
        counts = np.bincount(cell[cell >= 0], minlength=grid.cells)
        centers = grid.centers()
        names = names_at(labels, centers, float(grid.sides.max()))
        for gx, gy, (x, y), name, count in zip(*grid.indices(), centers.tolist(), names, counts, strict=True):
            yield {
                "gx": int(gx),
                "gy": int(gy),
                "center_x": round(x, 6),
                "center_y": round(y, 6),
                "label": name,
                "article_count": int(count),
            }


def drawn_rows(positions: np.ndarray, region: Region, most: int | None, name: str) -> np.ndarray:
    """Return the rows of the articles in a region, int [n], ascending: all, or `most` of them drawn at random.

    `name` is what the log calls the region where not all are taken.
    """
    rows = np.flatnonzero(region.contains(positions))
    if most is None or len(rows) <= most:
        return rows
    log.info(f"{name}: {most:,} of the {len(rows):,} articles in its region, drawn at random (bundle.articles)")
    return np.sort(np.random.default_rng(SEED).choice(rows, most, replace=False))


def article_records(knowledge_map: KnowledgeMap, rows: np.ndarray, depth: np.ndarray) -> Iterator[dict]:
    """Yield title, url, excerpt, x, y and z of articles, a batch in memory at a time; articles come first on the map."""
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        texts = knowledge_map.table.select(COLUMNS).take(pa.array(some))
        texts = texts.set_column(COLUMNS.index("url"), "url", web_addresses(texts["url"])).to_pylist()
        for article, (x, y), z in zip(texts, knowledge_map.positions[some].tolist(), depth[some].tolist(), strict=True):
            yield article | {"x": round(x, 6), "y": round(y, 6), "z": round(z, 6)}


def _write_json_lists(path: Path, domain: dict, **lists: Iterable[dict]) -> None:
    """Write an object with `domain` and lists, a record of which is a line."""
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8") as out:
        out.write(f'{{"domain": {_as_json(domain)}')
        for name, records in lists.items():
            out.write(f',\n"{name}": [')
            for number, record in enumerate(records):
                out.write((",\n" if number else "\n") + _as_json(record))
            out.write("]")
        out.write("}\n")


def _as_json(record: dict) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False)
