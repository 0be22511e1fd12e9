"""A question as it is carried along, and what its record says besides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge_map.common.text import valid_unicode


@dataclass(frozen=True)
class Question:
    """One question; `data` is its record as it stood in the file, unknown fields included, but for `embedding`.

    `vector` is that field as float32 of unit length, empty where there is none.
    """

    item_id: str
    text: str
    options: tuple[str, ...]
    answer: int | None
    data: dict
    vector: bytes = b""


def source_article(record: dict) -> str | None:
    """Return the title in a question's `source_article`, None where it names none."""
    title = record.get("source_article")
    return valid_unicode(title).strip() or None if isinstance(title, str) else None


def difficulties(records: Sequence[dict]) -> list[float]:
    """Return every question's `difficulty` in standard deviations from the mean, 0 where it has none; any scale will do."""
    values = np.array([value if _is_number(value := record.get("difficulty")) else np.nan for record in records], float)
    given = np.isfinite(values)
    if len(set(values[given])) < 2:
        return [0.0] * len(records)
    return np.where(given, (values - values[given].mean()) / values[given].std(), 0).tolist()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
