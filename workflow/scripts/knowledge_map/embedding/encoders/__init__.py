"""Encoders: from texts to unit vectors.

base (what an encoder is) → local, the model in this process: tokenization (ahead of the device), batching (by tokens), and the
forward pass, with an attention of its own for texts without padding · endpoint, a model behind a server.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from knowledge_map.common.garbage import collecting_no_garbage
from knowledge_map.embedding.encoders.base import AUTO, Embedded, TextBlock, TextEncoder
from knowledge_map.embedding.model import EmbeddingModel, ServedModel

__all__ = ["AUTO", "Embedded", "TextBlock", "TextEncoder", "encoder_opener", "open_encoder"]


def open_encoder(
    model: EmbeddingModel, device: str, batch_tokens: int | str, threads: int, endpoint: str = "null", folder: Path | None = None
) -> TextEncoder:
    """Return the encoder that embeds with a model.

    Parameters
    ----------
    device : "auto", "cpu", "cuda", "cuda:N" or "mps".
    batch_tokens : tokens at once, to begin with; "auto" is what the device has room for.
    threads : CPU threads.
    endpoint : of a served model the attributes of its `Endpoint`, as JSON.
    folder : where encoders of this model keep what they know: the batches that fit, and by which vectors it is known again; None
        keeps nothing.

    Raises UserError where the model, the device or the server cannot be had.
    """
    if isinstance(model, ServedModel):
        from knowledge_map.embedding.encoders.endpoint import Endpoint, EndpointEncoder

        return EndpointEncoder(model, Endpoint(**json.loads(endpoint)), folder / "probe.json" if folder else None)
    with collecting_no_garbage():
        from knowledge_map.embedding.encoders.local import LocalEncoder  # torch takes seconds to import

    return LocalEncoder(model, device, batch_tokens, threads, folder / "batch_tokens.json" if folder else None)


def encoder_opener(model: EmbeddingModel, threads: int, settings: Mapping[str, Any]) -> Callable[[], TextEncoder]:
    """Return what opens the encoder of a job by its `settings`: device, batch_tokens, endpoint, and encoder_dir if it has one."""
    folder = settings.get("encoder_dir")
    where = settings["device"], settings["batch_tokens"], threads, settings["endpoint"], Path(folder) if folder else None
    return partial(open_encoder, model, *where)
