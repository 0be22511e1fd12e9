"""The measures as pictures: overlap of the questions, recall against k, coverage, and the price of the question weight."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, PercentFormatter

from knowledge_map.common.files import atomic_write
from knowledge_map.diagnostics.coverage import articles_per_cell
from knowledge_map.diagnostics.layouts import NAMES, Layout
from knowledge_map.diagnostics.measurement import Settings
from knowledge_map.diagnostics.question_weight import GROUPS
from knowledge_map.views.fonts import Fonts, Undrawn, fonts_for, one_line, plain

PICTURES = ("overlap", "recall", "coverage", "question_weight")

COLORS = {"map": "#0072b2", "uniform_weight": "#009e73", "raw": "#e69f00"}

MARKERS = {"map": "o", "uniform_weight": "s", "raw": "D"}

TARGET_COLOR, GREY, RULE = "#b3261e", "#8a8f98", "#e4e6ea"

SHADES = LinearSegmentedColormap.from_list("articles", ["#c3d9ea", "#6fa8cf", "#2171b5", "#08306b"])

BOX_COLORS = ["#d1432f", "#7b2d8b", "#1b7837", "#444444"]

DASHES = (0, (4, 2))

TITLE_COLUMNS = 60
"""Most columns of a question's title; a wide character takes two."""


def write_pictures(folder: Path, layouts: dict[str, Layout], questions: list[dict], summary: dict, settings: Settings) -> None:
    """Draw the `PICTURES` as .png and .svg; the same numbers give the same bytes."""
    titles = [one_line(question["title"], TITLE_COLUMNS) for question in questions if len(questions) <= settings.shown]
    fonts, undrawn = fonts_for(titles), Undrawn()
    for title in titles:
        undrawn.add(title, fonts)
    undrawn.tell()
    with drawing_style(fonts):
        figures = {
            "overlap": draw_overlap(questions, summary, settings, fonts),
            "recall": draw_recall(summary),
            "coverage": draw_coverage(layouts, summary["regions"], settings.cells),
            "question_weight": draw_question_weight(summary),
        }
        save_figures(folder, figures)


def save_figures(folder: Path, figures: dict[str, Figure]) -> None:
    """Write every figure under its name as .png and .svg."""
    for name, figure in figures.items():
        if layout := figure.get_layout_engine():
            layout.execute(figure)  # places everything, once for both files
        figure.set_layout_engine(None)  # not "none", a layout as well, for whose sake saving would draw everything twice
        for kind, metadata in [("png", None), ("svg", {"Date": None})]:
            with atomic_write(folder / f"{name}.{kind}") as temporary:
                figure.savefig(temporary, format=kind, dpi=150, metadata=metadata)


