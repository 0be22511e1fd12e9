"""A model built like Qwen3-Embedding (decoder, last token, a prompt for queries), tiny and with random weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from encoders import encode
from qwen_models import PROMPT, save_model
from transformers import PreTrainedTokenizerFast, Qwen3Model

from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.model import EmbeddingModel

pytestmark = pytest.mark.slow  # makes and loads models

TEXTS = ["a cell divides", "the river bends slowly to the west and then to the sea", "x", "Größe 細胞", "light " * 30]


@pytest.fixture(scope="module")
def models_by_padding(tmp_path_factory) -> dict[str, EmbeddingModel]:
    folders = {side: save_model(tmp_path_factory.mktemp(side), side) for side in ("left", "right")}
    return {
        side: EmbeddingModel("article", str(folder), None, 128, "float32", "{text}", None) for side, folder in folders.items()
    }


@pytest.fixture(scope="module")
def model(models_by_padding) -> EmbeddingModel:
    return models_by_padding["left"]


@pytest.fixture(scope="module")
def encoder(model) -> LocalEncoder:
    return LocalEncoder(model, "cpu")


def test_the_side_of_the_padding_changes_nothing(models_by_padding):
    encoders = [LocalEncoder(model, "cpu") for model in models_by_padding.values()]
    left, right = (encode(encoder, TEXTS).vectors for encoder in encoders)
    assert np.abs(left - right).max() < 1e-4


@pytest.mark.parametrize("batch_tokens", [1, 40, 100])
def test_batches_and_order_change_nothing(encoder, batch_tokens):
    vectors = encode(encoder, TEXTS).vectors
    assert np.abs(encode(encoder, TEXTS, batch_tokens).vectors - vectors).max() < 1e-4
    assert np.abs(encode(encoder, TEXTS[::-1], batch_tokens).vectors[::-1] - vectors).max() < 1e-4


def last_states(model: EmbeddingModel, texts: list[str]) -> np.ndarray:
    """Return the unit vector of the last token of each text's tokens, one text at a time, by transformers alone."""
    plain = Path(model.model).parent / "plain"
    tokenizer, transformer = PreTrainedTokenizerFast.from_pretrained(plain), Qwen3Model.from_pretrained(plain).eval()
    vectors = []
    for text in texts:
        tokens = tokenizer(text, truncation=True, max_length=model.max_tokens, return_tensors="pt")
        assert tokens["input_ids"][0, -1] == tokenizer.eos_token_id
        with torch.inference_mode():
            vectors.append(transformer(**tokens).last_hidden_state[0, -1].numpy())
    return np.array(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("max_tokens", [8, 128])
def test_a_text_is_known_by_its_end_token_also_when_it_was_cut(model, max_tokens):
    model = replace(model, max_tokens=max_tokens)
    embedded = encode(LocalEncoder(model, "cpu"), TEXTS)
    assert embedded.truncated == sum(len(text.encode()) + 1 > max_tokens for text in TEXTS)
    assert embedded.truncated == (4 if max_tokens == 8 else 1)
    assert np.abs(embedded.vectors - last_states(model, TEXTS)).max() < 1e-4


def test_the_models_own_prompt_is_for_questions_and_not_for_articles(model, encoder):
    articles, questions = encode(encoder, TEXTS[:4]), encode(LocalEncoder(replace(model, kind="question"), "cpu"), TEXTS[:4])
    assert (articles.prompt, questions.prompt) == ("", PROMPT)
    assert np.abs(articles.vectors - last_states(model, TEXTS[:4])).max() < 1e-4
    assert np.abs(questions.vectors - last_states(model, [PROMPT + text for text in TEXTS[:4]])).max() < 1e-4


def test_a_text_of_many_tokens_is_embedded_without_a_matrix_of_all_pairs(tmp_path):
    """Of 16,384 tokens all pairs would take 4 GiB in float32 for four heads."""
    folder = save_model(tmp_path, "left", positions=16_384)
    encoder = LocalEncoder(EmbeddingModel("article", str(folder), None, 16_384, "float32", "{text}", None), "cpu", threads=2)
    before = psutil.Process().memory_info().rss
    embedded = encode(encoder, ["light " * 3_000, "a cell", "light " * 2_500])
    assert embedded.truncated == 1 and encoder.budget.tokens == 2_048
    assert psutil.Process().memory_info().rss - before < 500 << 20
    assert np.abs(embedded.vectors[1] - encode(encoder, ["a cell"]).vectors[0]).max() < 1e-4


def test_bfloat16_gives_nearly_the_same_unit_vectors(model, encoder):
    rough, exact = (
        encode(LocalEncoder(replace(model, precision="bfloat16"), "cpu"), TEXTS).vectors,
        encode(encoder, TEXTS).vectors,
    )
    assert rough.dtype == np.float32
    assert np.abs(np.linalg.norm(rough, axis=1) - 1).max() < 1e-5
    assert np.einsum("nd,nd->n", rough, exact).min() > 0.99
