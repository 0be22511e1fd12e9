"""Keeping a finished map beside the results, so that the next one can grow from it."""

import shutil
from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.common.files import atomic_write
from knowledge_map.common.parquet import open_parquet
from knowledge_map.common.progress import log

FORMER = "former/knowledge_map.parquet"
"""Where, in the results folder, a map is kept; its reducer lies beside it."""

REDUCERS = ("reducer.pkl", "umap_reducer.pkl", "pca_reducer.pkl")
"""What the reducer beside a map may be called: as it is kept, and as a run names it."""


def reducer_beside(knowledge_map: Path) -> Path | None:
    """Return the reducer that lies beside a knowledge map; None where there is none."""
    return next((path for name in REDUCERS if (path := knowledge_map.with_name(name)).exists()), None)


def keep_layout(results: str | Path, reducer: str | Path) -> None:
    """Copy the knowledge map in a results folder, and the reducer of its layout, to where `layout.start: keep` finds them.

    Raises UserError where there is no finished map, or no reducer.
    """
    knowledge_map, kept, reducer = Path(results) / "knowledge_map.parquet", Path(results) / FORMER, Path(reducer)
    for path in (knowledge_map, reducer):
        if not path.exists():
            raise UserError(f"{path}: no such file; a map is kept once it is finished: run `snakemake map_pickle` first.")
    with open_parquet(knowledge_map) as file:
        rows = file.metadata.num_rows
    for path, copy in ((reducer, kept.with_name(REDUCERS[0])), (knowledge_map, kept)):
        if not (copy.exists() and copy.samefile(path)):
            with atomic_write(copy) as temporary:
                shutil.copyfile(path, temporary)
    log.info(f"a map of {rows:,} items kept in {kept.parent}: with layout.start: keep, the next one grows from it")
