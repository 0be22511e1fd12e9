"""Which model embeds, and how: everything that decides a vector, and the short key that stands for it in file names."""

import functools
import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge_map.common.checksum import content_digest, file_digest
from knowledge_map.common.errors import UserError

VERSION = 2
"""Raise by hand when a change of code changes vectors: every embedding is then made anew."""

PACKAGE = "package:"

MATRYOSHKA = re.compile(r"matryoshka|\bMRL\b", re.IGNORECASE)
"""How a model's files speak of it."""


@dataclass(frozen=True)
class EmbeddingModel:
    """What a vector of one kind of item depends on. Device, batch size and threads are no part of it.

    Attributes
    ----------
    kind : "article" or "question"; a model may put a prompt of its own before each.
    model : a hub id ("Qwen/Qwen3-Embedding-0.6B"), a folder, or "package:NAME" for the model a Python package carries.
    revision : commit, tag or branch on the hub; None for folders and packages.
    max_tokens : longer texts are cut there.
    precision : "float32", "bfloat16" or "float16", the type the model computes in, or "auto", bfloat16 where the hardware
        multiplies it natively and else float32; vectors are always float32.
    template : how title and text become what is embedded.
    prompt : put before that; None is the model's own, "" is none.
    """

    kind: str
    model: str
    revision: str | None
    max_tokens: int
    precision: str
    template: str
    prompt: str | None

    def folder(self) -> Path | None:
        """Return where the model lies, or None for a model on the hub.

        Raises UserError where the package is not installed, carries no model, or the folder holds none.
        """
        if self.model.startswith(PACKAGE):
            return _package_model(self.model.removeprefix(PACKAGE))
        folder = Path(self.model)
        if folder.is_dir():
            if not any((folder / name).exists() for name in ("modules.json", "config.json")):
                raise UserError(f"embedding.model: the folder {folder} holds no model (neither modules.json nor config.json).")
            return folder
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.model) or self.model.startswith((".", "/")):
            raise UserError(
                f"embedding.model: {self.model} is neither a folder here, nor `package:NAME`, nor a hub id (`owner/name`)."
            )
        if self.revision is None:
            raise UserError(
                f"embedding.revision: name the commit of {self.model} that is meant, so that all shards get the same."
            )
        return None

    @property
    def on_hub(self) -> bool:
        """Whether the model is on the Hugging Face hub and has to be fetched first."""
        return self.folder() is None

    def dimension(self) -> int | None:
        """Return how many dimensions the model's vectors have, as far as its files tell; None for a model that is yet to come."""
        for name in [*reversed([each["path"] for each in self._settings("modules.json") or []]), ""]:
            settings = self._settings(f"{name}/config.json".lstrip("/")) or {}
            for key in ("out_features", "word_embedding_dimension", "hidden_size"):
                if isinstance(settings.get(key), int):
                    return settings[key]
        return None

    def is_matryoshka(self) -> bool | None:
        """Return whether the model's files say that the first dimensions of its vectors stand for the whole.

        None for a model that is yet to come. Its settings or its card (README.md) say so.
        """
        folder = self._place()
        if folder is None:
            return None
        names = ("config.json", "config_sentence_transformers.json", "README.md")
        texts = [(folder / name).read_text(encoding="utf-8", errors="replace") for name in names if (folder / name).is_file()]
        return any(MATRYOSHKA.search(text) for text in texts)

    def _settings(self, name: str) -> Any:
        """Return a file of settings of the model, None where there is none."""
        folder = self._place()
        try:
            return json.loads((folder / name).read_text(encoding="utf-8")) if folder else None
        except (OSError, ValueError):
            return None

    def _place(self) -> Path | None:
        """Return where the model lies, None for a model on the hub that was not fetched yet."""
        with suppress(UserError):
            if folder := self.folder():
                return folder
            from knowledge_map.common.hub import model_folder  # its library takes long to load, and is not where tables are made

            return model_folder(self.model, self.revision or "")
        return None

    def key(self) -> str:
        """Return a file name for this model's vectors: a readable name and a digest of all that decides them."""
        meaning = asdict(self) | {"version": VERSION, "weights": self._weights()}
        digest = content_digest([json.dumps(meaning, sort_keys=True).encode()])
        name = re.sub(r"[^a-z0-9]+", "-", self.model.removeprefix(PACKAGE).rstrip("/").rsplit("/")[-1].lower()).strip("-")
        return f"{name[:40]}-{digest[:10]}"

    def texts_of(self, titles: Iterable[str], texts: Iterable[str]) -> list[str]:
        """Return what is embedded of items: title and text in the template."""
        return [self.template.format(title=title, text=text) for title, text in zip(titles, texts, strict=True)]

    def _weights(self) -> str | None:
        """Return what tells this model's files from other files of the same name; the hub's revision does so by itself."""
        folder = self.folder()
        if folder is None:
            return None
        if self.model.startswith(PACKAGE) and (distribution := _distribution(self.model.removeprefix(PACKAGE))):
            return importlib.metadata.version(distribution)
        return content_digest(
            path.relative_to(folder).as_posix().encode() + b"\0" + bytes.fromhex(file_digest(path))
            for path in sorted(file for file in folder.rglob("*") if file.is_file())
        )


@dataclass(frozen=True)
class ServedModel(EmbeddingModel):
    """A model behind a server, which is known by its name there alone. Address and key are no part of it.

    Attributes
    ----------
    served_dimensions : how many dimensions the server is asked for; None for all that the model has.
    """

    served_dimensions: int | None = None

    def folder(self) -> None:
        """Return None: the model lies elsewhere."""
        return None

    @property
    def on_hub(self) -> bool:
        """False: nothing has to be fetched."""
        return False

    def dimension(self) -> int | None:
        """Return how many dimensions the server is asked for, None where it decides."""
        return self.served_dimensions

    def is_matryoshka(self) -> bool:
        """Return False: no file of the model is here that could say so."""
        return False

    def _weights(self) -> str:
        return "served"


def model_of(settings: Mapping[str, Any]) -> EmbeddingModel:
    """Return the model whose attributes these are, as `vars` gives them."""
    return ServedModel(**settings) if "served_dimensions" in settings else EmbeddingModel(**settings)


def _package_model(name: str) -> Path:
    spec = importlib.util.find_spec(name) if re.fullmatch(r"\w+", name) else None
    if spec is None:
        raise UserError(f"embedding.model: no Python package `{name}` is installed; pip install it or choose another model.")
    # A module that is a single file has no folder of its own; beside it lie other packages.
    folders = spec.submodule_search_locations or []
    found = sorted(path for folder in folders for path in Path(folder).glob("**/modules.json"))
    if not found:
        raise UserError(f"embedding.model: the Python package `{name}` carries no sentence-transformers model.")
    return found[0].parent


@functools.cache  # it reads what every installed package says of itself, and every job asks twice
def _distribution(package: str) -> str | None:
    """Return what a package was installed by; None where it merely lies on the path."""
    with suppress(importlib.metadata.PackageNotFoundError):  # mostly what bears the same name, found without reading the others
        distribution = importlib.metadata.distribution(package)
        if any(file.parts[0] == package for file in distribution.files or []):
            return distribution.name
    return next(iter(importlib.metadata.packages_distributions().get(package, [])), None)
