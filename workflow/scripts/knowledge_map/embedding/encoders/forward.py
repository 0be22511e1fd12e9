"""The ways of batches through a model's own modules: without padding, in rectangles, and by sentence-transformers' `encode`."""

import copy
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling

from knowledge_map.common.items import ARTICLE
from knowledge_map.embedding.encoders.attention import PACKED, RECTANGULAR, Packing
from knowledge_map.embedding.encoders.batching import Batch
from knowledge_map.embedding.encoders.loading import LoadedModel

Forward = Callable[[Batch], torch.Tensor]
"""From a batch to its vectors, float32 [n, D], of whatever length."""

EAGER = "eager"
"""The attention that transformers writes out as products, without a kernel of the device."""


class PackedForward:
    """Texts one behind the other, without padding: every product is of real tokens.

    The attention of the model's layers is replaced (see `attention`); pooling and what comes after it are the model's own
    modules, in float32. Packing as sentence-transformers does it where FlashAttention is installed. Raises
    NotImplementedError for a model that cannot be packed.
    """

    def __init__(self, loaded: LoadedModel):
        self._model, self._pooled = _parts(loaded)
        self._first_position = _first_position(loaded)

    @torch.inference_mode()
    def __call__(self, batch: Batch) -> torch.Tensor:
        """Return the vectors of a batch, float32 [n, D], on the model's device."""
        _use_attention(self._model, PACKED)
        device = self._model.device
        packing = Packing.of(np.append(batch.lengths, batch.filling) if batch.filling else batch.lengths, device)
        hidden = self._model(
            input_ids=_moved(batch.ids, device)[None],
            position_ids=_moved(batch.positions + self._first_position, device)[None],
            use_cache=False,
            packing=packing,
        ).last_hidden_state
        return self._pooled(hidden[:, : len(batch.ids) - batch.filling], packing.starts[: len(batch.rows) + 1])


class RectangularForward:
    """Texts in rectangles of few shapes, each padded at its end.

    The device does the layers; real tokens are pooled on the CPU, where their number may be any. Rows without a text repeat the
    first. Raises NotImplementedError for a model whose attention cannot be replaced.

    Parameters
    ----------
    largest_buffer : numbers that one buffer of the device may hold.
    """

    def __init__(self, loaded: LoadedModel, largest_buffer: int):
        self._model, self._pooled = _parts(loaded, torch.device("cpu"))
        self._first_position = _first_position(loaded)
        self._largest_buffer = largest_buffer

    @torch.inference_mode()
    def __call__(self, batch: Batch) -> torch.Tensor:
        """Return the vectors of a batch that has a rectangle, float32 [n, D], on the CPU."""
        assert batch.rectangle  # this device is given no others
        _use_attention(self._model, RECTANGULAR)
        (rows, length), texts, device = batch.rectangle, len(batch.rows), self._model.device
        lengths = np.append(batch.lengths, np.repeat(batch.lengths[0], rows - texts))
        real = np.arange(length) < lengths[:, None]
        ids = np.full((rows, length), batch.ids[0])
        ids[:texts][real[:texts]] = batch.ids
        ids[texts:] = ids[0]
        positions = np.broadcast_to(np.arange(length) + self._first_position, (rows, length))
        hidden = self._model(
            input_ids=_moved(ids, device),
            position_ids=_moved(positions.copy(), device),
            use_cache=False,
            real=_moved(real, device),
            largest_buffer=self._largest_buffer,
        ).last_hidden_state.cpu()
        starts = torch.from_numpy(np.concatenate([[0], np.cumsum(batch.lengths)]).astype(np.int32))
        return self._pooled(hidden[:texts][torch.from_numpy(real[:texts])][None], starts)


class PaddedForward:
    """The `encode` of sentence-transformers, for models that must have it so.

    Parameters
    ----------
    attention : the attention of the model's layers; None is the model's own.
    together : whether the texts of a batch go together, padded, or one at a time.
    """

    def __init__(self, loaded: LoadedModel, attention: str | None = None, together: bool = True):
        transformer = loaded.transformer
        self._encode = transformer.encode_document if loaded.kind == ARTICLE else transformer.encode_query
        self._model, self._attention = loaded.inner, loaded.attention and (attention or loaded.attention)
        self._prompt, self._together = loaded.prompt, together

    def __call__(self, batch: Batch) -> torch.Tensor:
        """Return the vectors of a batch, float32 [n, D]."""
        if self._attention:
            _use_attention(self._model, self._attention)
        texts, size = list(batch.texts), len(batch.texts) if self._together else 1
        settings = {"prompt": self._prompt, "batch_size": size, "show_progress_bar": False, "convert_to_tensor": True}
        return cast(torch.Tensor, self._encode(texts, **settings)).float()


def _use_attention(model: Any, attention: str) -> None:
    """Let a model's layers attend so; several ways through the same model take turns."""
    if model.config._attn_implementation != attention:
        model.set_attn_implementation(attention)


class _Pooled:
    """From the last layer's output for packed texts to their vectors, by the model's own modules in float32."""

    def __init__(self, modules: list[Any], device: torch.device | None):
        self._modules = [copy.deepcopy(module).float().to(device=device) for module in modules]

    def __call__(self, hidden: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        """Return the vectors, float32 [n, D], of texts whose tokens' states are `hidden`, [1, tokens, D].

        Text i has those from `starts[i]`, int32 [n + 1], to the next.
        """
        features = {"token_embeddings": hidden.float(), "cu_seq_lens_q": starts}
        for module in self._modules:
            features = module(features)
        return features["sentence_embedding"].float()


def _parts(loaded: LoadedModel, device: torch.device | None = None) -> tuple[Any, _Pooled]:
    """Return the layers of a model, and what comes after them, on the device.

    Raises NotImplementedError, with the reason in words, where their attention cannot be replaced.
    """
    first, *rest = loaded.transformer
    reason = _why_not_packed(first, rest, loaded.prompt)
    if reason:
        raise NotImplementedError(reason)
    return loaded.inner, _Pooled(rest, device)


def _why_not_packed(first: Any, rest: list[Any], prompt: str) -> str | None:
    """Return what keeps a model from being packed, as far as can be told without trying."""
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


def _first_position(loaded: LoadedModel) -> int:
    """Return the position of a text's first token: 0, but RoBERTa begins after its padding index."""
    first: Any = loaded.transformer[0]
    return first._infer_flatten_position_offset()


def _moved(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return an array on the device; it is copied there while the device works."""
    tensor = torch.from_numpy(array)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)
