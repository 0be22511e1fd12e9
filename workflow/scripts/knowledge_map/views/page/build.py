"""The interactive map: one HTML file that carries data, style and script and asks the network for nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import jinja2
import pyarrow as pa
from markupsafe import Markup

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.checksum import csp_hash
from knowledge_map.common.files import atomic_write
from knowledge_map.common.parquet import read_parquet
from knowledge_map.views.page.carried import CarriedColumn, carried_column
from knowledge_map.views.page.columns import (
    Packed,
    as_json,
    excerpt_column,
    label_rows,
    neighbor_columns,
    packed,
    position_column,
    source_column,
    stretch_column,
    text_columns,
    trust_column,
    url_column,
)
from knowledge_map.views.page.content import PageContent
from knowledge_map.views.page.modules import STATIC, join_modules, join_styles

TEMPLATES = Path(__file__).parent

LOADER = TEMPLATES / "loader.js"
"""The script that unpacks and runs the page's own."""

COLUMNS = ("item_id", "source", "title", "url", "excerpt", "neighbors", "trust", "stretch")
"""What the page needs of the map."""


def write_page(content: PageContent, output: str | Path) -> None:
    """Write the interactive map to `output`; the map needs the columns `COLUMNS`.

    Texts are compressed as they lie in memory, so that it takes little more than the map itself. So is the script, which `LOADER`
    runs.
    """
    carried = _carried(content)
    head = content.head() | {"carried": [column.head for column in carried]}
    write_html(output, content.title, head, _columns(content, carried, head))


def write_html(output: str | Path, title: str, head: dict, columns: Iterable[Packed], may_fetch: bool = False) -> None:
    """Write the HTML file of a page, which carries `columns`.

    `head` is that of the content, with the heads of the carried columns. Only a page that `may_fetch` asks
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


def _carried(content: PageContent) -> list[CarriedColumn]:
    """Return the carried columns that the page shows; memory holds one of them at a time."""
    path, articles = content.knowledge_map.path, pa.array(content.knowledge_map.is_article)
    return [
        carried_column(f"carried-{number}", name, read_parquet(path, columns=[name])[name].filter(articles))
        for number, name in enumerate(content.carried)
    ]


def _columns(content: PageContent, carried: list[CarriedColumn], head: dict) -> Iterator[Packed]:
    """Yield name and base64 of each column; rows are those of the map, articles first."""
    knowledge_map, settings = content.knowledge_map, content.settings
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
        "label-rows": label_rows(content.labels),
    }.items():
        yield name, packed([array.tobytes()])
    yield from text_columns("titles", table["title"])
    yield from text_columns("excerpts", excerpt_column(knowledge_map, settings.excerpts, content.region))
    yield from text_columns("urls", urls)
    for column in carried:
        yield from column.data
