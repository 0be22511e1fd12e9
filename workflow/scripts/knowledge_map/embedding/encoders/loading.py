"""Loading a model: its weights in a precision on a device, its tokenizer and its prompt."""

import math
from dataclasses import dataclass
from typing import Any

import tokenizers
import torch
import transformers
from sentence_transformers import SentenceTransformer

from knowledge_map.common.errors import UserError
from knowledge_map.common.hub import model_folder
from knowledge_map.common.items import ARTICLE
from knowledge_map.embedding.encoders.tokenization import Tokenizer
from knowledge_map.embedding.model import EmbeddingModel


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory.

    Attributes
    ----------
    name : what the configuration calls it.
    transformer : as sentence-transformers loads it.
    kind : of the items that it embeds, "article" or "question".
    prompt : put before every text.
    precision : the number type of its weights.
    device : where it is.
    attention : the attention it was loaded with; None where it has none, or none that can be chosen.
    """

    name: str
    transformer: SentenceTransformer
    kind: str
    prompt: str
    precision: str
    device: torch.device
    attention: str | None

    @property
    def inner(self) -> Any:
        """The model of the transformers library within, None where there is none."""
        return getattr(self.transformer[0], "auto_model", None)

    @property
    def parameters(self) -> int:
        """How many numbers it is made of."""
        return sum(parameter.numel() for parameter in self.transformer.parameters())

    def tokenizer(self, max_tokens: int) -> Tokenizer:
        """Return a tokenizer that cuts texts at so many tokens. Raises UserError for a model without a fast one."""
        own = _own_tokenizer(self.transformer)
        fast = getattr(own, "backend_tokenizer", own)
        if not isinstance(fast, tokenizers.Tokenizer):
            raise UserError(f"embedding.model {self.name} has no fast tokenizer (tokenizer.json); choose another model.")
        side, special_tokens = getattr(own, "truncation_side", "right"), fast is not own
        return Tokenizer(fast, max_tokens, self.prompt, side, special_tokens)


def load_model(model: EmbeddingModel, precision: str, device: torch.device) -> LoadedModel:
    """Return a model in a precision on a device. Raises UserError, one line, where it cannot be loaded, or takes fewer tokens."""
    folder = model.folder() or model_folder(model.model, model.revision or "")
    transformers.logging.disable_progress_bar()  # of half a second, in the midst of the log
    try:
        transformer = SentenceTransformer(
            str(folder),
            device=str(device),
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": getattr(torch, precision)},
        )
    except Exception as error:
        # Whatever a damaged file raises, the user's question is which model could not be had.
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UserError(f"embedding.model {model.model} cannot be loaded: {reason}") from error
    inner = getattr(transformer[0], "auto_model", None)
    limit = getattr(getattr(inner, "config", None), "max_position_embeddings", None) or math.inf
    if model.max_tokens > limit:
        raise UserError(f"embedding.max_tokens is {model.max_tokens}, but {model.model} takes at most {limit}.")
    own = _own_tokenizer(transformer)
    if isinstance(own, tokenizers.Tokenizer):  # of static embeddings, which know no other limit
        own.enable_truncation(model.max_tokens)
    else:
        transformer.max_seq_length = model.max_tokens
    return LoadedModel(
        name=model.model,
        transformer=transformer.eval(),
        kind=model.kind,
        prompt=_prompt(model, transformer),
        precision=precision,
        device=device,
        attention=inner.config._attn_implementation if inner is not None and inner.is_backend_compatible() else None,
    )


def _prompt(model: EmbeddingModel, transformer: SentenceTransformer) -> str:
    """Return what is put before a text: the configured prompt or the model's own."""
    if model.prompt is not None:
        return model.prompt
    names = ("document", "passage", "corpus") if model.kind == ARTICLE else ("query",)
    own = transformer.prompts or {}
    return next((prompt for name in names if (prompt := own.get(name))), "")


def _own_tokenizer(transformer: SentenceTransformer) -> object:
    return getattr(transformer[0], "tokenizer", None)
