"""How heavy and how quick the page of a finished run is, beside pages of the same points by other libraries.

    pip install plotly bokeh pydeck        # the peers, in an environment of their own; those missing are left out
    python benchmarks/page.py results --questions questions.json --json page.json

All in headless Chromium without a GPU (SwiftShader computes WebGL on the CPU), window 1280 x 800; times in milliseconds unless
said otherwise. Run it on an idle machine: it measures the whole browser.

made       seconds and peak memory (MB) of the process that writes the page
file       MB
usable     seconds from opening to a page that answers
hover      from the pointer's event to the last change of what hovering shows; 95th percentile of 60 articles
frame      from frame to frame while panning, median; `bare` draws as many points of 3 pixels with one call of gl.POINTS
search     from a letter typed to the results on the page, longest of several words
filter     from a brush that moves to all that follows it, with three columns filtered: colours, density, labels and counts are
           computed and sent to be drawn; median (of a map that carries columns)
tab        MB that only the tab's process has (unique set size), after all this
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import util
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))
sys.path.insert(0, str(ROOT / "tests" / "page"))

from chromium import DESKTOP, RETURNING, launch

from knowledge_map.common.parquet import read_parquet
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.reading import read_questions
from knowledge_map.views.page.build import COLUMNS, write_page
from knowledge_map.views.page.content import PageContent, PageSettings

WORDS = ["a", "th", "riv", "music of", "zzz", "é"]
FRAMES, SECONDS = 40, 20
"""Frames that are measured while panning, and seconds after which that is enough."""


@dataclass(frozen=True)
class Points:
    """The articles of a run: positions in [0, 1], float [n, 2], and titles."""

    positions: np.ndarray
    titles: list[str]


def write_ours(arguments: argparse.Namespace, output: Path) -> None:
    knowledge_map = KnowledgeMap(arguments.results / "knowledge_map.parquet", COLUMNS)
    questions = read_questions(arguments.questions)
    labels = read_parquet(arguments.results / "labels.parquet")
    settings = PageSettings(excerpts=arguments.excerpts)
    write_page(PageContent(knowledge_map, labels, questions, settings=settings), output)


def points_of(arguments: argparse.Namespace) -> Points:
    knowledge_map = KnowledgeMap(arguments.results / "knowledge_map.parquet", ["title"])
    titles = knowledge_map.table["title"].filter(knowledge_map.is_article).to_pylist()
    return Points(knowledge_map.positions[knowledge_map.is_article], titles)


def write_plotly(arguments: argparse.Namespace, output: Path) -> None:
    import plotly.graph_objects as go

    points = points_of(arguments)
    dots = go.Scattergl(
        x=points.positions[:, 0],
        y=points.positions[:, 1],
        text=points.titles,
        hoverinfo="text",
        mode="markers",
        marker={"size": 3},
    )
    figure = go.Figure(dots, {"width": 1280, "height": 800, "dragmode": "pan"})
    figure.write_html(output, include_plotlyjs=True)


def write_bokeh(arguments: argparse.Namespace, output: Path) -> None:
    from bokeh.models import ColumnDataSource
    from bokeh.plotting import figure, output_file, save
    from bokeh.resources import INLINE

    points = points_of(arguments)
    source = ColumnDataSource({"x": points.positions[:, 0], "y": points.positions[:, 1], "title": points.titles})
    tools = "pan,wheel_zoom,hover"
    plot = figure(width=1280, height=800, output_backend="webgl", tools=tools, tooltips="@title", x_range=(0, 1), y_range=(0, 1))
    plot.scatter("x", "y", size=3, source=source)
    output_file(output, mode="inline")
    save(plot, resources=INLINE, title="Bokeh")


def write_deck(arguments: argparse.Namespace, output: Path) -> None:
    points = points_of(arguments)
    bundle = Path(util.find_spec("pydeck").origin).parent / "nbextension" / "static" / "index.js"
    titles = json.dumps(points.titles).replace("<", "\\u003c")
    values = json.dumps([round(float(value), 5) for value in points.positions.ravel()])
    output.write_text(
        DECK.format(bundle=bundle.read_text("utf-8").replace("</script", "<\\/script"), titles=titles, values=values)
    )


def write_bare(arguments: argparse.Namespace, output: Path) -> None:
    points = points_of(arguments)
    output.write_text(BARE.format(values=json.dumps(np.round(65535 * points.positions.ravel()).astype(int).tolist())))


DECK = """<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="tip" style="position:fixed;z-index:1"></div>
<canvas id="c" style="width:1280px;height:800px"></canvas><script>{bundle}</script><script>
const titles = {titles}, positions = new Float32Array({values});
const attributes = {{ getPosition: {{ value: positions, size: 2 }} }};
const layer = new deck.ScatterplotLayer({{ id: "points", data: {{ length: titles.length, attributes }}, getRadius: 1.5,
  radiusUnits: "pixels", getFillColor: [29, 77, 102, 128], pickable: true, antialiasing: false }});
