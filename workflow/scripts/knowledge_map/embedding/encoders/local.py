"""A loaded model that embeds: tokens in batches through the forward pass, with what can go wrong on the way."""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from knowledge_map.common.device import (
    DevicePolicy,
    choose_device,
    device_memory,
    empty_cache,
    half_precision_pays,
    is_out_of_memory,
    policy_of,
)
from knowledge_map.common.errors import UserError
from knowledge_map.common.memory import Held, free_memory, process_memory
from knowledge_map.common.progress import Progress, log
from knowledge_map.embedding.encoders.base import AUTO, Embedded, NoRoomError, TextBlock, TextEncoder
from knowledge_map.embedding.encoders.batching import STEP, Batch, TokenBudget, few_lengths, first_batch
from knowledge_map.embedding.encoders.checking import VectorCheck
from knowledge_map.embedding.encoders.forward import Forward
from knowledge_map.embedding.encoders.loading import LoadedModel, load_model
from knowledge_map.embedding.encoders.tokenization import Tokenized
from knowledge_map.embedding.encoders.trial import PROBES, Reference, first_agreeing, normalized_rows
from knowledge_map.embedding.model import EmbeddingModel

UNIT_TOLERANCE = 1e-4

CPU_TOKENS = 2_048
"""Tokens of a batch on a CPU: what the layers pass on stays in the cache, and more gain nothing (benchmarks/embedding.py).

And on Metal, where the last rectangle of a block is mostly empty.
"""

GPU_TOKENS = 32_768
"""Tokens of a batch on a GPU at most; more gain nothing."""

AHEAD = 2
"""Blocks that are tokenized while another is embedded."""

GPU_SHARE = 0.8
"""Of the free memory of a GPU, how much a batch may take."""

REFERENCE_SHARE = 0.5
"""Of the free memory of the machine, how much the reference may take."""

FLOAT32 = 4
"""Bytes of a number."""

CPU = torch.device("cpu")


class Place(NamedTuple):
    """Where a model computes, in which number type, and how its batches are to be there."""

    device: torch.device
    precision: str
    policy: DevicePolicy


