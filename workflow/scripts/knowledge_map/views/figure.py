"""A still picture of the map: how densely articles lie, what the positions are called, where the questions fell."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import matplotlib
import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox
from scipy.ndimage import gaussian_filter

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.files import atomic_write
from knowledge_map.labels.table import shown_labels
from knowledge_map.map.region import Region
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.views.fonts import BASE, Fonts, Undrawn, fonts_for, one_line, plain, plain_label, wrapped

MAP_SIDE, MARGIN, HEADING, LIST_WIDTH, LINE = 7.2, 0.25, 0.85, 3.1, 0.152
"""In inches: the longer side of the map, the figure's margin, the heading, the list of questions and one of its lines."""

DPI = {"png": 180}
"""Resolution by format, else 120 (of the rasterized density)."""

BINS = 600
"""Bins of the density along a side of the map."""

FEW_ARTICLES = 3_000
"""Below this many, articles are drawn as points as well."""

MOST_NUMBERED = 12
"""With more questions than this, they are stars without numbers."""

FINEST_GRID = 32
"""Labels are taken from the finest level with at most so many cells along a side, and no more cells than articles."""

LABEL_SIZE = 7.5
"""Points."""

TITLE_COLUMNS, QUESTION_COLUMNS, LABEL_COLUMNS = 60, 120, 40
"""Most columns of a title, a question and a label; a wide character takes two."""

PAPER, INK, FAINT, ACCENT = "#fbfaf6", "#14242f", "#66757f", "#cf3f2e"

DEPTHS = LinearSegmentedColormap.from_list(
    "depths", [PAPER, "#e8f0e4", "#cbe3d8", "#a5d1cf", "#7fbcc5", "#5aa2b8", "#3f87a8"], 64
)

STYLE = {
    "font.family": [BASE],
    "text.parse_math": False,
    "text.color": INK,
    "svg.hashsalt": "knowledge map",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}

SMOOTH: dict[str, Any] = {"interpolation": "bicubic", "interpolation_stage": "data"}

DASHES = (0, (4, 2))


def draw_map(knowledge_map: KnowledgeMap, labels: pa.Table, region: Region | None, paths: list[Path], title: str) -> None:
    """Draw the map into `paths`, whose endings (.png, .svg) name their formats; the same map gives the same bytes.

    `knowledge_map` needs the column `excerpt`, which for a question is its text; `labels` are those of `knn_labels`.
    What the font of matplotlib lacks is drawn with installed fonts. What none of them has is told in the log: a symbol is left
    out, a letter becomes �, and a label of which most letters are lacking is left out.
    """
    texts = _Texts.of(knowledge_map, labels, title)
    with _style(texts.fonts):
        figure = _figure(knowledge_map, texts, region)
        for path in paths:
            kind = Path(path).suffix.removeprefix(".")
            with atomic_write(path) as temporary:
                figure.savefig(temporary, format=kind, dpi=DPI.get(kind, 120), metadata={"Date": None} if kind == "svg" else None)


class _Label(NamedTuple):
    """The name of an area: its text, its position in map units, and whether it is a subject or the title of one article."""

    text: str
    position: np.ndarray
    is_subject: bool


@dataclass(frozen=True)
class _Texts:
    """What is written on the figure, and what it is written with.

    Attributes
    ----------
    title : the title, on one line.
    questions : the lines of every question; empty if there are too many to list.
    labels : the names of areas to be written, in the order in which they should find room.
    fonts : the fonts that have the characters of all of these.
    """

    title: str
    questions: list[list[str]]
    labels: list[_Label]
    fonts: Fonts

    @classmethod
    def of(cls, knowledge_map: KnowledgeMap, labels: pa.Table, title: str) -> "_Texts":
        """Choose the fonts for title, questions and labels, and log what none of them has."""
        asked = []
        if (~knowledge_map.is_article).sum() <= MOST_NUMBERED:
            asked = knowledge_map.table["excerpt"].filter(pa.array(~knowledge_map.is_article)).to_pylist()
        finest = min(FINEST_GRID, math.isqrt(int(knowledge_map.is_article.sum())))
        named = _level(labels, finest)["label"].to_pylist()
        texts = [one_line(title, TITLE_COLUMNS), *(one_line(text, QUESTION_COLUMNS) for text in asked)]
        texts += [one_line(text, LABEL_COLUMNS) for text in named]
        fonts = fonts_for(texts)
        chosen = list(_label_choice(labels, finest, fonts))
        undrawn = Undrawn(labels=sum(bool(text.strip()) and not plain_label(text, LABEL_COLUMNS, fonts) for text in named))
        for text in texts:
            undrawn.add(text, fonts)
        undrawn.tell()
        lines = [wrapped(plain(text, QUESTION_COLUMNS, fonts), 38) or [""] for text in asked]
        return cls(plain(title, TITLE_COLUMNS, fonts), lines, chosen, fonts)


