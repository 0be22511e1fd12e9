"""What moved when a map grew from a former one: how far known items lie from where they lay, as a table and as a picture."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from knowledge_map.common.arrow import compute as pc
from knowledge_map.common.items import ARTICLE
from knowledge_map.common.parquet import read_parquet
from knowledge_map.common.progress import log
from knowledge_map.diagnostics.pictures import GREY, drawing_style, save_figures
from knowledge_map.diagnostics.rounding import rounded
from knowledge_map.diagnostics.tables import write_csv
from knowledge_map.views.fonts import fonts_for

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 1.0)

ARROWS = 24
"""Cells along a side of the map, in each of which an arrow shows how its items moved on the mean."""

NEXT_TO_NOTHING = 1e-4
"""The picture shows no shorter ways, as shares of the map's side."""

COLUMNS = ["items", "count", *(f"moved_{quantile:.0%}".replace("%", "") for quantile in QUANTILES)]


@dataclass(frozen=True)
class Movement:
    """Where items lie and lay: positions float64 [n, 2], and for the rows that are `known`, int [m], the former ones [m, 2]."""

    positions: np.ndarray
    is_article: np.ndarray
    known: np.ndarray
    former: np.ndarray
    vanished: int

    @property
    def distances(self) -> np.ndarray:
        """How far the known items moved, as a share of the map's side, float64 [m]."""
        return np.linalg.norm(self.positions[self.known] - self.former, axis=1)


def movement_of(knowledge_map: str | Path, former: str | Path) -> Movement:
    """Return what moved between two knowledge maps; items are the same where their item_id are."""
    now, before = (read_parquet(path, ["item_id", "kind", "x", "y"]) for path in (knowledge_map, former))
    rows = pc.fill_null(pc.index_in(now["item_id"], before["item_id"].combine_chunks()), -1).to_numpy()
    known = np.flatnonzero(rows >= 0)
    return Movement(
        _positions(now),
        pc.equal(now["kind"], ARTICLE).to_numpy(),
        known,
        _positions(before)[rows[known]],
        len(before) - len(known),
    )


def _positions(table: pa.Table) -> np.ndarray:
    return np.column_stack([table["x"].to_numpy(), table["y"].to_numpy()]).astype(np.float64)


def write_movement(knowledge_map: str | Path, former: str | Path, folder: Path) -> None:
    """Write moved.csv, moved.png and moved.svg into `folder`, and say in the log how far half of the items moved at most."""
    movement = movement_of(knowledge_map, former)
    rows = movement_rows(movement)
    write_csv(folder / "moved.csv", COLUMNS, rows)
    with drawing_style(fonts_for([])):
        save_figures(folder, {"moved": draw_movement(movement)})
    if len(movement.known):
        half, most = (f"{100 * value:.2f} %" for value in np.quantile(movement.distances, [0.5, 0.95]))
        log.info(f"half of the known items moved by at most {half} of the map's side, 95 of 100 by at most {most}")


def movement_rows(movement: Movement) -> list[list]:
    """Return the rows of moved.csv: how many items, and how far so many of them moved at most, as shares of the map's side."""
    distances, is_article = movement.distances, movement.is_article[movement.known]
    groups = {"known": distances, "known articles": distances[is_article], "known questions": distances[~is_article]}
    rows = [
        [
            name,
            len(values),
            *([rounded(value) for value in np.quantile(values, QUANTILES)] if len(values) else [None] * len(QUANTILES)),
        ]
        for name, values in groups.items()
    ]
    new = len(movement.positions) - len(movement.known)
    return rows + [[name, count, *[None] * len(QUANTILES)] for name, count in (("new", new), ("vanished", movement.vanished))]


def draw_movement(movement: Movement) -> Figure:
    """Draw the map, an arrow in each cell from where its items lay on the mean to where they lie, and how many moved how far."""
    figure = Figure(figsize=(9.4, 5.2), layout="constrained")
    on_map, moved = figure.subplots(1, 2, width_ratios=[1.6, 1])
    is_new = np.ones(len(movement.positions), bool)
    is_new[movement.known] = False
    for points, color, name in (
        (movement.positions[~is_new], GREY, "known"),
        (movement.positions[is_new], "#e69f00", "new"),
    ):
        on_map.scatter(
            *points.T, s=min(4.0, 40_000 / len(movement.positions)), color=color, linewidths=0, label=name, rasterized=True
        )
    lay, lie = cell_means(movement)
    on_map.quiver(*lay.T, *(lie - lay).T, angles="xy", scale_units="xy", scale=1, width=0.003, color="#b3261e")
    on_map.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[], yticks=[], title="from where items lay to where they lie")
    on_map.legend(loc="upper right", markerscale=4)
    distances = np.sort(movement.distances).clip(NEXT_TO_NOTHING)
    moved.plot(distances, np.arange(1, len(distances) + 1) / max(len(distances), 1), color="#0072b2")
    moved.set(title="known items that moved", xlabel="at most so far, share of the map's side")
    moved.set(xscale="log", xlim=(NEXT_TO_NOTHING, 1), ylim=(0, 1.02))
    moved.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    moved.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    return figure


def cell_means(movement: Movement) -> tuple[np.ndarray, np.ndarray]:
    """Return where the known items of each cell lay on the mean, and where they lie, float64 [cells, 2] each."""
    cells = np.clip((movement.former * ARROWS).astype(int), 0, ARROWS - 1) @ [ARROWS, 1]
    _, cell, counts = np.unique(cells, return_inverse=True, return_counts=True)
    lay, lie = (
        np.column_stack([np.bincount(cell, points[:, axis], len(counts)) for axis in (0, 1)]) / counts[:, None]
        for points in (movement.former, movement.positions[movement.known])
    )
    return lay, lie