@contextmanager
def drawing_style(fonts: Fonts) -> Iterator[None]:
    """Draw in our own style, whatever the user's matplotlibrc says; titles are text and never formulas."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "text.parse_math": False,
                "font.family": ["sans-serif", *fonts.families[1:]],
                "svg.hashsalt": "knowledge map",
                "font.size": 9,
                "axes.titlesize": 10,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "legend.frameon": False,
            }
        )
        yield


def draw_overlap(questions: list[dict], summary: dict, settings: Settings, fonts: Fonts | None = None) -> Figure:
    """Draw overlap@k of every question and their mean by layout, one panel per k.

    Each of a few questions has a line; of more than `shown`, each panel tells how many have which overlap.
    """
    k = settings.k
    few = len(questions) <= settings.shown
    lines = len(questions) + 1 if questions and few else 4 if not questions else 12
    figure = Figure(figsize=((3.6 if few else 1.5) + 2.3 * len(k), 1.3 + 0.24 * max(lines, 4)), layout="constrained")
    panels = figure.subplots(1, len(k), sharey=True, squeeze=False)[0]
    for axes, n in zip(panels, k, strict=True):
        axes.set(title=f"overlap@{n}", xlim=(-0.03, 1.03))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.set_xticks([0, 0.5, 1])
        if not questions:
            _say_none(axes, "no questions")
        elif few:
            _draw_lines(axes, questions, summary, str(n))
        else:
            _draw_shares(axes, questions, summary, str(n))
    target = settings.target_overlap
    label = f"target {target:.0%}, mean overlap@{k[0]}".replace("%", " %")
    panels[0].axvline(target, color=TARGET_COLOR, linewidth=1, linestyle=DASHES, label=label, zorder=0)
    if questions and few:
        labels = [plain(question["title"], TITLE_COLUMNS, fonts) for question in questions] + [f"mean of {len(questions):,}"]
        panels[0].set_yticks(np.arange(len(labels)), labels)
        panels[0].get_yticklabels()[-1].set_weight("bold")
    elif questions:
        panels[0].set_ylabel(f"share of the {len(questions):,} questions")
        panels[0].yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def _draw_lines(axes: Axes, questions: list[dict], summary: dict, n: str) -> None:
    lines = np.arange(len(questions) + 1)
    values = {
        layout: [question["overlap"][layout][n] for question in questions] + [measures["overlap"][n]]
        for layout, measures in summary["layouts"].items()
    }
    axes.set_ylim(len(questions) + 0.6, -0.6)
    axes.grid(axis="x", color=RULE, linewidth=0.7)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.axhline(len(questions) - 0.5, color=GREY, linewidth=0.6)
    axes.hlines(lines, np.min(list(values.values()), axis=0), np.max(list(values.values()), axis=0), color="#d5d8dd", linewidth=2)
    for layout in reversed(values):  # the map's mark comes last and fits into the others, so that none hides another
        color, solid = COLORS[layout], layout == "map"
        axes.scatter(
            values[layout],
            lines,
            s=18 if solid else 50,
            marker=MARKERS[layout],
            facecolors=color if solid else "white",
            edgecolors=color,
            linewidths=1.4,
            label=NAMES[layout],
            zorder=3,
        )


def _draw_shares(axes: Axes, questions: list[dict], summary: dict, n: str) -> None:
    edges = np.linspace(0, 1, min(int(n), 10) + 2).tolist()
    for layout, measures in summary["layouts"].items():
        values = np.array([question["overlap"][layout][n] for question in questions])
        shares = np.full(len(values), 1 / len(values))
        axes.hist(values, bins=edges, weights=shares, histtype="step", color=COLORS[layout], linewidth=1.6, label=NAMES[layout])
        axes.plot(measures["overlap"][n], 0, marker="^", color=COLORS[layout], markersize=7, clip_on=False, zorder=3)
    axes.set_xlabel("overlap (triangles: means)")
    axes.grid(axis="y", color=RULE, linewidth=0.7)


def draw_recall(summary: dict) -> Figure:
    """Draw article recall and the questions' mean overlap against k, with their intervals, and what chance would give."""
    titles = {"article_recall": "articles: recall@k", "overlap": "questions: mean overlap@k"}
    of_map = summary["layouts"]["map"]
    measured = [measure for measure in titles if any(value is not None for value in of_map[measure].values())]
    figure = Figure(figsize=(1.5 + 4 * max(len(measured), 1), 4), layout="constrained")
    panels = figure.subplots(1, max(len(measured), 1), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, measured, strict=False):
        axes.set(title=titles[measure], xlabel="k", xscale="log", ylim=(-0.02, 1.02))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.grid(color=RULE, linewidth=0.7)
        k = sorted(map(int, of_map[measure]))
        for layout, measures in summary["layouts"].items():
            low, high = zip(*(summary["intervals"][layout][measure][str(n)] for n in k), strict=True)
            axes.fill_between(k, low, high, color=COLORS[layout], alpha=0.18, linewidth=0)
            values = [measures[measure][str(n)] for n in k]
            axes.plot(k, values, color=COLORS[layout], marker=MARKERS[layout], markersize=4, label=NAMES[layout])
        chance = [summary["chance"][measure][str(n)] for n in k]
        axes.plot(k, chance, color=GREY, linestyle=DASHES, linewidth=1, label="chance")
        axes.xaxis.set_major_locator(FixedLocator(k))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:.0f}")
    if measured:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    else:
        _say_none(panels[0], "too few articles")
    return figure


