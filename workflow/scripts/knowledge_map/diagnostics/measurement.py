"""What is measured, how much of it, and by what means."""

from dataclasses import dataclass

import numpy as np

from knowledge_map.diagnostics.layouts import Layout
from knowledge_map.embedding.table import EmbeddingTable


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

    def sample_of(self, articles: int) -> int:
        """Return how many of the articles are measured, each against all the others: all up to a number, else a sample."""
        return articles if articles <= self.exact_up_to else min(self.sample, articles)


@dataclass(frozen=True)
class MeasurementContext:
    """A map under study: the vectors, the layouts by name, the settings, CPU threads, and where all chance comes from."""

    table: EmbeddingTable
    layouts: dict[str, Layout]
    settings: Settings
    threads: int
    rng: np.random.Generator

    def draw(self, count: int) -> np.ndarray:
        """Return the rows of so many articles drawn at random (all, where there are fewer), in order, int [n]."""
        articles = self.table.articles
        return np.sort(self.rng.choice(articles, min(count, articles), replace=False))
