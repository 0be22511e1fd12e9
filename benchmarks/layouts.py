"""How well ways to lay out a finished run's articles keep their neighborhoods, beside ours: the same vectors, a table row each.

    python benchmarks/layouts.py results
    pip install pacmap torchdr        # in an environment of its own; without them these ways are left out
    python benchmarks/layouts.py results --only PaCMAP,InfoTSNE --threads 1

Laid out are the articles alone; the map is the run's own, with its questions, and once more as `layout.method: pca` begins it.

recall@k    share of an article's k nearest in embedding space that are its k nearest in the plane
triplets    random triplets of articles in the right order
CPU time    of the layout, in seconds of one core; the nearest neighbors are found before, once for all, where a way takes them
"""

import argparse
import copy
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import scipy.sparse
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from knowledge_map.diagnostics.measures import overlap, random_triplets, triplets_kept
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.layout.pca import fit_pca
from knowledge_map.layout.refinement import Refinement, refined_layout
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.neighbors.distances import VectorsInMemory
from knowledge_map.neighbors.exact import nearest
from knowledge_map.run.configuration import complete

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"

COMPILED = ("umap", "pacmap")
"""Packages whose code is compiled when it runs first, before it is timed."""

K, TRIPLETS = (1, 5, 10, 15, 50), 100_000


class Articles:
    """The vectors of the articles, who is nearest to whom, and a start that several ways share."""

    def __init__(self, results: Path, threads: int):
        table = EmbeddingTable(results / "embeddings.parquet")
        self.results, self.threads = results, threads
        self.vectors = table.vectors(0, table.articles)
        self.nearest, self.distances = nearest(VectorsInMemory(self.vectors), 0, table.articles, 90, "cpu", threads)

    def __len__(self) -> int:
        return len(self.vectors)

    def first(self, count: int) -> "Articles":
        """Return the first articles, for a way that needs their vectors only."""
        some = copy.copy(self)
        some.vectors = self.vectors[:count]
        return some

    def start(self) -> np.ndarray:
        """Return the first two principal components, scaled as openTSNE wants them."""
        from openTSNE import initialization

        return initialization.pca(self.vectors, random_state=42)

    def measures(self, positions: np.ndarray) -> list[float]:
        positions = positions.astype(np.float64)
        around = cKDTree(positions).query(positions, k=range(2, max(K) + 2), workers=self.threads)[1]
        triplets = random_triplets(len(self), TRIPLETS, np.random.default_rng(1))
        recalls = [float(overlap(self.nearest[:, :k], around[:, :k]).mean()) for k in K]
        return [*recalls, float(triplets_kept(self.vectors, positions, triplets).mean())]


def own_map(articles: Articles) -> np.ndarray:
    return KnowledgeMap(articles.results / "knowledge_map.parquet").positions[: len(articles)]


def map_without_umap(articles: Articles) -> np.ndarray:
    table, graph = EmbeddingTable(articles.results / "embeddings.parquet"), articles.results / "neighbors.parquet"
    settings = complete({"articles": [{"name": "any", "path": "any"}]}, SCHEMA)["refinement"]
    return refined_layout(fit_pca(table)[0], graph, table, Refinement(**settings), articles.threads)[: len(articles)]


def tsne(articles: Articles, affinities) -> np.ndarray:
    import openTSNE

    embedding = openTSNE.TSNEEmbedding(articles.start(), affinities, n_jobs=articles.threads, random_state=42)
    rate = len(articles) / 12
    embedding.optimize(250, exaggeration=12, learning_rate=rate, momentum=0.5, inplace=True)
    embedding.optimize(500, exaggeration=1, learning_rate=rate, momentum=0.8, inplace=True)
    return np.asarray(embedding)


def perplexity_30(articles: Articles) -> np.ndarray:
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    index = PrecomputedNeighbors(articles.nearest, articles.distances)
    return tsne(articles, PerplexityBasedNN(knn_index=index, perplexity=30, n_jobs=articles.threads))


def uniform(k: int) -> Callable[[Articles], np.ndarray]:
    def lay_out(articles: Articles) -> np.ndarray:
        from openTSNE.affinity import PrecomputedAffinities

        rows = np.repeat(np.arange(len(articles)), k)
        graph = scipy.sparse.csr_matrix(
            (np.ones(len(rows)), (rows, articles.nearest[:, :k].ravel())), shape=(len(articles), len(articles))
        )
        return tsne(articles, PrecomputedAffinities((graph + graph.T).tocsr()))

    return lay_out


def umap(**settings) -> Callable[[Articles], np.ndarray]:
    def lay_out(articles: Articles) -> np.ndarray:
        from umap import UMAP

        return np.asarray(UMAP(metric="cosine", random_state=42, n_jobs=1, **settings).fit_transform(articles.vectors))

    return lay_out


def pacmap(articles: Articles) -> np.ndarray:
    from pacmap import PaCMAP

    return PaCMAP(n_components=2, random_state=42).fit_transform(articles.vectors, init="pca")


def info_tsne(articles: Articles) -> np.ndarray:
    import torch
    from torchdr import InfoTSNE

    torch.set_num_threads(articles.threads)
    return np.asarray(InfoTSNE(perplexity=30, device="cpu", random_state=42).fit_transform(articles.vectors))


WAYS: dict[str, tuple[Callable[[Articles], np.ndarray], str]] = {
    "the map": (own_map, "numpy"),
    "the map, from principal components": (map_without_umap, "numpy"),
    "openTSNE, perplexity 30": (perplexity_30, "openTSNE"),
    "openTSNE, 10 nearest alike": (uniform(10), "openTSNE"),
    "openTSNE, 15 nearest alike": (uniform(15), "openTSNE"),
    "UMAP, defaults": (umap(), "umap"),
    "UMAP, 5 neighbors, min_dist 0": (umap(n_neighbors=5, min_dist=0.0), "umap"),
    "PaCMAP": (pacmap, "pacmap"),
    "InfoTSNE (TorchDR)": (info_tsne, "torchdr"),
}
"""What lays out, and the package that it needs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--only", default="", metavar="NAME,...", help="ways whose names contain one of these")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    articles = Articles(arguments.results, arguments.threads)
    print("| layout | " + " | ".join(f"recall@{k}" for k in K) + " | triplets | CPU time |")
    print("| --- " + "| ---: " * (len(K) + 2) + "|", flush=True)
    with threadpool_limits(arguments.threads):
        for name, (lay_out, package) in WAYS.items():
            if not any(part in name for part in arguments.only.split(",")) or find_spec(package) is None:
                continue
            if package in COMPILED:
                lay_out(articles.first(5_000))
            start = time.process_time()
            positions = lay_out(articles)
            seconds = "–" if lay_out is own_map else f"{time.process_time() - start:.0f} s"
            *recalls, triplets = articles.measures(positions)
            print(
                f"| {name} | " + " | ".join(f"{value:.1%}" for value in recalls) + f" | {triplets:.3f} | {seconds} |", flush=True
            )


if __name__ == "__main__":
    main()
