"""What transforms new vectors into the plane of the first layout, on disk."""

import pickle
from pathlib import Path

from knowledge_map.common.checksum import append_checksum
from knowledge_map.common.files import atomic_write
from knowledge_map.common.progress import log


def save_reducer(reducer: object, path: str | Path) -> None:
    """Pickle the fitted reducer, which can `transform` new vectors when it is loaded again. The file is sealed."""
    with atomic_write(path) as temporary:
        with temporary.open("wb") as file:
            pickle.dump(reducer, file, protocol=5)
        append_checksum(temporary)
    log.info(f"reducer saved: {Path(path).stat().st_size / 1e6:,.1f} MB")
