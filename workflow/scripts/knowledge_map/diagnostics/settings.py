"""What is measured, and how much of it: the section `diagnostics` of the configuration."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The section `diagnostics` of the configuration; what each key means is said in its schema."""

    k: list[int]
    recall_k: list[int]
    reach: int
    padding: list[float]
    target_overlap: float
    tolerance: float
    exact_up_to: int
    sample: int
    triplets: int
    pairs: int
    cells: int
    resamples: int
    shown: int
    seed: int
