"""Articles with made-up vectors, as many as one likes, to run the workflow at a size for which nobody here has a corpus.

    python benchmarks/random_walk.py FOLDER --articles 7000000 --dimensions 64
    snakemake --cores 2 --configfile FOLDER/config.yaml --directory FOLDER -- neighbor_index
    python benchmarks/rules.py FOLDER/results

Writes articles.parquet, vectors.npy, questions.json and a config.yaml of them. Vectors are random walks of 1,000 steps on the
sphere: the articles before and after one are its nearest, as in a corpus that has a subject for every thousand articles. Texts
are drawn from 128 vocabularies of made-up words, one for each direction to which a vector may point most, so that places
have words of their own. What a stage costs can be taken from a share of its work: `umap: {n_epochs: 70}`, `refinement:
{early_iterations: 34, iterations: 200, placement_iterations: 67}`, or a third of the blocks as targets.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

WALK = 1_000
"""Steps of a walk."""

STEP = 0.25
"""Length of a step, where the vector has length 1: the cosine of neighbors on a walk is 0.97."""

WALKS = 50
"""Walks made at once."""

VOCABULARIES, VOCABULARY = 128, 400
"""Sets of words, and words of each; the n-th of them is drawn in proportion to 1 / n."""

WORDS = 30
"""Words of a text."""

SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstvz" for vowel in "aeiou"]

QUESTIONS = 60

CONFIG = """\
articles:
  - {name: made, path: articles.parquet, vectors: vectors.npy}
questions: questions.json
"""


def walks(count: int, dimensions: int, random: np.random.Generator) -> np.ndarray:
    """Return random walks on the sphere one after the other, float32 [count * WALK, dimensions]."""
    steps = random.standard_normal((count, WALK, dimensions), np.float32)
    steps *= STEP / np.sqrt(dimensions)
    steps[:, 0] /= STEP  # where a walk begins
    vectors = steps[:, 0].copy()
    for step in range(WALK):
        if step:
            vectors += steps[:, step]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        steps[:, step] = vectors
    return steps.reshape(-1, dimensions)


def vocabulary(random: np.random.Generator) -> pa.StringArray:
    """Return made-up words, all different, those of one vocabulary after those of another."""
    count = VOCABULARIES * VOCABULARY
    numbers = random.permutation(len(SYLLABLES) ** 3)[:count]
    parts = np.stack(np.unravel_index(numbers, (len(SYLLABLES),) * 3))
    return pa.array(["".join(SYLLABLES[part] for part in word) for word in parts.T.tolist()])


def texts(vectors: np.ndarray, words: pa.StringArray, random: np.random.Generator) -> pa.StringArray:
    """Return a text of `WORDS` words for each vector, a phrase of three words at a time."""
    n = len(vectors)
    strongest = np.abs(vectors).argmax(axis=1)
    direction = 2 * (strongest % (VOCABULARIES // 2)) + (vectors[np.arange(n), strongest] > 0)
    rank = np.minimum(VOCABULARY ** random.random((n, WORDS)), VOCABULARY).astype(int) - 1
    chosen = words.take(pa.array((direction[:, None] * VOCABULARY + rank).ravel()))
    phrases = pc.binary_join(pa.ListArray.from_arrays(np.arange(0, n * WORDS + 1, 3, dtype=np.int32), chosen), " ")
    return pc.binary_join(pa.ListArray.from_arrays(np.arange(0, n * WORDS // 3 + 1, WORDS // 3, dtype=np.int32), phrases), ", ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, default=7_000_000)
    parser.add_argument("--dimensions", type=int, default=64)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    words = vocabulary(random)
    vectors = np.lib.format.open_memmap(options.folder / "vectors.npy", "w+", np.float32, (options.articles, options.dimensions))
    schema = pa.schema([("id", pa.string()), ("title", pa.string()), ("text", pa.string())])
    with pq.ParquetWriter(options.folder / "articles.parquet", schema, compression="zstd") as writer:
        for start in range(0, options.articles, WALKS * WALK):
            made = walks(WALKS, options.dimensions, random)[: options.articles - start]
            vectors[start : start + len(made)] = made
            numbers = pc.cast(pa.array(np.arange(start, start + len(made))), pa.string())
            text = texts(made, words, random)
            title = pc.binary_join_element_wise(pc.utf8_capitalize(pc.list_element(pc.split_pattern(text, ","), 0)), numbers, " ")
            writer.write_table(pa.table([numbers, title, text], schema=schema))
    vectors.flush()
    asked = vectors[random.choice(options.articles, QUESTIONS, replace=False)]
    questions = [
        {"question": f"What is question {number}?", "options": ["this", "that"], "correctIndex": 0, "embedding": vector.tolist()}
        for number, vector in enumerate(asked)
    ]
    (options.folder / "questions.json").write_text(json.dumps(questions))
    (options.folder / "config.yaml").write_text(CONFIG)


if __name__ == "__main__":
    main()
