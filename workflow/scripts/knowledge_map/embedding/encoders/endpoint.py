"""A model behind a server that speaks OpenAI's protocol for embeddings: vLLM, TEI, Ollama, llama.cpp, or a provider."""

import base64
import email.utils
import json
import os
import re
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from filelock import FileLock, Timeout
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)
from tenacity.nap import sleep_using_event

from knowledge_map.common.checksum import content_digest
from knowledge_map.common.errors import UserError
from knowledge_map.common.files import read_record, write_record
from knowledge_map.common.progress import log
from knowledge_map.common.text import reason_of, shown
from knowledge_map.common.vectors import normalized
from knowledge_map.embedding.encoders.base import Embedded, TextBlock, TextEncoder
from knowledge_map.embedding.model import ServedModel

ATTEMPTS = 12
"""Times that a request is made: with growing pauses, they go on for about five minutes."""

LONGEST_PAUSE = 60
"""Seconds between two attempts; a server that asks for more gets up to ten times as much."""

CHARACTERS = 8
"""Characters sent for each of max_tokens at most; tokens are a half as long, and the server cuts or refuses the rest."""

LARGEST_ANSWER = 1 << 28
"""Bytes of an answer; a thousand vectors of 4,096 numbers written out are a fifth of it."""

TOO_LONG = re.compile(
    r"too (?:long|large|many tokens)|context (?:length|size|window)|(?:maximum|max)[\w ]{0,30}(?:length|tokens|sequence)|"
    r"exceeds?\b.{0,60}\b(?:length|tokens|limit|size)|longer than",
    re.IGNORECASE,
)
"""How servers say that a text is longer than their model takes."""

SHORTEST = 16
"""Characters of a text that is not halved any more."""

PROBES = ("Mitochondria make most of the chemical energy of a cell.", "The Danube flows through ten countries to the Black Sea.")
"""Texts by whose vectors a model is known again."""

SHORT = "A"
"""A text that is padded beside those, where the server pads."""

LEAST_COSINE = 0.995
"""Between vectors of a text by the same model; half precision and other batches change a cosine by less than 0.001."""

ENCODER = "the server"
"""What stands for the number type that a server computes in."""


@dataclass(frozen=True)
class Endpoint:
    """Where a model is served, and how it is asked. None of this changes a vector.

    Attributes
    ----------
    url : the address before `/embeddings`.
    key_variable : the environment variable with the key, read at each request; None where none is needed.
    concurrency : requests under way at the same time, of all jobs of this machine that ask this address.
    batch : texts of a request.
    timeout : seconds after which a request counts as lost.
    """

    url: str
    key_variable: str | None = None
    concurrency: int = 8
    batch: int = 32
    timeout: float = 120


class TransientError(Exception):
    """A request that may go better a moment later; `pause` is for how many seconds the server wants to be left alone."""

    def __init__(self, words: str, pause: float = 0):
        super().__init__(words)
        self.pause = pause


class NotFiniteError(TransientError):
    """An answer with a vector that is not finite, or all zero."""


class TooLongError(Exception):
    """A text is longer than the model takes, in the server's words."""


