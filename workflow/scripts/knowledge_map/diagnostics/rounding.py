"""Numbers as they are written: with as many digits as they have meaning."""

import numpy as np


def mean(values: np.ndarray) -> float | None:
    """Return the mean of `values`, None of none."""
    return rounded(float(np.mean(values))) if len(values) else None


def rounded(value: float) -> float:
    """Return `value` to six decimals, which is what float32 can hold of numbers about one."""
    return round(float(value), 6)


def distance(value: float) -> float:
    """Return a map distance to six digits: on a full map neighbors are so close that decimals would not do."""
    return float(f"{value:.6g}")
