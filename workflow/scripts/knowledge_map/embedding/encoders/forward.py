"""The forward pass: batches of tokens to vectors, by the model's own modules, and without padding where they allow it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

from knowledge_map.common.device import is_out_of_memory
from knowledge_map.common.items import ARTICLE
from knowledge_map.common.progress import log
from knowledge_map.embedding.encoders.attention import PACKED, Packing
from knowledge_map.embedding.encoders.batching import Batch, first_batch
from knowledge_map.embedding.encoders.tokenization import Tokenizer

Forward = Callable[[Batch], torch.Tensor]
"""From a batch to its vectors, float32 [n, D] on the model's device, of whatever length."""

PROBES = ["A", "Rivers carry sand to the sea. " * 4, "Größe, 42: naïve?", "Rivers carry sand to the sea. " * 4]
"""Texts of several lengths, two of them alike, with which a forward pass is compared with that of sentence-transformers."""


def forward_pass(transformer: SentenceTransformer, tokenizer: Tokenizer, kind: str) -> Forward:
    """Return the packed forward pass of a model where it gives what sentence-transformers gives, else theirs, with a notice."""
    padded = PaddedForward(transformer, tokenizer.prompt, kind)
    reason = _why_not_packed(transformer, tokenizer.prompt)
    if reason is None:
        probes = tokenizer(PROBES)
        batch = first_batch(probes, np.arange(len(PROBES)), len(probes.ids))
        expected = padded(batch)
        model: Any = transformer[0].auto_model
        former = model.config._attn_implementation
        try:
            packed = PackedForward(transformer)
            if _least_cosine(packed(batch), expected) >= (0.99999 if transformer.dtype == torch.float32 else 0.999):
                return packed
            reason = "its vectors come out differently without padding"
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:  # of the model's code, or of the GPU's kernel
            if is_out_of_memory(error):
                raise
            reason = f"it needs padding ({error})"
        model.set_attn_implementation(former)
    log.info(f"{reason}: it is embedded by the `encode` of sentence-transformers, with padding, which is slower")
    return padded


class PackedForward:
    """Texts one behind the other, without padding: every product is of real tokens.

    The attention of the model's layers is replaced (see `attention`); pooling and what comes after it are the model's own
    modules, in float32. Packing as sentence-transformers does it where FlashAttention is installed.
    """

    def __init__(self, transformer: SentenceTransformer):
        modules: list[Any] = list(transformer)
        first, *self._rest = modules
        self._model = first.auto_model
        self._model.set_attn_implementation(PACKED)
        self._first_position = first._infer_flatten_position_offset()  # 0, but RoBERTa begins after its padding index
        for module in self._rest:
            module.float()

    @torch.inference_mode()
    def __call__(self, batch: Batch) -> torch.Tensor:
        """Return the vectors of a batch, float32 [n, D]."""
        device = self._model.device
        packing = Packing.of(np.append(batch.lengths, batch.filling) if batch.filling else batch.lengths, device)
        hidden = self._model(
            input_ids=_moved(batch.ids, device)[None],
            position_ids=_moved(batch.positions + self._first_position, device)[None],
            use_cache=False,
            packing=packing,
        ).last_hidden_state
        wanted = hidden[:, : len(batch.ids) - batch.filling].float()
        features = {"token_embeddings": wanted, "cu_seq_lens_q": packing.starts[: len(batch.rows) + 1]}
        for module in self._rest:
            features = module(features)
        return features["sentence_embedding"].float()


class PaddedForward:
    """The `encode` of sentence-transformers, for models that must have it so."""

    def __init__(self, transformer: SentenceTransformer, prompt: str, kind: str):
        self._encode = transformer.encode_document if kind == ARTICLE else transformer.encode_query
        self._prompt = prompt

    def __call__(self, batch: Batch) -> torch.Tensor:
        """Return the vectors of a batch, float32 [n, D]."""
        texts = batch.texts
        found = self._encode(texts, prompt=self._prompt, batch_size=len(texts), show_progress_bar=False, convert_to_tensor=True)
        return found.float()


def _why_not_packed(transformer: SentenceTransformer, prompt: str) -> str | None:
    """Return what keeps a model from being packed, as far as can be told without trying."""
    first, *rest = transformer
    if type(first) is not Transformer:
        return f"the model begins with a module {type(first).__name__}"
    unknown = [type(module).__name__ for module in rest if type(module) not in (Pooling, Normalize, Dense)]
    if unknown:
        return f"the model has a module {unknown[0]}"
    if not first.auto_model.is_backend_compatible():
        return f"the attention of {type(first.auto_model).__name__} cannot be replaced"
    if prompt and any(isinstance(module, Pooling) and not module.include_prompt for module in rest):
        return "the model leaves its prompt out of the pooling"
    if "message" in first.modality_config or first.query_expansion or first.query_length or first.document_length:
        return "the model treats its texts in a way of its own"
    return None


def _moved(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return an array on the device; it is copied there while the device works."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def _least_cosine(found: torch.Tensor, expected: torch.Tensor) -> float:
    return torch.nn.functional.cosine_similarity(found, expected).min().item()
