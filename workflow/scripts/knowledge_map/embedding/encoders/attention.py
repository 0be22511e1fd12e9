"""Attention over packed texts, which stand one behind the other without padding, and over texts in a rectangle of one shape.

No text sees another. Transformers hands the queries, keys and values of a layer to the functions registered here, in place of
its own.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface

PACKED = "packed"
"""The name under which transformers knows it (`attn_implementation`)."""

RECTANGULAR = "rectangular"
"""The same of texts in a rectangle."""

WITHOUT_MEANING = {"position_ids", "use_cache", "output_attentions", "output_hidden_states", "cache_position", "deterministic"}
"""What a model may hand over besides, and attention has no use for."""


@dataclass(frozen=True)
class Packing:
    """Where the texts of a batch lie.

    Attributes
    ----------
    groups : (first token, texts, tokens of each) of runs of texts of one length.
    starts : int32 [texts + 1] on the device, the first token of each; the last is the end.
    longest : tokens of the longest text.
    """

    groups: list[tuple[int, int, int]]
    starts: torch.Tensor
    longest: int

    @classmethod
    def of(cls, lengths: np.ndarray, device: torch.device) -> "Packing":
        """Return the packing of texts of these lengths, int [texts]."""
        groups, first = [], 0
        for length, run in groupby(lengths.tolist()):
            count = len(list(run))
            groups.append((first, count, length))
            first += count * length
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        return cls(groups, torch.from_numpy(starts).to(device, non_blocking=True), max(lengths.tolist()))


def packed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    packing: Packing,
    scaling: float | None = None,
    is_causal: bool | None = None,
    sliding_window: int | None = None,
    dropout: float = 0.0,
    **others,
) -> tuple[torch.Tensor, None]:
    """Return the attention of each text to itself, [1, tokens, heads, size], and no weights.

    `query` is [1, heads, tokens, size]; `key` and `value` may have fewer heads (grouped queries). With a sliding window a
    token sees those less than so many positions away. Raises NotImplementedError where a model asks for more, such as biases.
    """
    causal = _checked(module, attention_mask, is_causal, others)
    query, key, value = (tensor[0].transpose(0, 1) for tensor in (query, key, value))  # [tokens, heads, size]
    attend = _by_kernel if query.is_cuda and query.dtype != torch.float32 else _by_length
    return attend(query, key, value, packing, scaling, causal, sliding_window)[None], None


def rectangular_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    real: torch.Tensor,
    largest_buffer: int,
    scaling: float | None = None,
    is_causal: bool | None = None,
    sliding_window: int | None = None,
    dropout: float = 0.0,
    **others,
) -> tuple[torch.Tensor, None]:
    """Return the attention of each text to itself, [rows, tokens, heads, size], and no weights.

    `query` is [rows, heads, tokens, size]; `key` and `value` may have fewer heads. What pads a text stands behind it, so that a
    causal model never sees it and needs no mask; for others `real`, bool [rows, tokens], tells what is text. Every row begins
    with text: no token sees nothing, which gives NaN on some devices. Queries are taken in parts where the scores of all of
    them would be more than `largest_buffer` numbers.
    """
    causal = _checked(module, attention_mask, is_causal, others)
    rows, heads, length, _ = query.shape
    window = sliding_window if sliding_window is not None and sliding_window < length else None
    part = min(length, max(1, largest_buffer // (rows * heads * length)))
    # Shared heads are written out: not every device knows them.
    key, value = (tensor.repeat_interleave(heads // tensor.shape[1], 1) for tensor in (key, value))
    if causal and window is None and part == length:
        return scaled_dot_product_attention(query, key, value, is_causal=True, scale=scaling).transpose(1, 2), None
    attended = torch.empty_like(query, memory_format=torch.contiguous_format)
    for first in range(0, length, part):
        within = slice(min(first, length - part), min(first, length - part) + part)  # parts of one size: one shape
        seen = None if causal else real[:, None, None, :].expand(rows, 1, part, length)
        if causal or window is not None:
            band = _band(length, length if window is None else window, causal, query.device)[within]
            seen = band if seen is None else seen & band
        attended[:, :, within] = scaled_dot_product_attention(query[:, :, within], key, value, attn_mask=seen, scale=scaling)
    return attended.transpose(1, 2), None


def _checked(module: torch.nn.Module, attention_mask: None, is_causal: bool | None, others: dict) -> bool:
    """Return whether a layer's attention is causal. Raises NotImplementedError where it asks for more than is known here."""
    unknown = [name for name, given in others.items() if given is not None and name not in WITHOUT_MEANING]
    if unknown or attention_mask is not None:
        raise NotImplementedError(f"attention with {', '.join(unknown) or 'a mask'}")
    return getattr(module, "is_causal", True) if is_causal is None else is_causal


def _by_length(query, key, value, packing: Packing, scaling: float | None, causal: bool, window: int | None) -> torch.Tensor:
    """Attend in groups of texts of one length."""
    attended = torch.empty_like(query, memory_format=torch.contiguous_format)
    grouped_queries = key.shape[1] != query.shape[1]
    for first, count, length in packing.groups:
        within = slice(first, first + count * length)
        parts = (tensor[within].unflatten(0, (count, length)).transpose(1, 2) for tensor in (query, key, value))
        band = _band(length, window, causal, query.device) if window is not None and length > window else None
        found = scaled_dot_product_attention(
            *parts,
            attn_mask=band,
            is_causal=causal and band is None,
            scale=scaling,
            enable_gqa=grouped_queries,
        )
        attended[within] = found.transpose(1, 2).flatten(0, 1)
    return attended


def _band(length: int, window: int, causal: bool, device: torch.device) -> torch.Tensor:
    """Return which tokens see which, bool [length, length]."""
    position = torch.arange(length, device=device)
    behind = position[:, None] - position[None, :]
    return (behind < window) & (behind >= 0 if causal else behind > -window)


def _by_kernel(query, key, value, packing: Packing, scaling: float | None, causal: bool, window: int | None) -> torch.Tensor:
    """Attend by CUDA's kernel for texts of different lengths (FlashAttention: Dao 2023, arXiv 2307.08691)."""
    reach = -1 if window is None else window - 1
    attended = varlen_attn(
        query.contiguous(),
        key.contiguous(),
        value.contiguous(),
        packing.starts,
        packing.starts,
        packing.longest,
        packing.longest,
        scale=scaling,
        window_size=(reach, 0 if causal else reach),
        enable_gqa=key.shape[1] != query.shape[1],
    )
    assert isinstance(attended, torch.Tensor)  # nothing else was asked for
    return attended


for _name, _attend in ((PACKED, packed_attention), (RECTANGULAR, rectangular_attention)):
    AttentionInterface.register(_name, _attend)
    AttentionMaskInterface.register(_name, lambda *args, **settings: None)  # no mask is made: they know what is text
