"""A loaded model that embeds: tokens in batches through the forward pass, with what can go wrong on the way."""

import math
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import tokenizers
import torch
import transformers
from sentence_transformers import SentenceTransformer

from knowledge_map.common.device import choose_device, half_precision_pays, is_out_of_memory
from knowledge_map.common.errors import UserError
from knowledge_map.common.hub import model_folder
from knowledge_map.common.items import ARTICLE
from knowledge_map.common.progress import log
from knowledge_map.embedding.encoders.base import AUTO, Embedded, TextBlock, TextEncoder
from knowledge_map.embedding.encoders.batching import STEP, Batch, TokenBudget, first_batch
from knowledge_map.embedding.encoders.forward import Forward, forward_pass
from knowledge_map.embedding.encoders.tokenization import Tokenized, Tokenizer
from knowledge_map.embedding.model import EmbeddingModel

UNIT_TOLERANCE = 1e-4

CPU_TOKENS = 2_048
"""Tokens of a batch on a CPU: what the layers pass on stays in the cache, and more gain nothing (benchmarks/embedding.py)."""

GPU_TOKENS = 32_768
"""Tokens of a batch on a GPU at most; more gain nothing."""

AHEAD = 2
"""Blocks that are tokenized while another is embedded."""

GPU_SHARE = 0.8
"""Of the free memory of a GPU, how much a batch may take."""