class LocalEncoder(TextEncoder):
    """A loaded model. Batches hold as many tokens as fit; when memory runs out they are halved, down to one text.

    The first way through the model whose vectors agree with the reference is taken: on the device in the wanted precision, there
    in float32, on the CPU. A few texts of every block are made again by the reference. A block that is off is made again whole,
    one text at a time; a device that is off twice is left.

    Parameters
    ----------
    model : what to load; see EmbeddingModel.
    device : "auto", "cpu", "cuda", "cuda:N" or "mps".
    batch_tokens : tokens at once, to begin with; "auto" is what the device has room for.
    threads : CPU threads.
    memory : a file in which the batches that fit are remembered, or None.
    policy : how the device wants its batches; None is as it is known.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        device: str = "auto",
        batch_tokens: int | str = AUTO,
        threads: int | None = None,
        memory: Path | None = None,
        policy: DevicePolicy | None = None,
    ):
        if threads is not None:
            threads = max(threads, 1)  # Snakemake calls a job that takes no core from others one of 0 threads
            torch.set_num_threads(threads)
            os.environ.setdefault("RAYON_NUM_THREADS", str(threads))  # the tokenizer's
        self.model, self._batch_tokens, self._memory = model, batch_tokens, memory
        chosen = choose_device(device)
        precision = model.precision
        if precision == AUTO:
            precision = "bfloat16" if half_precision_pays(chosen) else "float32"
        self._models: dict[tuple[str, str], LoadedModel] = {}
        self._place = Place(chosen, precision, policy or policy_of(chosen))
        loaded = self._loaded(self._place)
        self.prompt = loaded.prompt
        self.dimension = int(loaded.transformer.get_embedding_dimension() or 0)
        self._tokenizer = loaded.tokenizer(model.max_tokens)
        self.reference = Reference(self._load_reference)
        self._check = VectorCheck(self.reference)
        self._again: Forward | None = None
        self._times_off = 0
        in_float32 = [self._place._replace(precision="float32"), Place(CPU, "float32", DevicePolicy())]
        try:
            self._forward = self._take([self._place, *in_float32])
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise UserError(
                f"{model.model} leaves no room for texts in the memory of {self.device}; give the job more memory."
            ) from None
        log.info(
            f"{model.model}: {self.dimension} dimensions, {self.precision} on {self.device}, "
            f"{self.budget.tokens:,} tokens a batch"
        )

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return self._place.device

    @property
    def precision(self) -> str:
        """The number type that it computes in."""
        return self._place.precision

    def usage(self) -> str:
        """Return how many texts were made again by the reference."""
        return f"{self._check.texts:,} checked"

    def held(self) -> list[Held]:
        """Return what this process holds of the machine's memory and of the device's."""
        return [process_memory(), *device_memory(self.device)]

    def release(self) -> None:
        """Give back the memory of the device that nothing uses at present."""
        super().release()
        empty_cache(self.device)

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
        begun = time.monotonic()
        vectors = normalized_rows(self._vectors(tokenized, item_ids))
        seconds = time.monotonic() - begun
        reason = self._encode_again(vectors, tokenized, item_ids) or self._reason_off(vectors, tokenized, item_ids, seconds)
        precision = self.precision
        if reason:
            vectors, precision = self._by_reference(tokenized, item_ids, reason), self.reference.loaded.precision
        return Embedded(vectors, tokenized.truncated, self.prompt, precision)

    def _vectors(self, tokenized: Tokenized, item_ids: Sequence[str]) -> np.ndarray:
        """Return what the model gives for texts, float32 [n, D], of whatever length."""
        vectors = np.empty((len(item_ids), self.dimension), np.float32)
        # Long texts first: memory runs out at once or never.
        waiting = np.argsort(-tokenized.lengths, kind="stable")
        under_way: PendingBatch | None = None
        while len(waiting):
            batch = first_batch(tokenized, waiting, self.budget.tokens, self._padded_to)
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
        return vectors

    def _halve_batch(self, batch: Batch, item_ids: Sequence[str]) -> None:
        if len(batch.rows) == 1:
            self.budget.forget()
            raise NoRoomError(
                f"{item_ids[batch.rows[0]]}: one text of {batch.lengths[0]:,} tokens does not fit into the memory of "
                f"{self.device}; lower embedding.max_tokens or give the job more memory."
            )
        self.budget.halve(int(batch.lengths.sum()))
        empty_cache(self.device)
        log.warning(f"out of memory on {self.device}: going on with batches of {self.budget.tokens:,} tokens")

    def _encode_again(self, vectors: np.ndarray, tokenized: Tokenized, item_ids: Sequence[str]) -> str | None:
        """Embed texts whose vectors are zero or not finite again in float32.

        Where these are most although it was float32, return that in words: it is not the number type that is wrong.
        """
        invalid = np.flatnonzero(~is_unit_norm(vectors))
        if not len(invalid):
            return None
        if 2 * len(invalid) > len(vectors) and self.precision == "float32" and self._forward != self.reference.forward:
            return f"{len(invalid):,} of {len(vectors):,} vectors are zero or not finite"
        log.warning(f"{len(invalid)} texts gave no finite unit vector in {self.precision}; again in float32")
        if self._again is None:
            self._again = self._way_in_float32()
        for i in invalid:
            vectors[i] = normalized_rows(self._again(first_batch(tokenized, np.array([i]), 1)).cpu().numpy())[0]
        self._check_finite(vectors, item_ids)
        return None

    def _check_finite(self, vectors: np.ndarray, item_ids: Sequence[str]) -> None:
        failed = [item_ids[i] for i in np.flatnonzero(~is_unit_norm(vectors)).tolist()]
        if failed:
            raise UserError(
                f"{self.model.model} gives no finite unit vector for {len(failed)} texts ({', '.join(failed[:10])}); "
                "is the model whole? Remove these articles from their source to go on without them."
            )

    def _reason_off(self, vectors: np.ndarray, tokenized: Tokenized, item_ids: Sequence[str], seconds: float) -> str | None:
        """Return in words which text of a block the reference gives another vector, None if it was found to give none."""
        if self._forward == self.reference.forward:
            return None
        try:
            found = self._check.off(vectors, tokenized, self.precision, seconds)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None  # vectors that fit are not lost to a check that does not
        return found and f"{item_ids[found[0]]}: its vector is wrong, cosine {found[1]:.3f} to that of the reference"

    def _by_reference(self, tokenized: Tokenized, item_ids: Sequence[str], reason: str) -> np.ndarray:
        """Return the vectors of a block whose vectors are off, by the reference; leave a device that is off twice."""
        log.warning(f"{self.device}: {reason}; this block is made again, {self.reference}")
        progress, vectors = Progress(len(item_ids), "texts"), []
        for text in tokenized.texts:
            vectors.append(self.reference.vectors([str(text)]))
            progress.advance()
        found = np.vstack(vectors)
        self._check_finite(found, item_ids)
        self._times_off += 1
        if self._times_off == 2:
            elsewhere = [] if self._place[::2] == (CPU, DevicePolicy()) else [Place(CPU, "float32", DevicePolicy())]
            log.warning(f"{self.device} was off twice: it is left for the rest of this job")
            left = self._place
            self._forward, self._again = self._take(elsewhere), None
            self._forget(left)
        return found

    def _take(self, places: Sequence[Place]) -> Forward:
        """Return the first way, at the first of these places, that agrees with the reference; else that of the reference.

        From then on the encoder computes there.
        """
        for place in dict.fromkeys(places):
            self._place = place
            self._padded_to = few_lengths(self.model.max_tokens) if place.policy.few_shapes else None
            self.budget = self._budget(CPU_TOKENS if self._batch_tokens == AUTO else int(self._batch_tokens))
            forward = self._tried(place)
            if forward:
                if self._batch_tokens == AUTO and place.device.type == "cuda" and not place.policy.few_shapes:
                    self.budget = self._budget(self._fitting(forward))
                return forward
            self._forget(place)
        loaded = self.reference.loaded
        self._place, self._padded_to = Place(loaded.device, loaded.precision, DevicePolicy()), None
        self.budget = self._budget(CPU_TOKENS)
        log.warning(f"{self.model.model}: embedded by the reference ({self.reference}), which is many times slower")
        return self.reference.forward

    def _tried(self, place: Place) -> Forward | None:
        """Return the first way at a place that agrees with the reference, None if none does."""
        probes = self._tokenizer(PROBES)
        # Where shapes are kept, the trial has no other than the job.
        tokens = self.budget.tokens if place.policy.few_shapes else len(probes.ids)
        return first_agreeing(self._loaded(place), place.policy, self.reference, probes, tokens, self._padded_to)

    def _way_in_float32(self) -> Forward:
        """Return a way for a text whose vector is not finite: in float32 on the device, if it agrees, or by the reference."""
        if self.precision == "float32" or self._place.policy.few_shapes:
            return self.reference.forward
        return self._tried(self._place._replace(precision="float32")) or self.reference.forward

    def _loaded(self, place: Place) -> LoadedModel:
        key = (str(place.device), place.precision)
        if key not in self._models:
            self._models[key] = load_model(self.model, place.precision, place.device)
        return self._models[key]

    def _forget(self, place: Place) -> None:
        """Give the memory of a model back, unless it is that of the reference."""
        key = (str(place.device), place.precision)
        if key in self._models and self._models[key] is not self.reference.loaded:
            del self._models[key]
            self.release()

    def _load_reference(self) -> LoadedModel:
        """Return the model in float32 on the CPU, or where memory has no room for that, as it is at work."""
        wanted = Place(CPU, "float32", DevicePolicy())
        at_work = self._loaded(self._place)
        needed, free = FLOAT32 * at_work.parameters, free_memory()
        if (str(CPU), "float32") in self._models or needed < REFERENCE_SHARE * free:
            return self._loaded(wanted)
        log.warning(
            f"{self.model.model} takes {needed / 1e6:,.0f} MB in float32, and {free / 1e6:,.0f} MB are free: "
            f"vectors are compared with those of one text at a time in {at_work.precision} on {at_work.device}"
        )
        return at_work

    def _budget(self, tokens: int) -> TokenBudget:
        """Return the tokens of a batch, fewer where memory has run out with that many before."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else self.device.type
        return TokenBudget(tokens, self._memory, f"{self.model.model}, {self.precision}, {name}")

    def _fitting(self, forward: Forward) -> int:
        """Return how many tokens a batch may have on this GPU, by what one of a few takes there."""
        sample = self._tokenizer(["a " * self.model.max_tokens] * max(1, CPU_TOKENS // self.model.max_tokens))
        batch = first_batch(sample, np.arange(len(sample.texts)), len(sample.ids))
        torch.cuda.reset_peak_memory_stats(self.device)
        before = torch.cuda.memory_allocated(self.device)
        forward(batch)
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
