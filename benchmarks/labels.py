"""How well the labels of a finished run name what lies in its cells, beside other ways of naming.

    python benchmarks/labels.py results
    pip install keybert scikit-learn      # in an environment of its own; without them these ways are left out

Half of the articles, drawn at random, choose the labels; the other half judge them. For each grid, of the cells with so many
articles that both halves have some:

applies      share of a cell's judging articles that have the label, or one of its subjects, in title or text (a word may go
             on: `moth` is also in `moths`); the mean over cells
AUC          how well the embedding of the label tells the cell's judging articles from all others; the mean over cells
below 10 %   labels that apply to fewer than a tenth although another way found one that applies to more
no names     labels with a word that is no name of a thing, of the list NO_NAMES

The ways: the labels as they are, with up to three subjects; the labels from titles alone; the title of the medoid, which is the
article most like the mean of the cell; the three best words of c-TF-IDF, which is what BERTopic names topics by; the three best
of KeyBERT.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import rankdata

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from knowledge_map.articles.shards import shard_paths, text_batches
from knowledge_map.common.parquet import read_parquet, write_parquet
from knowledge_map.embedding.encoders import open_encoder
from knowledge_map.embedding.model import EmbeddingModel
from knowledge_map.embedding.table import EmbeddingTable
from knowledge_map.labels import LabelSettings, knn_labels
from knowledge_map.labels.grid import WHOLE, Grid
from knowledge_map.labels.nearest import unit
from knowledge_map.map.table import KnowledgeMap

FEWEST = {8: 20, 16: 20, 32: 10}
"""Articles that a cell must have to count, by the grid; else 10."""

NO_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
        located born held released published founded played directed written served based described known named called
        used made created established built formed owned operated produced recorded developed designed composed
        performed won competed participated represented elected appointed worked lived died moved studied graduated
        educated raised married joined began started became remained returned retired ended opened closed launched
        introduced announced awarded received given taken found included includes including consists contains refers
        refer referred considered regarded associated related similar various several many different main major
        important notable famous popular common current former early late first last old large small
        """,
    )
)
"""Words that name no kind of thing: verbs, and what can be said of anything."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--grid", type=int, nargs="+", default=[8, 16, 32])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--list", action="store_true", help="list the labels of the coarsest grid")
    arguments = parser.parse_args()
    corpus = Corpus(arguments.results, arguments.seed)
    labels = {"labels": corpus.labels(arguments.grid, ("words", "titles")), "titles": corpus.labels(arguments.grid, ("titles",))}
    print("| grid | way | cells | applies | AUC | below 10 % | no names |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for side in arguments.grid:
        cell = Grid("map", WHOLE, side).cell_of(corpus.positions)
        cells = np.flatnonzero(np.bincount(cell, minlength=side * side) >= FEWEST.get(side, 10))
        cells = cells[np.isin(cells, cell[corpus.chooses]) & np.isin(cells, cell[~corpus.chooses])]
        ways = {name: table.filter(pc.field("grid") == side)["label"].take(pa.array(cells)) for name, table in labels.items()}
        ways = {name: [text or "" for text in column.to_pylist()] for name, column in ways.items()}
        ways |= {"medoid": corpus.medoids(cell, cells), "c-TF-IDF": corpus.ctfidf(cell, cells)}
        if keywords := corpus.keybert(cell, cells):
            ways["KeyBERT"] = keywords
        judged = {name: corpus.judge(texts, cell, cells) for name, texts in ways.items()}
        best = np.max([applies for applies, _ in judged.values()], axis=0)
        for name, (applies, auc) in judged.items():
            below = ((applies < 0.1) & (best >= 0.1)).sum()
            wrong = sum(bool(NO_NAMES & set(re.findall(r"\w+", text.lower()))) for text in ways[name])
            print(f"| {side} | {name} | {len(cells)} | {applies.mean():.1%} | {auc.mean():.3f} | {below} | {wrong} |", flush=True)
        if arguments.list and side == min(arguments.grid):
            for number in range(len(cells)):
                print("   ", " | ".join(f"{text[number]} {judged[name][0][number]:.0%}" for name, text in ways.items()))


class Corpus:
    """The articles of a finished run, and which half of them chooses."""

    def __init__(self, results: Path, seed: int):
        self.results = results
        self.map = KnowledgeMap(results / "knowledge_map.parquet", ["title", "neighbors"])
        self.embeddings = EmbeddingTable(results / "embeddings.parquet")
        count = int(self.map.is_article.sum())
        self.positions = self.map.positions[:count].astype(float)
        self.vectors = unit(self.embeddings.vectors(0, count))
        self.titles = self.map.table["title"].slice(0, count).combine_chunks()
        batches = list(text_batches(shard_paths(results / "shards" / "manifest.json")))
        self.texts = pa.concat_arrays(batches)
        self.whole = pc.utf8_lower(pc.binary_join_element_wise(self.titles, self.texts, "\n"))
        self.chooses = np.random.default_rng(seed).random(count) < 0.5
        named = self.embeddings.metadata
        self.model = EmbeddingModel(
            "question", named["model"], named["revision"], named["max_tokens"], "float32", "{text}", named["question_prompt"]
        )
        self.encoder = open_encoder(self.model, "auto", "auto", 1)

    def labels(self, grid: list[int], origins: tuple[str, ...]) -> pa.Table:
        """Return the labels that the choosing half alone gives."""
        kept = pa.array(np.flatnonzero(self.chooses))
        with tempfile.TemporaryDirectory() as folder:
            for name in ("knowledge_map", "embeddings"):
                table = read_parquet(self.results / f"{name}.parquet").take(kept)
                write_parquet(Path(folder) / f"{name}.parquet", table)
            half = KnowledgeMap(Path(folder) / "knowledge_map.parquet", ["title", "neighbors"])
            table = EmbeddingTable(Path(folder) / "embeddings.parquet")
            settings = LabelSettings(grid=grid, origins=origins)
            return knn_labels(half, table, [self.texts.take(kept)], settings, None, threads=1)

    def judge(self, labels: list[str], cell: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the share of each cell's judging articles that have its label, and the AUC of its embedding."""
        judges = np.flatnonzero(~self.chooses)
        directions = self.encoder.encode(labels, labels).vectors
        cosines = self.vectors[judges] @ directions.T
        applies, auc = np.zeros(len(labels)), np.zeros(len(labels))
        for number, (label, one) in enumerate(zip(labels, cells.tolist(), strict=True)):
            inside = cell[judges] == one
            parts = "|".join(re.escape(part.lower()) for part in label.split(", ") if part)
            texts = self.whole.take(pa.array(judges[inside]))
            found = pc.match_substring_regex(texts, rf"(^|[^\pL\pN])({parts})" if parts else r"^\b$")
            applies[number] = found.to_numpy(zero_copy_only=False).mean()
            ranks, n = rankdata(cosines[:, number]), inside.sum()
            auc[number] = (ranks[inside].sum() - n * (n + 1) / 2) / (n * (len(inside) - n))
        return applies, auc

    def medoids(self, cell: np.ndarray, cells: np.ndarray) -> list[str]:
        """Return the title of the choosing article most like the mean of each cell."""
        titles = []
        for one in cells.tolist():
            rows = np.flatnonzero(self.chooses & (cell == one))
            titles.append(self.titles[rows[(self.vectors[rows] @ self.vectors[rows].mean(axis=0)).argmax()]].as_py())
        return titles

    def documents(self, cell: np.ndarray, cells: np.ndarray) -> list[str]:
        """Return the choosing articles of each cell as one text."""
        return ["\n".join(self.whole.take(pa.array(np.flatnonzero(self.chooses & (cell == one)))).to_pylist()) for one in cells]

    def ctfidf(self, cell: np.ndarray, cells: np.ndarray) -> list[str]:
        """Return the three best words or phrases of each cell by c-TF-IDF (Grootendorst 2022)."""
        from sklearn.feature_extraction.text import CountVectorizer

        counter = CountVectorizer(ngram_range=(1, 2), stop_words="english", min_df=2)
        counts = counter.fit_transform(self.documents(cell, cells)).tocsr().astype(float)
        words, sums = counter.get_feature_names_out(), np.asarray(counts.sum(axis=1)).ravel()
        weight = np.log(1 + sums.mean() / np.asarray(counts.sum(axis=0)).ravel())
        labels = []
        for row, total in zip(counts, sums, strict=True):
            score = row.data / total * weight[row.indices]
            labels.append(", ".join(words[row.indices[np.argsort(-score, kind="stable")[:3]]]))
        return labels

    def keybert(self, cell: np.ndarray, cells: np.ndarray) -> list[str]:
        """Return the three best keywords of each cell by KeyBERT with its defaults and the model of the map; none without it."""
        try:
            from keybert import KeyBERT
        except ImportError:
            return []
        from sentence_transformers import SentenceTransformer

        model = KeyBERT(SentenceTransformer(str(self.model.folder() or self.model.model), device="cpu"))
        found = model.extract_keywords(self.documents(cell, cells), top_n=3)
        return [", ".join(word for word, _ in keywords) for keywords in found]


if __name__ == "__main__":
    main()