class LocalEncoder(TextEncoder):
    """A loaded model. Batches hold as many tokens as fit; when memory runs out they are halved, down to one text.

    Parameters
    ----------
    model : what to load; see EmbeddingModel.
    device : "auto", "cpu", "cuda", "cuda:N" or "mps".
    batch_tokens : tokens at once, to begin with; "auto" is what the device has room for.
    threads : CPU threads.
    memory : a file in which the batches that fit are remembered, or None.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        device: str = "auto",
        batch_tokens: int | str = AUTO,
        threads: int | None = None,
        memory: Path | None = None,
    ):
        if threads is not None:
            threads = max(threads, 1)  # Snakemake calls a job that takes no core from others one of 0 threads
            torch.set_num_threads(threads)
            os.environ.setdefault("RAYON_NUM_THREADS", str(threads))  # the tokenizer's
        self.model, self.device = model, choose_device(device)
        self.precision = model.precision
        if self.precision == AUTO:
            self.precision = "bfloat16" if half_precision_pays(self.device) else "float32"
        transformer = self._load(self.precision)
        self.prompt = _prompt(model, transformer)
        self.dimension = int(transformer.get_embedding_dimension() or 0)
        self._tokenizer = self._tokenizer_of(transformer)
        self._float32: Forward | None = None
        try:
            self._forward = forward_pass(transformer, self._tokenizer, model.kind)
            tokens = self._fitting() if batch_tokens == AUTO else int(batch_tokens)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise UserError(
                f"{model.model} leaves no room for texts in the memory of {self.device}; give the job more memory."
            ) from None
        self.budget = TokenBudget(tokens, memory, f"{model.model}, {self.precision}, {_name(self.device)}")
        log.info(
            f"{model.model}: {self.dimension} dimensions, {self.precision} on {self.device}, "
            f"{self.budget.tokens:,} tokens a batch"
        )

    def encode_blocks(self, blocks: Iterable[TextBlock]) -> Iterator[Embedded]:
        """Yield the vectors of each block, in order; another thread tokenizes the next ones meanwhile."""
        waiting = deque()
        with ThreadPoolExecutor(1, "tokenizer") as other:
            for item_ids, texts in blocks:
                waiting.append((item_ids, other.submit(self.tokenize, texts)))
                if len(waiting) > AHEAD:
                    item_ids, tokenized = waiting.popleft()
                    yield self.embed(tokenized.result(), item_ids)
            for item_ids, tokenized in waiting:
                yield self.embed(tokenized.result(), item_ids)

    def tokenize(self, texts: Sequence[str]) -> Tokenized:
        """Return the tokens of texts; another thread may do this while `embed` is at work on others."""
        return self._tokenizer(texts)

    def embed(self, tokenized: Tokenized, item_ids: Sequence[str]) -> Embedded:
        """Embed tokenized items, in their order.

        An item whose vector is not finite is tried once more in float32. Raises UserError, naming item ids, where that fails
        too, where a text has no tokens, and where even a single one does not fit into memory.
        """
        empty = [item_ids[i] for i in np.flatnonzero(tokenized.lengths == 0).tolist()]
        if empty:
            raise UserError(
                f"{self.model.model} knows no part of the text of {len(empty)} items ({', '.join(empty[:10])}); "
                "remove them from their source."
            )
        vectors = np.empty((len(item_ids), self.dimension), np.float32)
        # Long texts first: memory runs out at once or never.
        waiting = np.argsort(-tokenized.lengths, kind="stable")
        under_way: PendingBatch | None = None
        while len(waiting):
            batch = first_batch(tokenized, waiting, self.budget.tokens)
            try:
                found = PendingBatch(batch, self._forward(batch))
            except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve_batch(batch, item_ids)
                continue
            # One batch behind: the device works on this one while the vectors of the last arrive.
            if under_way:
                under_way.arrive(vectors)
            under_way = found
            waiting = waiting[len(batch.rows) :]
        if under_way:
            under_way.arrive(vectors)
        vectors = _unit(vectors)
        self._encode_again(vectors, tokenized, item_ids)
        return Embedded(vectors, tokenized.truncated, self.prompt, self.precision)

    def _halve_batch(self, batch: Batch, item_ids: Sequence[str]) -> None:
        if len(batch.rows) == 1:
            raise UserError(
                f"{item_ids[batch.rows[0]]}: one text of {batch.lengths[0]:,} tokens does not fit into the memory of "
                f"{self.device}; lower embedding.max_tokens or give the job more memory."
            )
        self.budget.halve(int(batch.lengths.sum()))
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        log.warning(f"out of memory on {self.device}: going on with batches of {self.budget.tokens:,} tokens")

    def _encode_again(self, vectors: np.ndarray, tokenized: Tokenized, item_ids: Sequence[str]) -> None:
        invalid = np.flatnonzero(~is_unit_norm(vectors))
        if not len(invalid):
            return
        log.warning(f"{len(invalid)} texts gave no finite unit vector in {self.precision}; again in float32")
        if self._float32 is None:
            self._float32 = forward_pass(self._load("float32"), self._tokenizer, self.model.kind)
        for i in invalid:
            vectors[i] = _unit(self._float32(first_batch(tokenized, np.array([i]), 1)).cpu().numpy())[0]
        failed = [item_ids[i] for i in np.flatnonzero(~is_unit_norm(vectors)).tolist()]
        if failed:
            raise UserError(
                f"{self.model.model} gives no finite unit vector for {len(failed)} texts ({', '.join(failed[:10])}); "
                "is the model whole? Remove these articles from their source to go on without them."
            )

    def _load(self, precision: str) -> SentenceTransformer:
        folder = self.model.folder() or model_folder(self.model.model, self.model.revision or "")
        transformers.logging.disable_progress_bar()  # of half a second, in the midst of the log
        try:
            transformer = SentenceTransformer(
                str(folder),
                device=str(self.device),
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"dtype": getattr(torch, precision)},
            )
        except Exception as error:
            # Whatever a damaged file raises, the user's question is which model could not be had.
            reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise UserError(f"embedding.model {self.model.model} cannot be loaded: {reason}") from error
        limit = _position_limit(transformer)
        if self.model.max_tokens > limit:
            raise UserError(f"embedding.max_tokens is {self.model.max_tokens}, but {self.model.model} takes at most {limit}.")
        own = _own_tokenizer(transformer)
        if isinstance(own, tokenizers.Tokenizer):  # of static embeddings, which know no other limit
            own.enable_truncation(self.model.max_tokens)
        else:
            transformer.max_seq_length = self.model.max_tokens
        return transformer.eval()

    def _tokenizer_of(self, transformer: SentenceTransformer) -> Tokenizer:
        own = _own_tokenizer(transformer)
        fast = getattr(own, "backend_tokenizer", own)
        if not isinstance(fast, tokenizers.Tokenizer):
            raise UserError(f"embedding.model {self.model.model} has no fast tokenizer (tokenizer.json); choose another model.")
        side, special_tokens = getattr(own, "truncation_side", "right"), fast is not own
        return Tokenizer(fast, self.model.max_tokens, self.prompt, side, special_tokens)

    def _fitting(self) -> int:
        """Return how many tokens a batch may have on this device, by what one of a few takes there."""
        if self.device.type != "cuda":
            return CPU_TOKENS
        sample = self._tokenizer(["a " * self.model.max_tokens] * max(1, CPU_TOKENS // self.model.max_tokens))
        batch = first_batch(sample, np.arange(len(sample.texts)), len(sample.ids))
        torch.cuda.reset_peak_memory_stats(self.device)
        before = torch.cuda.memory_allocated(self.device)
        self._forward(batch)
        each = (torch.cuda.max_memory_allocated(self.device) - before) / len(batch.ids)
        torch.cuda.empty_cache()
        free, _ = torch.cuda.mem_get_info(self.device)
        return int(np.clip(GPU_SHARE * free / each, STEP, GPU_TOKENS)) // STEP * STEP


class PendingBatch:
    """The vectors of a batch, which a device is still at work on."""

    def __init__(self, batch: Batch, vectors: torch.Tensor):
        self._rows, self._vectors, self._here = batch.rows, vectors, None
        if vectors.is_cuda:
            self._vectors = torch.empty(vectors.shape, dtype=vectors.dtype, pin_memory=True)
            self._vectors.copy_(vectors, non_blocking=True)
            self._here = torch.cuda.Event()
            self._here.record()

    def arrive(self, vectors: np.ndarray) -> None:
        """Write them to their rows."""
        if self._here:
            self._here.synchronize()
        vectors[self._rows] = self._vectors.cpu().numpy()


def is_unit_norm(vectors: np.ndarray) -> np.ndarray:
    """Return which rows of `vectors`, float32 [n, D], are finite and of unit length, bool [n]."""
    with np.errstate(invalid="ignore"):
        return np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT_TOLERANCE


def _unit(vectors: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _prompt(model: EmbeddingModel, transformer: SentenceTransformer) -> str:
    """Return what is put before a text: the configured prompt or the model's own."""
    if model.prompt is not None:
        return model.prompt
    names = ("document", "passage", "corpus") if model.kind == ARTICLE else ("query",)
    own = transformer.prompts or {}
    return next((prompt for name in names if (prompt := own.get(name))), "")


def _own_tokenizer(transformer: SentenceTransformer) -> object:
    return getattr(transformer[0], "tokenizer", None)


def _position_limit(transformer: SentenceTransformer) -> float:
    """Return how many tokens the model has positions for."""
    config = getattr(getattr(transformer[0], "auto_model", None), "config", None)
    return getattr(config, "max_position_embeddings", None) or math.inf


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
