"""The interactive map: one HTML file that carries data, style and script and asks the network for nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import jinja2
import pyarrow as pa
from markupsafe import Markup

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.checksum import csp_hash
from knowledge_map.common.files import atomic_write
from knowledge_map.common.parquet import read_parquet
from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import Domain
from knowledge_map.questions.records import Question
from knowledge_map.views.page.carried import CarriedColumn, carried_column
from knowledge_map.views.page.columns import (
    Packed,
    as_json,
    excerpt_column,
    label_rows,
    level_list,
    neighbor_columns,
    packed,
    position_column,
    source_column,
    stretch_column,
    text_columns,
    trust_column,
    url_column,
)
from knowledge_map.views.page.modules import STATIC, join_modules, join_styles
from knowledge_map.views.page.quiz_data import QuizSettings, quiz_domains, quiz_questions, quiz_settings

TEMPLATES = Path(__file__).parent

LOADER = TEMPLATES / "loader.js"
"""The script that unpacks and runs the page's own."""

QUIZ = QuizSettings()

COLUMNS = ("item_id", "source", "title", "url", "excerpt", "neighbors", "trust", "stretch")
"""What the page needs of the map."""


@dataclass(frozen=True)
class PageSettings:
    """The settings `page` of the configuration, by their names there."""

    excerpts: str = "all"
    neighbors: int = 8
    columns: Sequence[str] | None = None


SETTINGS = PageSettings()


def write_page(
    knowledge_map: KnowledgeMap,
    labels: pa.Table,
    questions: list[Question],
    region: Region | None,
    output: str | Path,
    title: str = "Knowledge map",
    quiz: QuizSettings = QUIZ,
    settings: PageSettings = SETTINGS,
    domains: Sequence[Domain] = (),
    region_padding: float = 0.1,
) -> None:
    """Write the interactive map to `output`, under a `title`.

    `knowledge_map` needs the columns `COLUMNS`; `labels` are those of `knn_labels`; `questions` are the map's; `domains` are
    those of a file, their regions padded by `region_padding` as that of all questions. Texts are compressed as they lie in
    memory, so that it takes little more than the map itself. So is the script, which `LOADER` runs.
    """
    carried = _carried(knowledge_map, settings)
    asked = asked_questions(knowledge_map, questions)
    head = page_head(knowledge_map, labels, asked, region, quiz, domains, region_padding)
    head["carried"] = [column.head for column in carried]
    write_html(output, title, head, _columns(knowledge_map, labels, region, settings, carried, head))


def write_html(output: str | Path, title: str, head: dict, columns: Iterable[Packed], may_fetch: bool = False) -> None:
    """Write the HTML file of a page, which carries `columns`.

    `head` is that of the page, as `page_head` has it, with the heads of the carried columns. Only a page that `may_fetch` asks
    for more, and only from where it lies.
    """
    style, script, loader = join_styles(STATIC), join_modules(STATIC), LOADER.read_text(encoding="utf-8")
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined)
    pieces = environment.get_template("page.html").generate(
        title=title,
        policy=_policy(style, [loader, script], may_fetch),
        style=Markup(style),
        loader=Markup(loader),
        articles=f"{head['articles']:,}",
        placed=f"{head['placed']:,}" if head["placed"] else "",
        questions=len(head["questions"]),
        region=head["region"],
        carried=head["carried"],
        may_fetch=may_fetch,
        columns=chain([("script", packed([script.encode()]))], columns),
    )
    with atomic_write(output) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(pieces)


def _policy(style: str, scripts: Sequence[str], may_fetch: bool) -> str:
    """Return the Content-Security-Policy: this style and these scripts, and nothing else from anywhere else."""
    allowed = " ".join(f"'{csp_hash(script)}'" for script in scripts)
    fetching = "connect-src 'self'; " if may_fetch else ""
    policy = f"default-src 'none'; style-src '{csp_hash(style)}'; script-src {allowed}; "
    return f"{policy}{fetching}base-uri 'none'; form-action 'none'"


def asked_questions(knowledge_map: KnowledgeMap, questions: Iterable[Question]) -> list[Question]:
    """Return the questions of the map, in its order. Needs its column item_id."""
    by_id = {question.item_id: question for question in questions}
    return [by_id[item_id] for item_id in knowledge_map.table["item_id"].filter(pa.array(~knowledge_map.is_article)).to_pylist()]


def page_head(
    knowledge_map: KnowledgeMap,
    labels: pa.Table,
    asked: Sequence[Question],
    region: Region | None,
    quiz: QuizSettings,
    domains: Sequence[Domain],
    region_padding: float,
) -> dict:
    """Return what both forms of the page know of the whole map, for JSON; `asked` are its questions, in its order."""
    return {
        "articles": int(knowledge_map.is_article.sum()),
        "placed": knowledge_map.placed,
        "region": region.as_dict() if region else None,
        "questions": quiz_questions(knowledge_map, asked, quiz),
        "quiz": quiz_settings(knowledge_map, asked, region, quiz),
        "domains": quiz_domains(knowledge_map, asked, domains, region_padding),
        "levels": level_list(labels, "map"),
        "region_levels": level_list(labels, "region"),
    }


def carried_names(knowledge_map: KnowledgeMap, settings: PageSettings) -> list[str]:
    """Return the carried columns that the page shows, in the order of the settings."""
    names = [field.name for field in knowledge_map.carried]
    return names if settings.columns is None else [name for name in settings.columns if name in names]


def _carried(knowledge_map: KnowledgeMap, settings: PageSettings) -> list[CarriedColumn]:
    """Return the carried columns that the page shows; memory holds one of them at a time."""
    articles = pa.array(knowledge_map.is_article)
    return [
        carried_column(f"carried-{number}", name, read_parquet(knowledge_map.path, columns=[name])[name].filter(articles))
        for number, name in enumerate(carried_names(knowledge_map, settings))
    ]


def _columns(
    knowledge_map: KnowledgeMap,
    labels: pa.Table,
    region: Region | None,
    settings: PageSettings,
    carried: list[CarriedColumn],
    head: dict,
) -> Iterator[Packed]:
    """Yield name and base64 of each column; rows are those of the map, articles first."""
    table, is_article = knowledge_map.table, pa.array(knowledge_map.is_article)
    address, urls = url_column(table["title"], pc.if_else(is_article, table["url"], ""))
    names, sources = source_column(table["source"].filter(is_article))
    neighbors, similarities = neighbor_columns(table["neighbors"], settings.neighbors)
    yield "head", packed([as_json(head | {"url": asdict(address) if address else None, "sources": names})])
    for name, array in {
        "positions": position_column(knowledge_map.positions),
        "sources": sources,
        "neighbors": neighbors,
        "similarities": similarities,
        "trust": trust_column(table["trust"]),
        "stretch": stretch_column(table["stretch"]),
        "label-rows": label_rows(labels),
    }.items():
        yield name, packed([array.tobytes()])
    yield from text_columns("titles", table["title"])
    yield from text_columns("excerpts", excerpt_column(knowledge_map, settings.excerpts, region))
    yield from text_columns("urls", urls)
    for column in carried:
        yield from column.data