class EndpointEncoder(TextEncoder):
    """Asks a server for vectors: several requests at once, each made again until it goes well.

    Parameters
    ----------
    model : what the server is asked for.
    endpoint : where and how.
    probe : a file with vectors of known texts by this model, made where it is missing; None for no comparison.

    Raises UserError where the server does not answer, refuses, or serves another model under the same name.
    """

    def __init__(self, model: ServedModel, endpoint: Endpoint, probe: Path | None = None):
        self.model, self.endpoint, self.dimension = model, endpoint, 0
        self.requests = self.tokens = 0
        self._encoding: dict[str, str] = {"encoding_format": "base64"}
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._failure: UserError | None = None
        self._slots = _Slots(endpoint)
        limits = httpx2.Limits(max_connections=endpoint.concurrency, max_keepalive_connections=endpoint.concurrency)
        self._client = httpx2.Client(timeout=endpoint.timeout, limits=limits)
        vectors = np.vstack([self._ask([text]) for text in PROBES])
        self.dimension = vectors.shape[1]
        if probe:
            self._compare(vectors, probe)
        if endpoint.batch > 1 and not self._agrees_together(vectors):
            self.endpoint = replace(endpoint, batch=1)
            log.warning(
                f"{model.model} at {endpoint.url}: texts in one request get other vectors than alone, as where padding goes wrong"
                "; asking for one text at a time, which is slower"
            )
        log.info(f"{model.model} at {endpoint.url}: {self.dimension:,} dimensions, {endpoint.concurrency} requests at once")

    def usage(self) -> str:
        """Return how many requests were made and how many tokens the server counted."""
        return f"{self.requests:,} requests, {self.tokens:,} tokens"

    def encode_blocks(self, blocks: Iterable[TextBlock]) -> Iterator[Embedded]:
        """Yield the vectors of each block, in order; so many requests are under way that the server has always some to do."""
        waiting: deque[list[Future]] = deque()
        with ThreadPoolExecutor(self.endpoint.concurrency, "request") as pool:
            try:
                for block in blocks:
                    waiting.append(self._begin(block, pool))
                    while sum(map(len, waiting)) > 2 * self.endpoint.concurrency:
                        yield self._finished(waiting.popleft())
                while waiting:
                    yield self._finished(waiting.popleft())
            except BaseException:  # pauses end at once, and nothing new is begun
                self._ended.set()
                pool.shutdown(wait=False, cancel_futures=True)
                self._client.close()
                raise

    def _begin(self, block: TextBlock, pool: ThreadPoolExecutor) -> list[Future]:
        size, longest = self.endpoint.batch, CHARACTERS * self.model.max_tokens
        texts = [f"{self.model.prompt or ''}{text}" for text in block.texts]
        return [
            pool.submit(self._work, texts[start : start + size], list(block.item_ids[start : start + size]), longest)
            for start in range(0, len(texts), size)
        ]

    def _finished(self, requests: list[Future]) -> Embedded:
        try:
            results = [request.result() for request in requests]
        except UserError as error:
            raise self._failure or error from None
        vectors = np.vstack([vectors for vectors, _ in results])
        return Embedded(vectors, sum(truncated for _, truncated in results), self.model.prompt or "", ENCODER)

    def _work(self, texts: Sequence[str], item_ids: Sequence[str], longest: int) -> tuple[np.ndarray, int]:
        """Do as `_embed`; where that fails for good, nobody waits for the other requests any more."""
        try:
            return self._embed(texts, item_ids, longest)
        except UserError as error:
            with self._lock:
                self._failure = self._failure or error
            self._ended.set()
            raise

    def _embed(self, texts: Sequence[str], item_ids: Sequence[str], longest: int) -> tuple[np.ndarray, int]:
        """Return the vectors of texts, float32 [n, D], and how many of them were cut, at `longest` characters or less."""
        try:
            return self._ask([text[:longest] for text in texts]), sum(len(text) > longest for text in texts)
        except TooLongError as refusal:
            if len(texts) > 1:  # one of them is meant
                middle = len(texts) // 2
                parts = [self._embed(texts[half], item_ids[half], longest) for half in (slice(middle), slice(middle, None))]
                return np.vstack([vectors for vectors, _ in parts]), sum(cut for _, cut in parts)
            shorter = min(longest, len(texts[0])) // 2
            if shorter < SHORTEST:
                raise UserError(f"{item_ids[0]}: the server at {self.endpoint.url} finds any part too long: {refusal}") from None
            return self._embed(texts, item_ids, shorter)

    def _ask(self, texts: Sequence[str]) -> np.ndarray:
        """Return what the server answers for texts, in their order, float32 [n, D] of unit length."""
        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            wait=_pause,
            stop=stop_after_attempt(ATTEMPTS) | stop_when_event_set(self._ended),
            sleep=sleep_using_event(self._ended),
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return retrying(self._request, texts)
        except TransientError as error:
            raise UserError(
                f"the server at {self.endpoint.url} does not do its work ({error}), after {ATTEMPTS} attempts; see to it, and "
                "run again: what was embedded is kept."
            ) from None

    def _tell(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0
        log.warning(f"the server at {self.endpoint.url}: {error}; again in {pause:.0f} s")

    def _request(self, texts: Sequence[str]) -> np.ndarray:
        """Make one request. Raises TransientError, TooLongError, or UserError where it is refused."""
        asked: dict[str, Any] = {"model": self.model.model, "input": list(texts), **self._encoding}
        if self.model.served_dimensions:
            asked["dimensions"] = self.model.served_dimensions
        with self._slots.one(self._ended):
            status, headers, content = self._post(asked)
        with self._lock:
            self.requests += 1
        if status == 429 or status >= 500:
            raise TransientError(f"{status} {self._words(content)}", _retry_after(headers.get("retry-after")))
        if status != 200:
            words = self._words(content)
            if status == 413 or (400 <= status < 500 and TOO_LONG.search(words)):
                raise TooLongError(words)
            if self._encoding and "encoding_format" in words:  # an old server, which knows lists of numbers only
                self._encoding = {}
                raise TransientError("knows no base64")
            raise UserError(f"the server at {self.endpoint.url} refuses ({status}): {words}")
        vectors, tokens = _vectors(content, len(texts), self.dimension)
        with self._lock:
            self.tokens += tokens
        return vectors

    def _post(self, asked: dict) -> tuple[int, Any, bytes]:
        """Return status, headers and content of an answer."""
        content = bytearray()
        url = f"{self.endpoint.url.rstrip('/')}/embeddings"
        try:
            with self._client.stream("POST", url, json=asked, headers=self._headers()) as answer:
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST_ANSWER:
                        raise TransientError(f"more than {LARGEST_ANSWER:,} bytes in one answer")
                return answer.status_code, answer.headers, bytes(content)
        except (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError) as error:
            raise TransientError(self._without_key(reason_of(error))) from None

    def _key(self) -> str:
        return os.environ.get(self.endpoint.key_variable, "") if self.endpoint.key_variable else ""

    def _headers(self) -> dict[str, str]:
        key = self._key()
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _words(self, content: bytes) -> str:
        """Return what a server says of an error, as one line that has no key in it."""
        text = content.decode("utf-8", "replace")
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = text
        for name in ("error", "message", "detail"):
            said = said.get(name, said) if isinstance(said, dict) else said
        return self._without_key(said if isinstance(said, str) else json.dumps(said))

    def _without_key(self, words: str) -> str:
        key = self._key()
        words = words.replace(key, "***") if key else words
        return shown(" ".join(words.split()), 300)

    def _agrees_together(self, alone: np.ndarray) -> bool:
        """Return whether the probes' vectors are those that they have `alone`, float32 [probes, D], also in one request."""
        texts = [SHORT, *PROBES]
        try:
            together = self._request(texts)
        except NotFiniteError:  # and would be again
            return False
        except TransientError:
            together = self._ask(texts)
        return float((together[1:] * alone).sum(axis=1).min()) >= LEAST_COSINE

    def _compare(self, vectors: np.ndarray, probe: Path) -> None:
        """Raise UserError where the model gives other vectors than it gave before."""
        if not probe.exists():
            write_record(probe, {"texts": PROBES, "vectors": vectors.tolist()})
            return
        before = np.array(read_record(probe)["vectors"], np.float32)
        cosine = float((before * vectors).sum(axis=1).min()) if before.shape == vectors.shape else 0.0
        if cosine < LEAST_COSINE:
            raise UserError(
                f"the server at {self.endpoint.url} has another model by the name of {self.model.model} than that which embedded "
                f"before (cosine {cosine:.3f}). Serve that one, name another `model`, or delete {probe} and the embeddings."
            )


class _Slots:
    """As many locks as requests may be under way on this machine; a process that dies gives its own back."""

    def __init__(self, endpoint: Endpoint):
        folder = Path(tempfile.gettempdir()) / f"knowledge_map-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = content_digest([endpoint.url.encode()])[:16]
        self._paths = [folder / f"{name}-{number}.lock" for number in range(endpoint.concurrency)]

    @contextmanager
    def one(self, ended: threading.Event) -> Iterator[None]:
        """Hold one of them."""
        locks = [FileLock(path, thread_local=False) for path in self._paths]
        while True:
            for lock in locks:
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    continue
                try:
                    yield
                finally:
                    lock.release()
                return
            if ended.wait(0.02):
                raise TransientError("stopped")


_growing = wait_random_exponential(multiplier=1, max=LONGEST_PAUSE)


def _pause(state: RetryCallState) -> float:
    """Return how many seconds to wait: as long as the server asks for, and longer from time to time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.pause if isinstance(error, TransientError) else 0
    return max(min(asked, 10 * LONGEST_PAUSE), _growing(state))


def _retry_after(value: str | None) -> float:
    """Return the seconds that the header Retry-After asks for, as a number or a date; 0 where it says nothing of use."""
    if not value:
        return 0
    if re.fullmatch(r"\d{1,9}(\.\d*)?", value.strip()):
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0


def _vectors(content: bytes, count: int, dimension: int) -> tuple[np.ndarray, int]:
    """Return the vectors of an answer by their index, float32 [count, D] of unit length, and the tokens that were counted.

    Raises TransientError where it is not what was asked for.
    """
    try:
        answer = json.loads(content)
        data = {each["index"]: each["embedding"] for each in answer["data"]}
        usage = answer.get("usage") or {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TransientError(f"an answer that is none ({type(error).__name__}: {shown(str(error), 80)})") from None
    if len(answer["data"]) != count or set(data) != set(range(count)):
        raise TransientError(f"{len(answer['data']):,} vectors for {count:,} texts")
    try:
        vectors = np.stack([_numbers(data[index]) for index in range(count)])
    except (ValueError, TypeError) as error:
        raise TransientError(f"vectors that are none ({shown(str(error), 80)})") from None
    if vectors.ndim != 2 or vectors.shape[1] != (dimension or vectors.shape[1]):
        raise TransientError(f"vectors of {vectors.shape[-1]:,} dimensions among vectors of {dimension:,}")
    if not np.isfinite(vectors).all() or not np.abs(vectors).max(axis=1).all():
        raise NotFiniteError("a vector that is not finite, or all zero")
    tokens = usage.get("total_tokens") or usage.get("prompt_tokens")
    return normalized(vectors), tokens if isinstance(tokens, int) else 0


def _numbers(embedding: Any) -> np.ndarray:
    """Return a vector, given as a list of numbers or as base64 of float32."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
    return np.asarray(embedding, np.float32)
