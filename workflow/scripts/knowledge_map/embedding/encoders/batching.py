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

SHAPES = 16
"""Shapes of all batches on a device that keeps a compiled graph for each."""

SHORTEST = 16
"""Tokens of the shortest of them."""


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
    rectangle : (rows, tokens of each) of the rectangle that the texts are padded to; None where they are not padded.
    """

    rows: np.ndarray
    texts: Sequence[str]
    ids: np.ndarray
    positions: np.ndarray
    lengths: np.ndarray
    filling: int
    rectangle: tuple[int, int] | None = None


def few_lengths(longest: int) -> np.ndarray:
    """Return the lengths that texts of up to `longest` tokens are padded to where shapes are to be few, int64 [<= SHAPES].

    Each is longer than the one before by the same factor, 1.26 for 512 tokens, so that no text is padded by much.
    """
    return np.unique(np.ceil(np.geomspace(min(SHORTEST, longest), longest, SHAPES).round(6)).astype(np.int64))


def first_batch(tokenized: Tokenized, waiting: np.ndarray, tokens: int, padded_to: np.ndarray | None = None) -> Batch:
    """Return the first of the texts `waiting`, int64 [m] row numbers, that together have at most so many tokens.

    A longer text is a batch of its own. Where texts are `padded_to` one of few lengths, int64 [lengths], padding counts, and
    `waiting` begins with the longest; the shape of a batch then follows from its first text and `tokens` alone.
    """
    rectangle = None
    if padded_to is None:
        count = int(np.searchsorted(np.cumsum(tokenized.lengths[waiting]), tokens, side="right"))
    else:
        length = int(padded_to[np.searchsorted(padded_to, tokenized.lengths[waiting[0]])])
        count = max(1, tokens // length)
        rectangle = count, length
    rows = waiting[: max(1, count)]
    lengths = tokenized.lengths[rows]
    filling = 0 if rectangle else int(-lengths.sum() % STEP)
    ids = [tokenized.ids[tokenized.starts[row] : tokenized.starts[row + 1]] for row in rows]
    return Batch(
        rows=rows,
        texts=[str(tokenized.texts[row]) for row in rows.tolist()],
        ids=np.concatenate([*ids, np.full(filling, ids[0][0])]),
        positions=np.concatenate([np.arange(length) for length in [*lengths, filling]]),
        lengths=lengths,
        filling=filling,
        rectangle=rectangle,
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
        self._former = self._remembered().get(name)
        self.tokens = min(tokens, self._former or tokens)

    def halve(self, used: int) -> None:
        """Go on with half of the `used` tokens for which there was no room."""
        self.tokens = max(1, min(self.tokens, used) // 2)
        if self._memory:
            write_json(self._memory, self._remembered() | {self._name: self.tokens})

    def forget(self) -> None:
        """Take back what was remembered since the beginning: memory had filled up, and no batch is small enough for that."""
        if self._memory:
            others = {name: tokens for name, tokens in self._remembered().items() if name != self._name}
            write_json(self._memory, others | ({self._name: self._former} if self._former else {}))

    def _remembered(self) -> dict[str, int]:
        try:
            found = json.loads(self._memory.read_text()) if self._memory else {}
            return {name: tokens for name, tokens in found.items() if isinstance(tokens, int) and tokens > 0}
        except (OSError, ValueError, AttributeError):  # none yet, or damaged: then it is found out again
            return {}