@contextmanager
def _style(fonts: Fonts) -> Iterator[None]:
    """Draw in our own style, whatever the user's matplotlibrc says, and without words about missing glyphs."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, STYLE | {"font.family": list(fonts.families)}))
        yield


def _figure(knowledge_map: KnowledgeMap, written: _Texts, region: Region | None) -> Figure:
    articles = knowledge_map.positions[knowledge_map.is_article]
    questions = knowledge_map.positions[~knowledge_map.is_article]
    texts = written.questions

    low, high = _extent(knowledge_map.positions, bandwidth(len(articles)))
    width, height = (high - low) * MAP_SIDE / (high - low).max()
    body = max(height, LINE * sum(len(lines) + 0.6 for lines in texts))
    size = np.array([width + 2 * MARGIN + (LIST_WIDTH if texts else 0), body + HEADING + MARGIN])
    figure = Figure(figsize=(float(size[0]), float(size[1])))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((MARGIN / size[0], 1 - (HEADING + height) / size[1], width / size[0], height / size[1]))
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    axes.set_axis_off()

    _draw_density(axes, articles)
    taken = _draw_questions(axes, questions, region, numbered=bool(texts))
    _draw_labels(axes, written.labels, taken)
    _draw_heading(figure, written.title, len(articles), len(questions), region)
    _draw_question_list(figure, texts, left=MARGIN + width + 0.3)
    return figure


def _extent(positions: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper corner of what is shown: all positions and a margin."""
    low, high = positions.min(axis=0).astype(float), positions.max(axis=0).astype(float)
    # A map that is nearly a line is still shown as a band.
    margins = np.maximum(0.02 + 1.5 * margin, (0.4 * (high - low).max() - (high - low)) / 2)
    return low - margins, high + margins


def bandwidth(articles: int) -> float:
    """Return the width of the density's Gaussian in map units; it shrinks with the number of articles."""
    return 0.115 * max(articles, 1) ** -0.25


def density(articles: np.ndarray, box: tuple[float, float, float, float], bins: int = BINS) -> np.ndarray:
    """Return the smoothed, log-scaled 2-D histogram of `articles`, float [n, 2], in [0, 1], float [bins, bins], y upward.

    `box` is (x_min, x_max, y_min, y_max) in map units.
    """
    x_min, x_max, y_min, y_max = box
    counts, _, _ = np.histogram2d(articles[:, 1], articles[:, 0], bins, [[y_min, y_max], [x_min, x_max]])
    sigma = bandwidth(len(articles)) * bins / np.array([y_max - y_min, x_max - x_min])
    smooth = gaussian_filter(counts, sigma, mode="constant")
    # The scale is that of a dense position, not of the one densest clot.
    smooth /= np.quantile(smooth[smooth > 1e-3 * smooth.max()], 0.98) if smooth.any() else 1
    return np.log1p(8 * smooth.clip(0, 1)) / np.log1p(8)


def _draw_density(axes: Axes, articles: np.ndarray) -> None:
    box = (*axes.get_xlim(), *axes.get_ylim())
    shade = density(articles, box)
    axes.imshow(shade, extent=box, origin="lower", cmap=DEPTHS, vmin=0, vmax=1, aspect="auto", **SMOOTH)
    axes.contour(
        shade,
        levels=[0.15, 0.35, 0.55, 0.75],
        extent=box,
        origin="lower",
        rasterized=True,
        colors=[INK],
        linewidths=0.4,
        alpha=0.16,
    )
    if len(articles) < FEW_ARTICLES:
        axes.scatter(*articles.T, s=4, color=INK, alpha=0.4, linewidths=0, rasterized=True)


def _draw_questions(axes: Axes, questions: np.ndarray, region: Region | None, numbered: bool) -> list[Bbox]:
    """Draw the questions and their region; return the boxes they take up, in pixels.

    Numbers that would cover each other are moved apart, with a line to the true position.
    """
    if region:
        corner, sides = (region.x_min, region.y_min), (region.x_max - region.x_min, region.y_max - region.y_min)
        axes.add_patch(Rectangle(corner, *sides, fill=False, edgecolor=ACCENT, linewidth=0.9, alpha=0.8, linestyle=DASHES))
    if not len(questions):
        return []
    radius = 6.0 if numbered else 4.5
    pixels = axes.transData.transform(questions)
    half = radius * axes.figure.dpi / 72
    if numbered:
        pixels = _apart(pixels, 2.15 * half)
        moved = axes.transData.inverted().transform(pixels)
        for number, (shown, true) in enumerate(zip(moved.tolist(), questions.tolist(), strict=True), start=1):
            axes.plot(*zip(true, shown, strict=True), color=ACCENT, linewidth=0.9, zorder=5)
            axes.plot(*true, marker="o", markersize=2.5, color=ACCENT, zorder=5)
            axes.plot(*shown, marker="o", markersize=2 * radius, color=ACCENT, markeredgecolor="white", zorder=6)
            axes.text(
                shown[0], shown[1], str(number), color="white", size=7, weight="bold", ha="center", va="center_baseline", zorder=6
            )
    else:
        axes.scatter(*questions.T, s=(2 * radius) ** 2, marker="*", color=ACCENT, edgecolors="white", linewidths=0.6, zorder=6)
    return [Bbox.from_extents(x - half, y - half, x + half, y + half) for x, y in pixels]


