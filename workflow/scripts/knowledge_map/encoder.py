"""From texts to unit vectors with sentence-transformers, on whatever device there is."""

import math
from collections.abc import Sequence

import numpy as np
import torch
import transformers
from sentence_transformers import SentenceTransformer

from knowledge_map.device import choose_device
from knowledge_map.errors import UserError
from knowledge_map.hub import model_folder
from knowledge_map.model import Embedded, EmbeddingModel
from knowledge_map.progress import log
from knowledge_map.table import ARTICLE

UNIT_TOLERANCE = 1e-4


class Encoder:
    """A loaded model. Texts of like length share a batch; when memory runs out the batch is halved, down to one text.

    Parameters
    ----------
    model : what to load; see EmbeddingModel.
    device : "auto", "cpu", "cuda", "cuda:N" or "mps".
    batch_size : texts at once, to begin with.
    threads : CPU threads.
    """

    def __init__(self, model: EmbeddingModel, device: str = "auto", batch_size: int = 32, threads: int | None = None):
        if threads:
            torch.set_num_threads(threads)
        self.model, self.batch_size = model, batch_size
        self.device = choose_device(device)
        self._transformer = self._load(model.precision)
        self._float32: SentenceTransformer | None = None
        self.dimension: int = self._transformer.get_embedding_dimension()
        log.info(f"{model.model}: {self.dimension} dimensions, {model.precision} on {self.device}")

    @property
    def prompt(self) -> str:
        """What is put before a text: the configured prompt or the model's own."""
        if self.model.prompt is not None:
            return self.model.prompt
        names = ("document", "passage", "corpus") if self.model.kind == ARTICLE else ("query",)
        own = self._transformer.prompts or {}
        return next((own[name] for name in names if own.get(name)), "")

    def encode(self, titles: Sequence[str], texts: Sequence[str], item_ids: Sequence[str]) -> Embedded:
        """Embed items: title and text by the model's template, behind its prompt.

        An item whose vector is not finite is tried once more in float32. Raises UserError, naming item ids, where that fails
        too, and where even a single text does not fit into memory.
        """
        texts = [self.model.template.format(title=title, text=text) for title, text in zip(titles, texts, strict=True)]
        lengths = self._token_counts([self.prompt + text for text in texts])
        # Long texts first: memory runs out at once or never.
        order = np.argsort(-lengths, kind="stable")
        vectors = np.empty((len(texts), self.dimension), np.float32)
        start = 0
        while start < len(order):
            batch = order[start : start + self.batch_size]
            try:
                vectors[batch] = self._unit_vectors(self._transformer, [texts[i] for i in batch])
            except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
                if not _is_out_of_memory(error):
                    raise
                self._halve_batch(item_ids[batch[0]])
                continue
            start += len(batch)
        self._redo_unsound(vectors, texts, item_ids)
        return Embedded(vectors, int((lengths > self.model.max_tokens).sum()), self.prompt)

    def _halve_batch(self, item_id: str) -> None:
        if self.batch_size == 1:
            raise UserError(
                f"{item_id}: one text of {self.model.max_tokens} tokens does not fit into the memory of {self.device}; "
                "lower embedding.max_tokens or give the job more memory."
            )
        self.batch_size = max(1, self.batch_size // 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        log.warning(f"out of memory on {self.device}: going on with batches of {self.batch_size}")

    def _redo_unsound(self, vectors: np.ndarray, texts: Sequence[str], item_ids: Sequence[str]) -> None:
        unsound = np.flatnonzero(~sound(vectors))
        if not len(unsound):
            return
        log.warning(f"{len(unsound)} texts gave no finite unit vector in {self.model.precision}; again in float32")
        if self._float32 is None:
            self._float32 = self._load("float32")
        for i in unsound:
            vectors[i] = self._unit_vectors(self._float32, [texts[i]])[0]
        failed = [item_ids[i] for i in np.flatnonzero(~sound(vectors))]
        if failed:
            raise UserError(
                f"{self.model.model} gives no finite unit vector for {len(failed)} texts ({', '.join(failed[:10])}); "
                "is the model whole? Remove these articles from their source to go on without them."
            )

    def _unit_vectors(self, transformer: SentenceTransformer, texts: list[str]) -> np.ndarray:
        embed = transformer.encode_document if self.model.kind == ARTICLE else transformer.encode_query
        raw = embed(texts, prompt=self.prompt, batch_size=len(texts), show_progress_bar=False, convert_to_numpy=True)
        raw = raw.astype(np.float32)
        with np.errstate(divide="ignore", invalid="ignore"):
            return raw / np.linalg.norm(raw, axis=1, keepdims=True)

    def _token_counts(self, texts: list[str]) -> np.ndarray:
        encoded = self._transformer.tokenizer(texts, truncation=False, padding=False, verbose=False)
        return np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)

    def _load(self, precision: str) -> SentenceTransformer:
        folder = self.model.folder() or model_folder(self.model.model, self.model.revision)
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
        transformer.max_seq_length = self.model.max_tokens
        return transformer.eval()


def sound(vectors: np.ndarray) -> np.ndarray:
    """Return which rows of `vectors`, float32 [n, D], are finite and of unit length, bool [n]."""
    with np.errstate(invalid="ignore"):
        return np.abs(np.linalg.norm(vectors, axis=1) - 1) < UNIT_TOLERANCE


def _position_limit(transformer: SentenceTransformer) -> float:
    """Return how many tokens the model has positions for."""
    config = getattr(getattr(transformer[0], "auto_model", None), "config", None)
    return getattr(config, "max_position_embeddings", None) or math.inf


def _is_out_of_memory(error: Exception) -> bool:
    said = str(error).lower()
    # The last is what oneDNN says on a CPU.
    known = ("out of memory", "allocate memory", "could not create a primitive")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in said for words in known)
