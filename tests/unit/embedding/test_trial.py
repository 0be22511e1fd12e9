"""What is taken is what agrees with the reference: one text at a time, without padding, in float32 on the CPU."""

import logging
from collections.abc import Callable

import numpy as np
import pytest
import torch
from encoders import MINILM, SENTENCES, encode, minilm
from qwen_models import save_model
from test_qwen import TEXTS, last_states
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from knowledge_map.common.errors import UserError
from knowledge_map.embedding.encoders import attention
from knowledge_map.embedding.encoders import local as local_module
from knowledge_map.embedding.encoders.base import TextBlock
from knowledge_map.embedding.encoders.forward import EAGER, PackedForward, PaddedForward
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.encoders.trial import LEAST_COSINE
from knowledge_map.embedding.model import EmbeddingModel

pytestmark = pytest.mark.slow  # makes and loads models


@pytest.fixture
def told(caplog) -> Callable[[], str]:
    caplog.set_level(logging.INFO, "knowledge_map")
    return lambda: caplog.text


@pytest.fixture(scope="module")
def qwen(tmp_path_factory) -> EmbeddingModel:
    folder = save_model(tmp_path_factory.mktemp("qwen"), "left")
    return EmbeddingModel("article", str(folder), None, 128, "float32", "{text}", None)


@pytest.fixture
def attention_of_macos():
    """Let attention give NaN where a padded row sees nothing, as macOS does (sentence-transformers #3498)."""

    def gives_nan(module, query, key, value, attention_mask, **settings):
        found, weights = sdpa_attention_forward(module, query, key, value, attention_mask, **settings)
        if attention_mask is not None:
            sees = attention_mask if attention_mask.dtype == torch.bool else attention_mask > -1e30
            found = found.masked_fill(~sees.any(-1)[:, 0, :, None, None], torch.nan)
        return found, weights

    AttentionInterface.register("sdpa", gives_nan)
    yield
    AttentionInterface.register("sdpa", sdpa_attention_forward)


def test_where_padding_gives_nan_texts_are_packed_all_the_same(qwen, attention_of_macos, told):
    encoder = LocalEncoder(qwen, "cpu", threads=1)
    assert isinstance(encoder._forward, PackedForward)
    assert np.abs(encode(encoder, TEXTS).vectors - last_states(qwen, TEXTS)).max() < 1e-4
    assert "again" not in told()


def test_where_packing_fails_too_plain_attention_pads(qwen, attention_of_macos, told, monkeypatch):
    monkeypatch.setattr(attention, "_by_length", lambda *_: 1 / torch.zeros(1)[0].long())
    encoder = LocalEncoder(qwen, "cpu", threads=1)
    assert isinstance(encoder._forward, PaddedForward) and encoder._forward._attention == EAGER
    assert (
        "by the `encode` of sentence-transformers, with padding, float32 on cpu: its vectors come out differently; not finite"
        in (told())
    )
    assert "the same with plain attention, float32 on cpu: taken; cosine 1.00000 to the reference" in told()
    assert np.abs(encode(encoder, TEXTS).vectors - last_states(qwen, TEXTS)).max() < 1e-4


def test_a_reference_that_is_not_finite_is_tried_with_plain_attention(qwen, told):
    AttentionInterface.register("sdpa", lambda module, query, *_, **__: (query.transpose(1, 2) * torch.nan, None))
    try:
        found = encode(LocalEncoder(qwen, "cpu", threads=1), TEXTS).vectors
    finally:
        AttentionInterface.register("sdpa", sdpa_attention_forward)
    assert "sdpa attention gives no finite vectors" in told()
    assert np.abs(found - last_states(qwen, TEXTS)).max() < 1e-4


def test_a_model_that_is_never_finite_is_one_clear_line(qwen, monkeypatch):
    monkeypatch.setattr(PaddedForward, "__call__", lambda self, batch: torch.full((len(batch.texts), 32), torch.nan))
    with pytest.raises(UserError, match="gives no finite vector, even of one text at a time; is the model whole"):
        LocalEncoder(qwen, "cpu", threads=1)