def _apart(points: np.ndarray, distance: float) -> np.ndarray:
    """Return `points`, float [n, 2], moved as little as is easy until none are nearer to each other than `distance`."""
    points = points.astype(float)
    first, second = np.triu_indices(len(points), 1)
    for _ in range(200):
        apart = points[second] - points[first]
        length = np.linalg.norm(apart, axis=1)
        push = np.maximum(distance - length, 0) / 2
        if not push.any():
            break
        # Points in one position part in directions that depend on their number.
        angle = first + second * 2.4
        apart[length == 0] = np.column_stack([np.cos(angle), np.sin(angle)])[length == 0]
        step = apart * (push / np.maximum(np.linalg.norm(apart, axis=1), 1e-9))[:, None]
        np.add.at(points, second, step)
        np.add.at(points, first, -step)
    return points


def _draw_labels(axes: Axes, labels: list[_Label], taken: list[Bbox]) -> None:
    """Write the labels one after another, each where it belongs or close by, if there is room."""
    renderer = cast(FigureCanvasAgg, axes.figure.canvas).get_renderer()
    view = axes.get_window_extent(renderer)
    taken = list(taken)
    for text, position, is_subject in labels:
        # A title is set otherwise, so that nobody takes an article for a region.
        style: dict[str, Any] = {} if is_subject else {"style": "italic", "color": FAINT}
        artist = axes.text(
            position[0], position[1], text, size=LABEL_SIZE, ha="center", va="center", linespacing=1.05, zorder=4, **style
        )
        artist.set_path_effects([withStroke(linewidth=2, foreground=(1, 1, 1, 0.7))])
        box = artist.get_window_extent(renderer).padded(8, 5)
        shifts = (shift * LABEL_SIZE * axes.figure.dpi / 72 for shift in (0, 1, -1))
        free = (shift for shift in shifts if _has_room(box.translated(0, shift), view, taken))
        if (shift := next(free, None)) is None:
            artist.remove()
            continue
        x, y = axes.transData.transform(position)
        artist.set_position(tuple(axes.transData.inverted().transform((x, y + shift)).tolist()))
        taken.append(box.translated(0, shift))


def _has_room(box: Bbox, view: Bbox, taken: list[Bbox]) -> bool:
    return view.x0 <= box.x0 and box.x1 <= view.x1 and not any(box.overlaps(other) for other in taken)


def _level(labels: pa.Table, finest: int) -> pa.Table:
    """Return the labels of the finest grid that has at most so many cells along a side, else of the coarsest."""
    grids = np.unique(labels["grid"].to_numpy())
    return shown_labels(labels, max(grids[grids <= finest], default=min(grids, default=finest)))


def _label_choice(labels: pa.Table, finest: int, fonts: Fonts | None = None) -> Iterator[_Label]:
    """Yield the names of areas to be written, all of one level, in the order in which they should find room."""
    level = _level(labels, finest)
    positions = np.column_stack([level["label_x"], level["label_y"]])
    subjects = pc.not_equal(level["label_from"], "titles").to_pylist()
    for text, position, is_subject in zip(level["label"].to_pylist(), positions, subjects, strict=True):
        if line := plain_label(text, LABEL_COLUMNS, fonts):
            yield _Label("\n".join(wrapped(line, 18, break_long_words=False)), position, is_subject)


def _draw_heading(figure: Figure, title: str, articles: int, questions: int, region: Region | None) -> None:
    width, height = figure.get_size_inches()
    figure.text(MARGIN / width, 1 - 0.44 / height, title, size=15, weight="bold", va="baseline")
    marker = {"marker": "o" if questions <= MOST_NUMBERED else "*", "markersize": 7, "markeredgecolor": "white"}
    keys = {_counted(articles, "article"): Line2D([], [], color=DEPTHS(0.8), linewidth=6, solid_capstyle="butt")}
    if questions:
        keys[_counted(questions, "question")] = Line2D([], [], color=ACCENT, linestyle="", **marker)
    if region:
        keys["question region"] = Line2D([], [], color=ACCENT, linewidth=0.9, linestyle=DASHES)
    position = (MARGIN / width, 1 - 0.78 / height)
    figure.legend(
        keys.values(), keys.keys(), loc="lower left", bbox_to_anchor=position, ncols=3, frameon=False, fontsize=8,
        labelcolor=FAINT, borderaxespad=0, borderpad=0, handlelength=1.6, columnspacing=1.6,
    )  # fmt: skip


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _draw_question_list(figure: Figure, texts: list[list[str]], left: float) -> None:
    """List the questions, each a list of lines, by number in a column `left` inches from the figure's edge."""
    width, height = figure.get_size_inches()
    down = HEADING + LINE
    for number, lines in enumerate(texts, start=1):
        figure.text(left / width, 1 - down / height, str(number), size=8, weight="bold", color=ACCENT, ha="right", va="baseline")
        for line in lines:
            figure.text((left + 0.1) / width, 1 - down / height, line, size=8, va="baseline")
            down += LINE
        down += 0.6 * LINE