def draw_coverage(layouts: dict[str, Layout], regions: list[dict], cells: int) -> Figure:
    """Draw the articles per cell of every layout as a shade, with the questions and their boxes."""
    counts = {name: articles_per_cell(layout.articles, cells) for name, layout in layouts.items()}
    norm = LogNorm(1, max(2, *(count.max() for count in counts.values())))
    figure = Figure(figsize=(4 * len(layouts) + 0.9, 4.9), layout="constrained")
    panels = figure.subplots(1, len(layouts), squeeze=False)[0]
    for axes, (name, layout) in zip(panels, layouts.items(), strict=True):
        axes.imshow(
            np.ma.masked_equal(counts[name], 0),
            extent=(0, 1, 0, 1),
            origin="lower",
            cmap=SHADES,
            norm=norm,
            interpolation="nearest",
        )
        share = (counts[name] > 0).mean()
        axes.set(title=f"{NAMES[name]}: {share:.0%} of cells occupied".replace("%", " %"), xlim=(0, 1), ylim=(0, 1))
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 0.5, 1])
        for spine in ("top", "right"):
            axes.spines[spine].set_visible(True)
        for number, region in enumerate(region for region in regions if region["layout"] == name):
            if box := region["box"]:
                sides = box["x_max"] - box["x_min"], box["y_max"] - box["y_min"]
                label = f"question box, {region['padding']:.0%} padding".replace("%", " %")
                color = BOX_COLORS[number % len(BOX_COLORS)]
                style = {"fill": False, "edgecolor": color, "linewidth": 1.4, "label": label}
                axes.add_patch(Rectangle((box["x_min"], box["y_min"]), *sides, **style))
        if len(layout.questions):
            size = 14 if len(layout.questions) <= 100 else 2
            axes.scatter(
                *layout.questions.T, s=size, color="black", edgecolors="white", linewidths=size / 25, label="questions", zorder=3
            )
    shades, ticks = panels[0].images[0], LogLocator(subs=(1, 2, 5))
    bar = figure.colorbar(shades, ax=panels, shrink=0.75, pad=0.02, format="{x:,.0f}", ticks=ticks)
    bar.set_label(f"articles in a cell ({cells} x {cells} cells)")
    bar.minorticks_off()
    if handles := panels[0].get_legend_handles_labels()[0]:
        figure.legend(handles, [handle.get_label() for handle in handles], loc="outside lower center", ncols=4)
    return figure


def draw_question_weight(summary: dict) -> Figure:
    """Draw the recall of articles near to and far from the questions by layout, one panel per k."""
    groups = summary["question_weight"] or {}
    k = list(summary["layouts"]["map"]["article_recall"])
    figure = Figure(figsize=(2.6 + 1.9 * len(k), 2.7), layout="constrained")
    panels = figure.subplots(1, len(k), sharey=True, sharex=True, squeeze=False)[0]
    lines = np.arange(len(groups))
    for axes, n in zip(panels, k, strict=True):
        axes.set(title=f"recall@{n}", xlim=(-0.03, 1.03))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.set_xticks([0, 0.5, 1])
        if not groups:
            _say_none(axes, "no questions")
            continue
        axes.set_ylim(len(groups) - 0.4, -0.6)
        axes.grid(axis="x", color=RULE, linewidth=0.7)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        for shift, layout in zip((-0.18, 0, 0.18), summary["layouts"], strict=False):
            values = [group["article_recall"][layout][n] for group in groups.values()]
            intervals = [group["intervals"][layout][n] for group in groups.values()]
            there = [number for number, value in enumerate(values) if value is not None]
            ends = np.array([intervals[number] for number in there]).reshape(-1, 2)
            middle = np.array([values[number] for number in there])
            axes.errorbar(
                middle,
                lines[there] + shift,
                xerr=np.maximum(np.abs(ends.T - middle), 0),
                fmt=MARKERS[layout],
                color=COLORS[layout],
                markersize=4.5,
                linewidth=1.2,
                label=NAMES[layout],
            )
    if groups:
        panels[0].set_yticks(lines, [f"{GROUPS[name]} ({group['articles']:,})" for name, group in groups.items()])
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _say_none(axes: Axes, words: str) -> None:
    axes.text(0.5, 0.5, words, ha="center", va="center", color=GREY, transform=axes.transAxes)
    axes.set_yticks([])
