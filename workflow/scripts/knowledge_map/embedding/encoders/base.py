"""What an encoder is: texts go in, unit vectors come out."""

import gc
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from knowledge_map.common.errors import UserError
from knowledge_map.common.memory import Held, process_memory

AUTO = "auto"
"""Leaves a choice to the encoder."""


class NoRoomError(UserError):
    """Not even one text fits into memory, as full as it is."""


class TextBlock(NamedTuple):
    """Texts that are embedded and saved together, as the model's template makes them, and the items that they belong to."""

    item_ids: Sequence[str]
    texts: Sequence[str]


@dataclass(frozen=True)
class Embedded:
    """Vectors of n texts, and what is to be said of them.

    Attributes
    ----------
    vectors : float32 [n, D], of unit length.
    truncated : how many of the texts were cut at max tokens.
    prompt : what was put before each.
    computed_in : the number type that the model computed in.
    """

    vectors: np.ndarray
    truncated: int
    prompt: str
    computed_in: str


class TextEncoder(ABC):
    """Makes unit vectors of texts, wherever the model runs.

    Attributes
    ----------
    dimension : D, the length of a vector.
    """

    dimension: int

    @abstractmethod
    def encode_blocks(self, blocks: Iterable[TextBlock]) -> Iterator[Embedded]:
        """Yield the vectors of each block, in order. Blocks are taken ahead of time, as many as keep the device at work.

        What is yielded for a block does not depend on the others. Raises UserError, naming item ids, for texts that the model
        cannot embed.
        """

    def usage(self) -> str:
        """Return in words what the vectors have taken so far, besides time; "" if nothing that counts."""
        return ""

    def held(self) -> list[Held]:
        """Return the memory that embedding holds: that of the process, and of a device of its own."""
        return [process_memory()]

    def release(self) -> None:
        """Give back memory that nothing uses at present."""
        gc.collect()

    def encode(self, texts: Sequence[str], item_ids: Sequence[str]) -> Embedded:
        """Return the vectors of texts that fit into memory together."""
        (embedded,) = self.encode_blocks([TextBlock(item_ids, texts)])
        return embedded
