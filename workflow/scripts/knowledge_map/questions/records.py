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


def domain_ids(record: dict) -> tuple[str, ...]:
    """Return the ids of the domains that a question says it is in, each once."""
    return _texts(record.get("domain_ids")) or ()


def concepts_tested(record: dict) -> tuple[str, ...]:
    """Return the concepts that a question says it tests, each once."""
    return _texts(record.get("concepts_tested")) or ()


def unreadable_lists(record: dict) -> list[str]:
    """Return which of a question's fields that hold lists of texts hold something else."""
    return [name for name in ("domain_ids", "concepts_tested") if _texts(record.get(name)) is None]


def _texts(value: object) -> tuple[str, ...] | None:
    """Return the texts of a list, or of one text, each once and none empty; None where there is something else in it."""
    values = value if isinstance(value, list) else [value]
    if not all(each is None or (isinstance(each, str | int) and not isinstance(each, bool)) for each in values):
        return None
    texts = (valid_unicode(str(each)).strip() for each in values if each is not None)
    return tuple(dict.fromkeys(text for text in texts if text))


def difficulty(record: dict) -> float | None:
    """Return a question's `difficulty`, on whatever scale it is, None where it has none."""
    value = record.get("difficulty")
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
    return value if is_number else None


def difficulties(records: Sequence[dict]) -> list[float]:
    """Return every question's `difficulty` in standard deviations from the mean, 0 where it has none; any scale will do."""
    values = np.array([np.nan if (value := difficulty(record)) is None else value for record in records], float)
    given = np.isfinite(values)
    if len(set(values[given])) < 2:
        return [0.0] * len(records)
    return np.where(given, (values - values[given].mean()) / values[given].std(), 0).tolist()