def test_half_precision_that_is_off_is_left_for_float32(told, monkeypatch):
    monkeypatch.setitem(LEAST_COSINE, "bfloat16", 1.1)  # no cosine is
    encoder = LocalEncoder(EmbeddingModel(**vars(MINILM) | {"precision": "bfloat16"}), "cpu", threads=1)
    assert (encoder.precision, encode(encoder, SENTENCES).computed_in) == ("float32", "float32")
    assert "without padding, bfloat16 on cpu: its vectors come out differently; cosine 0.999" in told()
    assert "without padding, float32 on cpu: taken" in told()


def test_without_room_for_float32_the_reference_is_the_model_at_work(told, monkeypatch):
    monkeypatch.setattr(local_module, "free_memory", lambda: 1_000_000)
    encoder = LocalEncoder(EmbeddingModel(**vars(MINILM) | {"precision": "bfloat16"}), "cpu", threads=1)
    assert "91 MB in float32, and 1 MB are free: vectors are compared with those of one text at a time in bfloat16" in told()
    assert isinstance(encoder._forward, PackedForward)


# --- vectors checked as they come


class Faulty:
    """A way that gives other vectors from some call on, as a device that has gone wrong."""

    def __init__(self, encoder: LocalEncoder, harm: Callable[[torch.Tensor], torch.Tensor]):
        self._way, self._harm, self.harming = encoder._forward, harm, True
        encoder._forward = self

    def __call__(self, batch):
        found = self._way(batch)
        return self._harm(found) if self.harming else found


HARMS = {
    "zeros": lambda found: found * 0,
    "the same for all": lambda found: found[:1].expand_as(found),
    "nearly the same for all": lambda found: found[:1] + 1e-4 * found,
    "each of its neighbor": lambda found: found.roll(1, 0),
    "noise": lambda found: torch.randn(found.shape, generator=torch.Generator().manual_seed(0)),
    "not a number": lambda found: found * torch.nan,
}
ARTICLES = [f"{text} {n}" for n in range(4) for text in SENTENCES]
IDS = [f"wiki:{n}" for n in range(len(ARTICLES))]


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_block_that_is_off_is_made_again_and_told(harm, told):
    encoder = LocalEncoder(MINILM, "cpu", threads=1)
    faulty = Faulty(encoder, harm)
    embedded = encoder.encode(ARTICLES, IDS)
    assert np.abs(embedded.vectors - minilm().encode(ARTICLES, IDS).vectors).max() < 1e-5
    assert "this block is made again, one text at a time, in float32 on cpu" in told()
    faulty.harming = False
    encoder.encode(ARTICLES, IDS)
    assert told().count("this block is made again") == 1 and "it is left" not in told()


def test_a_device_that_is_off_twice_is_left(told):
    encoder = LocalEncoder(MINILM, "cpu", threads=1, policy=None)
    Faulty(encoder, HARMS["noise"])
    blocks = [TextBlock(IDS, ARTICLES)] * 3
    vectors = [embedded.vectors for embedded in encoder.encode_blocks(blocks)]
    assert np.abs(np.stack(vectors) - minilm().encode(ARTICLES, IDS).vectors).max() < 1e-5
    assert told().count("this block is made again") == 2
    assert "cpu was off twice: it is left for the rest of this job" in told()


def test_alike_vectors_of_alike_texts_are_no_fault(told):
    encoder = LocalEncoder(MINILM, "cpu", threads=1)
    encoder.encode(["The same text."] * len(IDS), IDS)
    assert "made again" not in told()


def test_checks_take_a_hundredth_of_the_time(qwen):
    encoder = LocalEncoder(qwen, "cpu", threads=1)
    texts = [f"{text} {n}" for n in range(60) for text in SENTENCES]
    for _ in encoder.encode_blocks([TextBlock([str(n) for n in range(len(texts))], texts)] * 20):
        pass
    check = encoder._check
    assert check.texts >= 4
    dearest = max(encoder.reference.seconds / encoder.reference.texts, check.checking / check.texts)
    assert check.checking <= 0.01 * check.embedding + 4 * dearest
