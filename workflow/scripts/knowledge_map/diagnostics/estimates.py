"""Means of measures and the intervals around them, for all layouts at once."""

from collections.abc import Callable

import numpy as np

from knowledge_map.diagnostics.measures import correlation, interval, moments, resampled_means
from knowledge_map.diagnostics.rounding import mean, rounded


def over(values: dict, function: Callable) -> dict:
    """Return nested dicts of the same shape with `function` of every value."""
    return {name: over(value, function) if isinstance(value, dict) else function(value) for name, value in values.items()}


def estimated(values: dict, resamples: int, rng: np.random.Generator) -> tuple[dict, dict]:
    """Return means and 95 % bootstrap intervals of nested dicts of arrays over the same units; None of empty arrays.

    All are resampled alike, so that layouts are compared on the same units.
    """
    arrays: list[np.ndarray] = []
    over(values, lambda array: arrays.append(array) if len(array) else None)
    resampled = iter(resampled_means(np.column_stack(arrays).astype(float), resamples, rng).T if arrays else ())
    return over(values, mean), over(values, lambda array: rounded_interval(next(resampled)) if len(array) else None)


def correlated(ranks: dict[str, np.ndarray], resamples: int, rng: np.random.Generator) -> tuple[dict, dict]:
    """Return Spearman's correlation of the `distance_ranks` of every layout, and its 95 % bootstrap interval over the pairs."""
    if not len(next(iter(ranks.values()))):
        none = {name: {"spearman": None} for name in ranks}
        return none, none
    columns = {name: moments(of_layout) for name, of_layout in ranks.items()}
    resampled = np.split(resampled_means(np.hstack(list(columns.values())), resamples, rng), len(columns), axis=1)
    values = {name: rounded_or_none(correlation(of_layout.mean(axis=0)[None])[0]) for name, of_layout in columns.items()}
    intervals = {name: rounded_interval(correlation(means)) for name, means in zip(columns, resampled, strict=True)}
    return {name: {"spearman": values[name]} for name in ranks}, {name: {"spearman": intervals[name]} for name in ranks}


def rounded_interval(resampled: np.ndarray) -> list[float] | None:
    """Return the ends of the 95 % interval of resampled values, float [resamples], rounded; None of none."""
    limits = interval(resampled)
    return None if limits is None else [rounded(limit) for limit in limits]


def rounded_or_none(value: float | None) -> float | None:
    """Return `value` rounded; None where there is none or it is not a number."""
    return None if value is None or np.isnan(value) else rounded(value)
