"""How heavy and how quick the page of tiles is, from a server that holds every answer back, and other pages beside it.

    python benchmarks/tiles.py knowledge_map.parquet ... --labels labels.parquet --file --atlas embedding-atlas --json tiles.json

Each map is written as tiles by a process of its own, and with --file its first 500,000 articles as one file. With --atlas the
program of Embedding Atlas, from an environment of its own, exports its application of the first map; without WebGPU that shows
tables and histograms and no points. All in headless Chromium without a GPU (SwiftShader computes WebGL on the CPU), window
1280 x 800, from a server on this machine that waits 40 ms before each answer. Nothing but the page is measured, but the times are
of the clock: a busy machine takes longer.

made       processor seconds and peak memory (MB) of the process that writes the page
files      how many, and MB
first      seconds, and MB fetched, from opening to the first articles on the screen
usable     the same until all that is in view, with labels, is there
zoom       the same from a flight to the closest view of a crowded place to all that is in view there
hover      from the pointer's event to the last change of what hovering shows; 95th percentile, milliseconds
search     from a word typed to its results, longest of several words, milliseconds, and most MB fetched for one
tab        MB that only the tab's process has (unique set size), after wandering for --wander seconds
kept       the same once the browser has collected its garbage, which it puts off while memory is plenty
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from page import WATCHED, tab_memory, wait
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
sys.path.insert(0, str(ROOT / "tests" / "page"))

from chromium import DESKTOP, RETURNING, launch

from knowledge_map.common.parquet import parquet_writer, read_parquet
from knowledge_map.labels.table import SCHEMA as LABELS
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.reading import read_questions
from knowledge_map.run.serving import PageHandler, page_server
from knowledge_map.views.page import FORMS, PageContent

HELD_BACK = 0.04
"""Seconds before each answer."""

ONE_FILE = 500_000
WORDS = ["a", "riv", "music of", "olympic", "ibosom", "zzz"]


class SlowHandler(PageHandler):
    """Answers late, and counts what it sends."""

    sent = 0

    def do_GET(self) -> None:
        time.sleep(HELD_BACK)
        super().do_GET()

    def copyfile(self, source, outputfile) -> None:
        SlowHandler.sent += os.fstat(source.fileno()).st_size
        super().copyfile(source, outputfile)


@dataclass
class Figures:
    """What was measured of a page."""

    page: str
    made_s: float = 0
    made_mb: float = 0
    files: int = 0
    files_mb: float = 0
    first_s: float = 0
    first_mb: float = 0
    usable_s: float = 0
    usable_mb: float = 0
    zoom_s: float = 0
    zoom_mb: float = 0
    hover_ms: float = 0
    search_ms: float = 0
    search_mb: float = 0
    tab_mb: float = 0
    kept_mb: float = 0


def write(arguments: argparse.Namespace) -> None:
    """Write the page of a map, as tiles or as one file of its first articles."""
    form = FORMS["file" if arguments.file else "tiles"]
    labels = read_parquet(arguments.labels, form.label_columns) if arguments.labels else LABELS.empty_table()
    content = PageContent(KnowledgeMap(arguments.maps[0], form.columns), labels, read_questions(arguments.questions))
    form.write(content, arguments.write / "index.html")


def first_articles(path: Path, output: Path) -> None:
    """Write the first `ONE_FILE` articles of a map; their neighbors are among them."""
    table = read_parquet(path).slice(0, ONE_FILE)
    near = table["neighbors"].combine_chunks()
    ids = pa.ListArray.from_arrays(
        near.field("ids").offsets, pa.array(near.field("ids").values.to_numpy() % len(table), pa.int32())
    )
    near = pa.StructArray.from_arrays([ids, near.field("distances")], fields=list(near.type))
    position = table.column_names.index("neighbors")
    with parquet_writer(output, table.schema) as writer:
        writer.write_table(table.set_column(position, table.schema.field(position), near), row_group_size=10_000)


def made(path: Path, arguments: argparse.Namespace, folder: Path, as_file: bool) -> Figures:
    """Write a page in a process of its own."""
    command = [sys.executable, __file__, str(path), "--write", str(folder), *(["--file"] if as_file else [])]
    command += ["--labels", str(arguments.labels)] if arguments.labels else []
    command += [f"--questions={questions}" for questions in arguments.questions]
    return made_by(command, path, folder, "one file" if as_file else "tiles")


def made_by_atlas(program: str, path: Path, folder: Path) -> Figures:
    """Let Embedding Atlas export its application of the same rows."""
    columns = [f"--{name}={column}" for name, column in {"text": "title", "x": "x", "y": "y", "neighbors": "neighbors"}.items()]
    return made_by([program, str(path), *columns, "--export-application", str(folder)], path, folder, "Embedding Atlas")


def made_by(command: list[str], path: Path, folder: Path, name: str) -> Figures:
    """Run the command that writes the page of a map."""
    folder.mkdir()
    _, status, used = os.wait4(subprocess.Popen(command, stdout=subprocess.DEVNULL).pid, 0)
    if status:
        raise SystemExit(f"{path}: the page was not written")
    files = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    name = f"{len(KnowledgeMap(path).table):,}, {name}"
    return Figures(name, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, len(files), sum(files) / 1e6)


@contextmanager
def opened(folder: Path, browser: Browser) -> Iterator[tuple[Page, float]]:
    """Open the page of a folder; yield it and when that began."""
    with page_server(folder) as server:
        server.RequestHandlerClass = partial(SlowHandler, directory=str(folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        context = browser.new_context(**DESKTOP)
        context.set_default_timeout(180_000)
        page = context.new_page()
        page.add_init_script(RETURNING)
        SlowHandler.sent, begin = 0, time.monotonic()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/#x=0.5&y=0.5&zoom=0.9", wait_until="commit", timeout=180_000)
        yield page, begin
        context.close()
        server.shutdown()


def measure_atlas(figures: Figures, folder: Path, browser: Browser) -> None:
    """Measure when Embedding Atlas has counted its rows, and what its tab takes then."""
    with opened(folder, browser) as (page, begin):
        wait(page, "/[1-9][0-9,]* points/.test(document.body?.innerText)")
        figures.usable_s, figures.usable_mb = time.monotonic() - begin, SlowHandler.sent / 1e6
        page.wait_for_timeout(5_000)
        figures.tab_mb = tab_memory(page)


def measure(figures: Figures, folder: Path, browser: Browser, path: Path, seconds: float) -> None:
    """Measure the page of a map, above all in its crowded places."""
    positions = crowded_first(path)
    with opened(folder, browser) as (page, begin):
        wait(page, "globalThis.knowledgeMap?.filter.total > 0 || globalThis.knowledgeMap?.store.tiles?.hasTile(0)")
        drawn(page)
        figures.first_s, figures.first_mb = time.monotonic() - begin, SlowHandler.sent / 1e6
        wait(page, "knowledgeMap.isLoaded() && knowledgeMap.isAtRest()")
        figures.usable_s, figures.usable_mb = time.monotonic() - begin, SlowHandler.sent / 1e6
        figures.hover_ms = hovered(page, positions)
        figures.search_ms, figures.search_mb = searched(page)
        before, begin = SlowHandler.sent, time.monotonic()
        page.evaluate("([x, y]) => knowledgeMap.flyTo(x, y, 1e9)", positions[0].tolist())
        page.wait_for_timeout(30)
        wait(page, "knowledgeMap.isLoaded() && knowledgeMap.isAtRest()")
        figures.zoom_s, figures.zoom_mb = time.monotonic() - begin, (SlowHandler.sent - before) / 1e6
        wander(page, positions, seconds)
        figures.tab_mb = tab_memory(page)
        session = page.context.new_cdp_session(page)
        session.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(500)
        figures.kept_mb = tab_memory(page)


def drawn(page: Page) -> None:
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")


def hovered(page: Page, positions: np.ndarray) -> float:
    page.evaluate(WATCHED)
    took = []
    for place in positions[:120]:
        x, y = page.evaluate("([x, y]) => knowledgeMap.camera.toScreen(x, y)", place.tolist())
        if 330 < x < 1180 and 30 < y < 640:
            page.mouse.move(x, y)
            page.wait_for_timeout(100)
            event, last = page.evaluate("[watched.event, watched.last]")
            took += [last - event] if last > event else []
    return float(np.percentile(took, 95)) if took else float("nan")


def searched(page: Page) -> tuple[float, float]:
    """Return the longest time of a search, and the most MB fetched for one."""
    times, sizes = [], []
    for word in WORDS:
        before = SlowHandler.sent
        times.append(page.evaluate(
            """async (word) => {
                const field = document.getElementById("search"), told = document.getElementById("search-told");
                const before = performance.now();
                field.focus();
                field.value = word;
                field.dispatchEvent(new Event("input"));
                while (told.textContent === "Searching…") await new Promise((resolve) => setTimeout(resolve, 2));
                return performance.now() - before;
            }""",
            word,
        ))  # fmt: skip
        sizes.append((SlowHandler.sent - before) / 1e6)
    page.keyboard.press("Escape")
    return max(times), max(sizes)


def wander(page: Page, positions: np.ndarray, seconds: float) -> None:
    """Fly from place to place, near and far, and open articles on the way."""
    random, end = np.random.default_rng(4), time.monotonic() + seconds
    while time.monotonic() < end:
        x, y = positions[random.integers(len(positions))].tolist()
        page.evaluate("([x, y, scale]) => knowledgeMap.flyTo(x, y, scale)", [x, y, float(600 * 300 ** random.uniform())])
        page.wait_for_timeout(700)
        if random.uniform() < 0.2:
            page.evaluate("(() => { const row = knowledgeMap.itemAt(640, 400); if (row >= 0) knowledgeMap.itemOpened(row); })()")


def crowded_first(path: Path) -> np.ndarray:
    """Return the positions of 2,000 articles, float64 [n, 2], those in crowded places first."""
    positions = KnowledgeMap(path).positions
    cell = (positions * 200).astype(int) @ [1, 1000]
    counts = np.bincount(cell)
    some = np.random.default_rng(1).choice(len(positions), min(2_000, len(positions)), replace=False)
    return positions[some[np.argsort(-counts[cell[some]], kind="stable")]].astype(float)


def table(rows: list[Figures]) -> str:
    lines = [
        "| articles | made, CPU s | made, MB | files | files, MB | first, s | MB | usable, s | MB | zoom, s | MB | hover, ms "
        "| search, ms | MB | tab, MB | kept, MB |",
        "| --- |" + " ---: |" * 15,
    ]
    for row in rows:
        cells = [f"{value:,.{0 if value >= 100 or isinstance(value, int) else 1}f}" for value in list(asdict(row).values())[1:]]
        lines.append(f"| {row.page} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maps", type=Path, nargs="+")
    parser.add_argument("--labels", type=Path)
    parser.add_argument(
        "--questions", type=Path, action="append", default=[], help="a file of the maps' questions; more than once"
    )
    parser.add_argument("--file", action="store_true", help="also the first 500,000 articles of the first map as one file")
    parser.add_argument("--atlas", metavar="PROGRAM", help="also what Embedding Atlas exports of the first map")
    parser.add_argument("--wander", type=float, default=600)
    parser.add_argument("--json", type=Path, help="also write all figures there")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        return write(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        work = [(path, False) for path in arguments.maps]
        if arguments.file:
            few = Path(scratch) / "few.parquet"
            first_articles(arguments.maps[0], few)
            work.append((few, True))
        pages = [
            (partial(made, path, arguments, as_file=as_file), partial(measure, path=path, seconds=arguments.wander))
            for path, as_file in work
        ]
        if arguments.atlas:
            pages.append((partial(made_by_atlas, arguments.atlas, arguments.maps[0]), measure_atlas))
        for number, (make, look_at) in enumerate(pages):
            folder = Path(scratch) / str(number)
            figures = make(folder=folder)
            browser = launch(playwright)
            look_at(figures, folder, browser)
            browser.close()
            rows.append(figures)
            print(table(rows), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
