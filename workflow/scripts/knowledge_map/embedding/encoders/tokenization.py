"""Texts to token ids: once, cut at the model's limit, in flat arrays."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tokenizers

CHARACTERS = 8
"""Characters read of a text, to begin with, for every token that may be kept. English has four to five a token."""


@dataclass(frozen=True)
class Tokenized:
    """Texts and their tokens.

    Attributes
    ----------
    texts : as they were given, without prompt.
    ids : int64 [tokens], those of all texts one behind the other.
    starts : int64 [texts + 1], where each begins; the last is the number of tokens.
    truncated : how many texts were cut.
    """

    texts: Sequence[str]
    ids: np.ndarray
    starts: np.ndarray
    truncated: int

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each text, int64 [texts]."""
        return np.diff(self.starts)


class Tokenizer:
    """A model's tokenizer behind a prompt, that keeps `max_tokens` of a text, from its start or, cut at the left, its end.

    It is a copy: whoever else uses the model's own, in whatever thread, neither changes it nor is changed.
    """

    def __init__(
        self,
        tokenizer: tokenizers.Tokenizer,
        max_tokens: int,
        prompt: str = "",
        side: str = "right",
        special_tokens: bool = True,
    ):
        self.prompt, self._special_tokens = prompt, special_tokens
        self._tokenizer = tokenizers.Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.enable_truncation(max_tokens, direction=side)
        self._tokenizer.no_padding()
        self._characters = max_tokens * CHARACTERS if side == "right" else None

    def __call__(self, texts: Sequence[str]) -> Tokenized:
        """Tokenize texts. Other threads of Python go on meanwhile."""
        whole = [self.prompt + text for text in texts]
        beginnings = [self._beginning(text) for text in whole]
        encodings = self._encodings(beginnings)
        # Where a beginning did not fill the tokens, its text is read whole after all.
        short = [i for i, text in enumerate(whole) if len(beginnings[i]) < len(text) and not encodings[i].overflowing]
        for i, encoding in zip(short, self._encodings([whole[i] for i in short]), strict=True):
            encodings[i] = encoding
        return _flat(texts, encodings)

    def _encodings(self, texts: list[str]) -> list[tokenizers.Encoding]:
        return self._tokenizer.encode_batch_fast(texts, add_special_tokens=self._special_tokens)

    def _beginning(self, text: str) -> str:
        """Return as much of a text as will do for its first tokens, up to the end of a word.

        Its last token may differ from the whole text's, but is not among those kept when others were cut off.
        """
        limit = self._characters
        if limit is None or len(text) <= limit:
            return text
        end = re.search(r"\S(?=\s)", text[limit : 2 * limit])
        return text[: limit + end.end()] if end else text


def _flat(texts: Sequence[str], encodings: Sequence[tokenizers.Encoding]) -> Tokenized:
    starts = np.zeros(len(encodings) + 1, np.int64)
    np.cumsum([len(encoding) for encoding in encodings], out=starts[1:])
    ids = np.empty(starts[-1], np.int64)
    for start, encoding in zip(starts[:-1], encodings, strict=True):
        ids[start : start + len(encoding)] = encoding.ids
    return Tokenized(texts, ids, starts, sum(bool(encoding.overflowing) for encoding in encodings))
