"""What moved since the former map: counts and distances by definition, and a picture that is the same each time."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from diagnosing import read_table

from knowledge_map.common.parquet import write_parquet
from knowledge_map.diagnostics.movement import ARROWS, cell_means, movement_of, write_movement


def write_map(path: Path, ids: list[str], positions: np.ndarray) -> Path:
    kinds = ["question" if name.startswith("question") else "article" for name in ids]
    columns = {"x": positions[:, 0].astype(np.float32), "y": positions[:, 1].astype(np.float32)}
    write_parquet(path, pa.table({"item_id": ids, "kind": kinds, **columns}))
    return path


@pytest.fixture
def maps(tmp_path) -> tuple[Path, Path]:
    """Return a map and the former one: of 100 articles and 4 questions 10 are gone, 20 new, and each known one moved by 0.01."""
    random = np.random.default_rng(0)
    ids = [f"article:{n}" for n in range(100)] + [f"question:{n}" for n in range(4)]
    lay = random.uniform(0.1, 0.9, (104, 2))
    former = write_map(tmp_path / "former.parquet", ids, lay)
    lie = np.vstack([lay[10:] + np.array([0.006, 0.008]), random.random((20, 2))])
    return write_map(tmp_path / "map.parquet", [*ids[10:], *(f"new:{n}" for n in range(20))], lie), former


def test_the_table_counts_items_and_tells_how_far_they_moved(maps, tmp_path):
    write_movement(*maps, tmp_path / "diagnostics")
    table = {row["items"]: row for row in read_table(tmp_path / "diagnostics/moved.csv")}
    assert {name: int(row["count"]) for name, row in table.items()} == {
        "known": 94,
        "known articles": 90,
        "known questions": 4,
        "new": 20,
        "vanished": 10,
    }
    assert [float(table["known"][f"moved_{part}"]) for part in (50, 95, 100)] == pytest.approx([0.01] * 3, abs=1e-6)
    assert table["new"]["moved_50"] == ""


@pytest.mark.slow
def test_the_picture_is_the_same_each_time(maps, tmp_path):
    for name in ("one", "again"):
        write_movement(*maps, tmp_path / name)
    for kind in ("png", "svg"):
        assert (tmp_path / f"one/moved.{kind}").read_bytes() == (tmp_path / f"again/moved.{kind}").read_bytes()


def test_an_arrow_leads_from_where_the_items_of_a_cell_lay_to_where_they_lie(maps):
    lay, lie = cell_means(movement_of(*maps))
    assert np.allclose(lie - lay, [0.006, 0.008], atol=1e-6)
    assert 1 < len(lay) <= ARROWS**2


def test_a_map_of_new_items_only_has_a_table_and_a_picture(maps, tmp_path):
    other = write_map(tmp_path / "other.parquet", ["other:1", "other:2"], np.full((2, 2), 0.5))
    write_movement(other, maps[1], tmp_path / "diagnostics")
    assert {row["items"]: row["count"] for row in read_table(tmp_path / "diagnostics/moved.csv")}["new"] == "2"
