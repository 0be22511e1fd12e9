"""On a device that keeps something for every shape, a job has few shapes, and the vectors are the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import SENTENCES, encode
from qwen_models import save_model
from test_packing import bert, modern_bert, pooling, qwen, roberta, save
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from knowledge_map.common.device import METAL, DevicePolicy
from knowledge_map.embedding.encoders.attention import RECTANGULAR, rectangular_attention
from knowledge_map.embedding.encoders.base import TextBlock
from knowledge_map.embedding.encoders.batching import SHAPES, few_lengths, first_batch
from knowledge_map.embedding.encoders.forward import RectangularForward
from knowledge_map.embedding.encoders.local import CPU_TOKENS, LocalEncoder
from knowledge_map.embedding.encoders.tokenization import Tokenized
from knowledge_map.embedding.model import EmbeddingModel

pytestmark = pytest.mark.slow  # loads models


class Shapes(TorchDispatchMode):
    """Records the shapes of what every operation takes and gives, for each pass through a model's layers.

    Attributes
    ----------
    passes : the operations of a pass with their shapes, once for each that differs in any.
    largest : numbers of the largest tensor.
    """

    def __init__(self):
        super().__init__()
        self.passes: set[tuple] = set()
        self.largest = 0
        self._pass: list[tuple] = []

    def __torch_dispatch__(self, function, types, arguments=(), settings=None):
        found = function(*arguments, **settings or {})
        tensors = [each for each in tree_leaves((arguments, found)) if isinstance(each, torch.Tensor)]
        self._pass.append((str(function), *(tuple(tensor.shape) for tensor in tensors)))
        self.largest = max([self.largest, *(tensor.numel() for tensor in tensors)])
        return found

    def watch(self, layers: torch.nn.Module) -> None:
        """Record passes of batches, not those of the reference, which goes through the same layers here."""

        def end(layers: torch.nn.Module, *_) -> None:
            if layers.config._attn_implementation == RECTANGULAR:
                self.passes.add(tuple(self._pass))

        layers.register_forward_pre_hook(lambda *_: self._pass.clear())
        layers.register_forward_hook(end)


def on_metal(folder: Path | str, max_tokens: int = 128, policy: DevicePolicy = METAL) -> LocalEncoder:
    """Return an encoder that treats the CPU as it would Metal."""
    model = EmbeddingModel("article", str(folder), None, max_tokens, "float32", "{text}", "")
    return LocalEncoder(model, "cpu", threads=1, policy=policy)


def openings(count: int) -> list[str]:
    """Return texts of lengths as openings of articles have them, 2 to 500 tokens of one byte each."""
    random = np.random.default_rng(0)
    lengths = np.clip(random.lognormal(4.5, 0.6, count), 1, 500).astype(int)
    return ["".join(random.choice(list("abcdefgh "), length)) for length in lengths]


def test_a_job_has_sixteen_shapes_at_most_from_its_trial_to_its_last_batch(tmp_path, monkeypatch):
    shapes, opened = Shapes(), RectangularForward.__init__

    def recorded(self, loaded, *settings, **named):
        opened(self, loaded, *settings, **named)
        shapes.watch(loaded.inner)

    monkeypatch.setattr(RectangularForward, "__init__", recorded)
    texts = openings(3_000)
    blocks = [TextBlock([str(n) for n in range(1_000)], texts[start : start + 1_000]) for start in (0, 1_000, 2_000)]
    with shapes:
        encoder = on_metal(save_model(tmp_path, "left"), max_tokens=256)
        assert isinstance(encoder._forward, RectangularForward)
        for _ in encoder.encode_blocks(blocks):
            pass
    operations = {name for each in shapes.passes for name, *_ in each}
    assert {"aten.linear.default", "aten.embedding.default"} <= operations and len(operations) > 10
    assert 10 < len(shapes.passes) <= SHAPES


@pytest.mark.parametrize("longest", [8, 100, 128, 256, 512, 2_048, 32_768])
def test_lengths_are_few_and_end_at_the_longest(longest):
    lengths = few_lengths(longest)
    assert len(lengths) <= SHAPES and lengths[-1] == longest and (np.diff(lengths) > 0).all()


TEXTS = {
    "openings": lambda random, longest: np.clip(random.lognormal(4.1, 0.5, 1_000), 5, longest).astype(int),
    "paragraphs": lambda random, longest: np.clip(random.lognormal(5.3, 0.5, 1_000), 5, longest).astype(int),
    "any": lambda random, longest: random.integers(5, longest + 1, 1_000),
    "cut": lambda random, longest: np.full(1_000, longest),
}


@pytest.mark.parametrize("longest", [128, 256, 512, 1_024, 2_048])
@pytest.mark.parametrize("texts", TEXTS.values(), ids=TEXTS)
def test_a_fifth_at_most_is_padding(texts, longest):
    lengths = texts(np.random.default_rng(0), longest)
    tokenized = Tokenized([""] * len(lengths), np.zeros(lengths.sum(), int), np.append(0, np.cumsum(lengths)), 0)
    waiting, places = np.argsort(-lengths, kind="stable"), 0
    while len(waiting):
        batch = first_batch(tokenized, waiting, CPU_TOKENS, few_lengths(longest))
        rows, length = batch.rectangle
        assert len(batch.rows) <= rows and batch.lengths.max() <= length
        places += rows * length
        waiting = waiting[len(batch.rows) :]
    assert 1 - lengths.sum() / places <= 0.2


MODELS = {
    "bert, mean": lambda: (bert(), pooling("mean")),
    "bert, cls": lambda: (bert(), pooling("cls")),
    "roberta, mean": lambda: (roberta(), pooling("mean")),
    "modern bert, cls": lambda: (modern_bert(), pooling("cls")),
    "qwen3, last token": lambda: (qwen(), pooling("lasttoken")),
    "qwen3 with windows": lambda: (qwen(use_sliding_window=True, sliding_window=6, max_window_layers=1), pooling("lasttoken")),
}


@pytest.mark.parametrize("modules", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("largest_buffer", [METAL.largest_buffer, 10_000], ids=["whole", "in parts"])
def test_rectangles_give_the_vectors_of_packed_texts(modules, largest_buffer, tmp_path):
    torch.manual_seed(0)
    folder = save(tmp_path, *modules())
    encoder = on_metal(folder, policy=DevicePolicy(few_shapes=True, largest_buffer=largest_buffer))
    assert isinstance(encoder._forward, RectangularForward)
    expected = encode(on_metal(folder, policy=DevicePolicy()), SENTENCES).vectors
    for tokens in (1, 300, 2_048):
        assert np.abs(encode(encoder, SENTENCES, tokens).vectors - expected).max() < 1e-5


def test_no_buffer_is_larger_than_the_device_takes():
    rows, heads, length, most = 2, 4, 64, 5_000
    query, key, value = torch.randn(3, rows, heads, length, 8, generator=torch.Generator().manual_seed(0))
    real = torch.ones(rows, length, dtype=torch.bool)
    with Shapes() as shapes:
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # which makes the scores, as Metal does
            rectangular_attention(torch.nn.Module(), query, key, value, None, real, most, is_causal=True)
    assert shapes.largest <= most


def test_a_model_that_cannot_go_in_rectangles_is_embedded_on_the_cpu(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "knowledge_map")

    def too_new(self, loaded, largest_buffer):
        raise NotImplementedError("attention with softcap")

    monkeypatch.setattr(RectangularForward, "__init__", too_new)
    encoder = on_metal(save_model(tmp_path, "left"))
    assert "padded to few shapes, float32 on cpu: not possible (attention with softcap)" in caplog.text
    assert "without padding, float32 on cpu: taken" in caplog.text
    assert encode(encoder, SENTENCES).vectors.shape == (len(SENTENCES), 32)