const state = (x) => ({{ target: [x, 0.5, 0], zoom: Math.log2(700), maxZoom: 30 }});
const shown = new deck.Deck({{ canvas: "c", width: 1280, height: 800, views: new deck.OrthographicView({{ flipY: false }}),
  viewState: state(0.5), controller: false, layers: [layer], useDevicePixels: false,
  onHover: ({{ index, x, y }}) => {{
    tip.textContent = index < 0 ? "" : titles[index];
    tip.style.transform = `translate(${{x}}px, ${{y}}px)`;
  }} }});
</script>"""

BARE = """<!doctype html><meta charset="utf-8"><body style="margin:0"><canvas id="c" width="1280" height="800"></canvas><script>
const gl = c.getContext("webgl2", {{ alpha: false, antialias: false }}), program = gl.createProgram();
for (const [type, source] of [[gl.VERTEX_SHADER, "attribute vec2 at; uniform float x; void main() {{ " +
  "gl_Position = vec4((at - vec2(x, 0.5)) * vec2(1.09375, 1.75), 0, 1); gl_PointSize = 3.0; }}"],
  [gl.FRAGMENT_SHADER, "precision mediump float; void main() {{ gl_FragColor = vec4(0.1, 0.3, 0.4, 0.5); }}"]]) {{
  const shader = gl.createShader(type);
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  gl.attachShader(program, shader);
}}
gl.linkProgram(program);
gl.useProgram(program);
const positions = new Uint16Array({values});
gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
gl.enableVertexAttribArray(0);
gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, true, 0, 0);
gl.enable(gl.BLEND);
gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
const at = gl.getUniformLocation(program, "x");
function paint(x) {{
  gl.clearColor(1, 1, 1, 1);
  gl.clear(gl.COLOR_BUFFER_BIT);
  gl.uniform1f(at, x);
  gl.drawArrays(gl.POINTS, 0, positions.length / 2);
}}
paint(0.5);
</script>"""


@dataclass(frozen=True)
class Candidate:
    """A way to show the points: how its page is written, when it can be used, how it is panned and where an article is.

    `ready`, `pan` (a function of the frame's number) and `place` (a function of x and y of the map) are JavaScript.
    """

    name: str
    write: Callable[[argparse.Namespace, Path], None]
    ready: str
    pan: str
    place: str = ""
    needs: str = "numpy"


CANDIDATES = [
    Candidate("bare", write_bare, "true", "(n) => paint(0.5 + 0.1 * Math.sin(n / 8))"),
    Candidate(
        "this page",
        write_ours,
        "document.body?.dataset.state === 'ready'",
        "(n) => knowledgeMap.camera.pan(6 * Math.cos(n / 8), 0)",
        "([x, y]) => knowledgeMap.camera.toScreen(x, y)",
    ),
    Candidate(
        "plotly",
        write_plotly,
        "!!document.querySelector('.js-plotly-plot')?._fullLayout?._plots?.xy",
        "(n) => Plotly.relayout(document.querySelector('.js-plotly-plot'), "
        "{ 'xaxis.range': [0.1 * Math.sin(n / 8), 1 + 0.1 * Math.sin(n / 8)] })",
        "([x, y]) => { const { xaxis, yaxis } = document.querySelector('.js-plotly-plot')._fullLayout; "
        "return [xaxis._offset + xaxis.l2p(x), yaxis._offset + yaxis.l2p(y)]; }",
        "plotly",
    ),
    Candidate(
        "Bokeh",
        write_bokeh,
        "!!globalThis.Bokeh?.documents[0]?.is_idle",
        "(n) => { const { x_range } = Bokeh.documents[0].roots()[0]; "
        "x_range.setv({ start: 0.1 * Math.sin(n / 8), end: 1 + 0.1 * Math.sin(n / 8) }); }",
        "([x, y]) => { const plot = Object.values(Bokeh.index)[0] ?? Bokeh.index.roots[0]; "
        "const { left, top } = plot.el.getBoundingClientRect(), { x_scale, y_scale } = plot.frame; "
        "return [left + x_scale.compute(x), top + y_scale.compute(y)]; }",
        "bokeh",
    ),
    Candidate(
        "deck.gl",
        write_deck,
        "globalThis.shown?.isInitialized ?? (typeof shown !== 'undefined' && shown.isInitialized)",
        "(n) => { shown.setProps({ viewState: state(0.5 + 0.1 * Math.sin(n / 8)) }); shown.redraw('pan'); }",
        "([x, y]) => [640 + (x - 0.5) * 700, 400 - (y - 0.5) * 700]",
        "pydeck",
    ),
]

PANNED = """([pan, frames, seconds]) => new Promise(async (resolve) => {
    const step = eval(pan), took = [], end = performance.now() + 1000 * seconds;
    const frame = () => new Promise(requestAnimationFrame);
    let last = 0;
    for (let n = 0; n < frames + 10 && (took.length < 2 || performance.now() < end); n++) {
        await step(n);
        const now = await frame();
        if (n >= 10 || (n && now > end - 500 * seconds)) took.push(now - last);
        last = now;
    }
    resolve(took);
})"""

WATCHED = """() => {
    const watch = (root) => {
        const changes = { childList: true, subtree: true, attributes: true, characterData: true };
        new MutationObserver(() => { watched.last = performance.now(); }).observe(root, changes);
        for (const node of root.querySelectorAll("*")) if (node.shadowRoot) watch(node.shadowRoot);
    };
    globalThis.watched = { event: 0, last: 0 };
    watch(document);
    const moved = ({ timeStamp }) => { if (timeStamp !== watched.event) Object.assign(watched, { event: timeStamp, last: 0 }); };
    for (const name of ["pointermove", "mousemove"]) addEventListener(name, moved, true);
}"""

SEARCHED = """(words) => words.map((word) => {
    const field = document.getElementById("search"), before = performance.now();
    field.focus();
    field.value = word;
    field.dispatchEvent(new Event("input"));
    document.getElementById("found").getBoundingClientRect();
    return performance.now() - before;
})"""

FILTERED = """() => {
    const { store, filter, classFilter } = knowledgeMap;
    const runs = store.classed.filter(({ edges }) => edges), others = store.classed.filter(({ edges }) => !edges);
    if (!runs.length || others.length < 2) return null;
    document.getElementById("filter").click();
    for (const column of others.slice(-2)) {
        classFilter.allowClasses(column, Uint8Array.from({ length: column.classCount + 1 }, (_, n) => Number(n % 3 !== 1)));
    }
    const took = [];
    for (let n = 0; n < 12; n++) {
        const last = runs[0].classCount - 1, before = performance.now();
        classFilter.allowRange(runs[0], n + 1, Math.min(last, n + Math.ceil(last / 2)));
        document.body.getBoundingClientRect();
        took.push(performance.now() - before);
    }
    filter.clear();
    document.getElementById("close").click();
    return took;
}"""


@dataclass
class Figures:
    """What was measured of a page."""

    name: str
    made_s: float
    made_mb: float
    file_mb: float
    usable_s: float = 0
    hover_ms: float | None = None
    frame_ms: float = 0
    search_ms: float | None = None
    filter_ms: float | None = None
    tab_mb: float = 0
    details: dict = field(default_factory=dict)


def made(candidate: Candidate, arguments: list[str], output: Path) -> Figures:
    """Write the page in a process of its own."""
    begin = time.monotonic()
    writer = subprocess.Popen([sys.executable, __file__, *arguments, "--write", candidate.name, str(output)])
    _, status, used = os.wait4(writer.pid, 0)
    if status:
        raise SystemExit(f"{candidate.name}: the page was not written")
    return Figures(candidate.name, time.monotonic() - begin, used.ru_maxrss / 1000, output.stat().st_size / 1e6)


def measured(candidate: Candidate, figures: Figures, page_file: Path, browser: Browser, positions: np.ndarray) -> None:
    # The page's own policy forbids to evaluate text, by which the panning is told what to do.
    context = browser.new_context(**DESKTOP, bypass_csp=True)
    context.set_default_timeout(180_000)
    page = context.new_page()
    page.add_init_script(RETURNING)
    begin = time.monotonic()
    page.goto(page_file.as_uri(), timeout=180_000)
    wait(page, candidate.ready)
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    figures.usable_s = time.monotonic() - begin
    if candidate.name == "this page":
        page.keyboard.press("w")
    page.wait_for_timeout(3000)
    took = page.evaluate(PANNED, [candidate.pan, FRAMES, SECONDS])
    figures.frame_ms = float(np.median(took))
    figures.details["frames"] = len(took)
    page.wait_for_timeout(2000)
    if candidate.place:
        figures.hover_ms, figures.details["hovered"] = hovered(page, candidate, positions)
    if candidate.name == "this page":
        searched = page.evaluate(SEARCHED, WORDS)
        figures.search_ms = max(searched)
        figures.details["searched"] = dict(zip(WORDS, searched, strict=True))
        figures.details["full_draw_ms"] = full_draw(page)
        filtered = page.evaluate(FILTERED)
        if filtered:
            figures.filter_ms = float(np.median(filtered))
            figures.details["filtered"] = filtered
    figures.tab_mb = tab_memory(page)
    context.close()


def wait(page: Page, expression: str) -> None:
    while not page.evaluate(expression):
        page.wait_for_timeout(20)


def hovered(page: Page, candidate: Candidate, positions: np.ndarray) -> tuple[float | None, int]:
    """Return the 95th percentile of the time until hovering was answered, and how often it was."""
    page.evaluate(WATCHED)
    took = []
    end = time.monotonic() + 3 * SECONDS
    for place in positions:
        x, y = page.evaluate(candidate.place, place.tolist())
        if not (330 < x < 1180 and 30 < y < 770):
            continue
        page.mouse.move(x, y)
        page.wait_for_timeout(250)
        event, last = page.evaluate("[watched.event, watched.last]")
        if last > event:
            took.append(last - event)
        if len(took) == 60 or time.monotonic() > end:
            break
    return (float(np.percentile(took, 95)) if took else None), len(took)


def full_draw(page: Page) -> float:
    """Return how long the whole map takes at rest, all points drawn."""
    return page.evaluate("""() => {
        const gl = document.getElementById("ground").getContext("webgl2"), took = [];
        for (let n = 0; n < 7; n++) {
            const before = performance.now();
            knowledgeMap.mapPicture();
            gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
            took.push(performance.now() - before);
        }
        return took.sort((a, b) => a - b)[3];
    }""")


def tab_memory(page: Page) -> float:
    """Return the unique memory of the largest renderer, MB, without the answers of servers that it keeps for Playwright alone.

    A browser that is driven keeps what it fetched, so that it can be asked for it; nobody asks.
    """
    session = page.context.browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    used = {
        process["id"]: psutil.Process(process["id"]).memory_full_info().uss
        for process in processes
        if process["type"] == "renderer"
    }
    largest = max(used, key=used.get)
    return (used[largest] - _answers_kept(page, session, largest)) / 1e6


def _answers_kept(page: Page, session: CDPSession, process: int) -> int:
    """Return the bytes of the partition of memory in which Chromium keeps what servers answered."""
    events, ended = [], []
    session.on("Tracing.dataCollected", lambda event: events.extend(event["value"]))
    session.on("Tracing.tracingComplete", lambda event: ended.append(event))
    only_memory = {"includedCategories": ["disabled-by-default-memory-infra"], "excludedCategories": ["*"]}
    session.send(
        "Tracing.start", {"transferMode": "ReportEvents", "traceConfig": only_memory | {"memoryDumpConfig": {"triggers": []}}}
    )
    session.send("Tracing.requestMemoryDump", {"levelOfDetail": "detailed"})
    session.send("Tracing.end")
    while not ended:
        page.wait_for_timeout(50)
    dumps = [event["args"]["dumps"].get("allocators", {}) for event in events if event["ph"] == "v" and event["pid"] == process]
    return sum(
        int(dump["partition_alloc/partitions/buffer"]["attrs"]["size"]["value"], 16)
        for dump in dumps
        if "partition_alloc/partitions/buffer" in dump
    )


def table(rows: list[Figures]) -> str:
    def cell(value: float | None, digits: int = 0) -> str:
        return "" if value is None else f"{value:,.{digits}f}"

    lines = [
        "| page | made, s | made, MB | file, MB | usable, s | hover p95, ms | frame, ms | search, ms | filter, ms | tab, MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        cells = [cell(row.made_s, 1), cell(row.made_mb), cell(row.file_mb, 1), cell(row.usable_s, 1), cell(row.hover_ms)]
        cells += [cell(row.frame_ms), cell(row.search_ms), cell(row.filter_ms), cell(row.tab_mb)]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--questions", nargs="*", default=[])
    parser.add_argument("--excerpts", default="none", choices=["all", "region", "none"])
    parser.add_argument("--only", nargs="*", help="names of the pages to measure")
    parser.add_argument("--json", type=Path, help="also write all figures there")
    parser.add_argument("--write", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        name, output = arguments.write
        next(candidate for candidate in CANDIDATES if candidate.name == name).write(arguments, Path(output))
        return
    passed = [str(arguments.results), "--excerpts", arguments.excerpts, "--questions", *arguments.questions]
    positions = np.random.default_rng(1).permutation(points_of(arguments).positions)[:400]
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for candidate in CANDIDATES:
            if arguments.only and candidate.name not in arguments.only:
                continue
            if util.find_spec(candidate.needs) is None:
                print(f"{candidate.name} is left out: no {candidate.needs} here", file=sys.stderr)
                continue
            page_file = Path(folder) / f"{candidate.name.replace(' ', '-')}.html"
            figures = made(candidate, passed, page_file)
            browser = launch(playwright)
            measured(candidate, figures, page_file, browser, positions)
            browser.close()
            rows.append(figures)
            print(json.dumps(asdict(figures)), file=sys.stderr)
    print(table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


if __name__ == "__main__":
    main()
