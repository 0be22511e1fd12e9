"""Which way through a model is taken: the first whose vectors agree with those of a reference."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from knowledge_map.common.device import DevicePolicy, is_out_of_memory
from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import log
from knowledge_map.embedding.encoders.batching import Batch, first_batch
from knowledge_map.embedding.encoders.forward import EAGER, Forward, PackedForward, PaddedForward, RectangularForward
from knowledge_map.embedding.encoders.loading import LoadedModel
from knowledge_map.embedding.encoders.tokenization import Tokenized

PROBES = ["A", "Rivers carry sand to the sea. " * 4, "Größe, 42: naïve?", "Rivers carry sand to the sea. " * 4]
"""Texts of several lengths, two of them alike, by which a way is tried."""

LEAST_COSINE = {"float32": 0.99999, "bfloat16": 0.995, "float16": 0.995}
"""Between a vector and that of the reference, by number type. Wrong attention, positions or pooling change far more."""


class Reference:
    """Vectors that can be trusted: of one text at a time, without padding, by sentence-transformers, in float32 on the CPU.

    Where the attention of the model gives vectors that are not finite, plain attention takes its place.

    Parameters
    ----------
    load : returns the model; called when vectors are asked for the first time.

    Attributes
    ----------
    seconds, texts : what it has taken so far, and for how many texts.
    """

    def __init__(self, load: Callable[[], LoadedModel]):
        self._load = load
        self.seconds, self.texts = 0.0, 0

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Return the vectors of texts, float32 [n, D], of unit length; what is not finite stays so."""
        forward = self.forward  # loads the model, which is not counted
        begun = time.monotonic()
        vectors = normalized_rows(np.vstack([forward(_batch_of(text)).cpu().numpy() for text in texts]))
        self.seconds += time.monotonic() - begun
        self.texts += len(texts)
        return vectors

    @cached_property
    def loaded(self) -> LoadedModel:
        """The model."""
        return self._load()

    @cached_property
    def forward(self) -> Forward:
        """The way to its vectors, once it was found to give finite ones.

        Raises UserError where it never does.
        """
        for attention in (None, EAGER):
            forward = PaddedForward(self.loaded, attention, together=False)
            if all(np.isfinite(forward(_batch_of(probe)).cpu().numpy()).all() for probe in PROBES):
                return forward
            log.warning(
                f"{self.loaded.name}: {attention or self.loaded.attention or 'its own'} attention gives no finite vectors"
            )
        raise UserError(f"{self.loaded.name} gives no finite vector, even of one text at a time; is the model whole?")

    @cached_property
    def probes(self) -> np.ndarray:
        """The vectors of the probes, float32 [probes, D]."""
        return self.vectors(PROBES)

    def __str__(self) -> str:
        """Return what it is, in words."""
        return f"one text at a time, in {self.loaded.precision} on {self.loaded.device}"


@dataclass(frozen=True)
class Way:
    """A way of batches through a model.

    Attributes
    ----------
    name : in words.
    cost : what it costs beside the first, in words; "" for the first.
    open : makes it of a loaded model. Raises NotImplementedError, with the reason, for a model that cannot go it.
    """

    name: str
    cost: str
    open: Callable[[LoadedModel], Forward]


def ways_of(policy: DevicePolicy) -> list[Way]:
    """Return the ways that a device may go, the quickest first."""
    if policy.few_shapes:
        return [Way("padded to few shapes", "", partial(RectangularForward, largest_buffer=policy.largest_buffer))]
    return [
        Way("without padding", "", PackedForward),
        Way("by the `encode` of sentence-transformers, with padding", "slower, by 1.1 to 1.3 times", PaddedForward),
        Way("the same with plain attention", "slower, and takes more memory", partial(PaddedForward, attention=EAGER)),
        Way("one text at a time", "many times slower", partial(PaddedForward, together=False)),
    ]


def first_agreeing(
    loaded: LoadedModel,
    policy: DevicePolicy,
    reference: Reference,
    probes: Tokenized,
    tokens: int,
    padded_to: np.ndarray | None,
) -> Forward | None:
    """Return the first way through a model whose vectors agree with the reference; None if none does. The log tells of each.

    Parameters
    ----------
    probes : the tokens of PROBES.
    tokens, padded_to : how they are put into batches; see `first_batch`.

    Raises what the device raises when it is out of memory.
    """
    least = LEAST_COSINE[loaded.precision]
    for way in ways_of(policy):
        tried = f"{way.name}, {loaded.precision} on {loaded.device}"
        try:
            forward = way.open(loaded)
            cosine = least_cosine(_vectors(forward, probes, tokens, padded_to), reference.probes)
        except (RuntimeError, TypeError, ValueError, AttributeError) as error:  # of the model's code, or of a device's kernel
            if is_out_of_memory(error):
                raise
            log.info(f"{tried}: not possible ({error})")
            continue
        found = "not finite" if math.isnan(cosine) else f"cosine {cosine:.5f} to the reference ({reference})"
        if cosine >= least:
            log.info(f"{tried}: taken; {found}" + (f". It is {way.cost}" if way.cost else ""))
            return forward
        log.warning(f"{tried}: its vectors come out differently; {found}")
    return None


def normalized_rows(vectors: np.ndarray) -> np.ndarray:
    """Return rows at unit length; those that are zero or not finite become, or stay, not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def least_cosine(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the least cosine between rows, float32 [n, D], of unit length; NaN where one is not finite."""
    return float(np.einsum("nd,nd->n", found, expected).min())


def _vectors(forward: Forward, probes: Tokenized, tokens: int, padded_to: np.ndarray | None) -> np.ndarray:
    """Return the vectors of the probes, long ones first as in a job, float32 [probes, D]."""
    waiting, found = np.argsort(-probes.lengths, kind="stable"), {}
    while len(waiting):
        batch = first_batch(probes, waiting, tokens, padded_to)
        found |= dict(zip(batch.rows.tolist(), forward(batch).cpu().numpy(), strict=True))
        waiting = waiting[len(batch.rows) :]
    return normalized_rows(np.stack([found[row] for row in range(len(found))]))


def _batch_of(text: str) -> Batch:
    """Return a batch of one text, for a way that makes its tokens itself."""
    none = np.empty(0, np.int64)
    return Batch(rows=np.zeros(1, np.int64), texts=[text], ids=none, positions=none, lengths=none, filling=0)
