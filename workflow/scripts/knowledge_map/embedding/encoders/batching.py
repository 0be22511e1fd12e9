"""Which texts go through the model together: those of like length, as many as a budget of tokens holds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge_map.common.files import write_json
from knowledge_map.embedding.encoders.tokenization import Tokenized

STEP = 64
"""Batches are filled up to a multiple of so many tokens: few shapes, for each of which libraries keep what they prepared."""


@dataclass(frozen=True)
class Batch:
    """Texts one behind the other, without padding between them.

    Attributes
    ----------
    rows : int64 [n], which texts.
    texts : the texts themselves, without prompt.
    ids : int64 [tokens], their tokens; at the end one more text, of which nothing is wanted, fills up to a multiple of STEP.
    positions : int64 [tokens], the position of each token in its text, from 0.
    lengths : int64 [n], tokens of each text.
    filling : tokens at the end that belong to no text.
    """

    rows: np.ndarray
    texts: Sequence[str]
    ids: np.ndarray
    positions: np.ndarray
    lengths: np.ndarray
    filling: int


def first_batch(tokenized: Tokenized, waiting: np.ndarray, tokens: int) -> Batch:
    """Return the first of the texts `waiting`, int64 [m] row numbers, that together have at most so many tokens.

    A longer text is a batch of its own.
    """
    count = int(np.searchsorted(np.cumsum(tokenized.lengths[waiting]), tokens, side="right"))
    rows = waiting[: max(1, count)]
    lengths = tokenized.lengths[rows]
    filling = int(-lengths.sum() % STEP)
    ids = [tokenized.ids[tokenized.starts[row] : tokenized.starts[row + 1]] for row in rows]
    return Batch(
        rows=rows,
        texts=[str(tokenized.texts[row]) for row in rows.tolist()],
        ids=np.concatenate([*ids, np.full(filling, ids[0][0])]),
        positions=np.concatenate([np.arange(length) for length in [*lengths, filling]]),
        lengths=lengths,
        filling=filling,
    )


class TokenBudget:
    """How many tokens a batch may hold; halved when memory runs out, which is remembered for the jobs to come.

    Parameters
    ----------
    tokens : to begin with.
    memory : a JSON file of the numbers found so far, or None to remember nothing.
    name : of the device, in that file.
    """

    def __init__(self, tokens: int, memory: Path | None = None, name: str = ""):
        self._memory, self._name = memory, name
        self.tokens = min(tokens, self._remembered().get(name, tokens))

    def halve(self, used: int) -> None:
        """Go on with half of the `used` tokens for which there was no room."""
        self.tokens = max(1, min(self.tokens, used) // 2)
        if self._memory:
            write_json(self._memory, self._remembered() | {self._name: self.tokens})

    def _remembered(self) -> dict[str, int]:
        try:
            found = json.loads(self._memory.read_text()) if self._memory else {}
            return {name: tokens for name, tokens in found.items() if isinstance(tokens, int) and tokens > 0}
        except (OSError, ValueError, AttributeError):  # none yet, or damaged: then it is found out again
            return {}
