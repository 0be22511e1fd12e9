"""What the embedding does on a CUDA device: `PYTHONPATH=workflow/scripts python tests/gpu/check_device.py [REPORT]`.

It needs no network, no model and not the versions of the lock: models are random, of Qwen3's architecture, tiny and of the size
of Qwen3-Embedding-0.6B. It takes about three minutes, prints what it finds, writes it as JSON to REPORT, and ends with 1 if a
vector is wrong.
"""

import gc
import importlib
import inspect
import json
import logging
import sys
import tempfile
import time
import types
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow/scripts"), str(ROOT / "tests/support")]

try:
    importlib.import_module("knowledge_map.common.hub")
except ImportError as missing:  # of another version than the lock's; nothing is fetched here
    print(f"without the hub: {missing}")
    hub = types.ModuleType("knowledge_map.common.hub")
    hub.model_folder = lambda *_: None
    sys.modules["knowledge_map.common.hub"] = hub

import sentence_transformers
import transformers
from qwen_models import ALPHABET, byte_tokenizer, full_size, save_model
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import Qwen3Model

from knowledge_map.common.afresh import GoOnAfreshError
from knowledge_map.common.device import METAL, DevicePolicy, device_memory
from knowledge_map.embedding.encoders import attention
from knowledge_map.embedding.encoders.base import TextBlock
from knowledge_map.embedding.encoders.batching import SHAPES
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.encoders.trial import LEAST_COSINE, ways_of
from knowledge_map.embedding.memory_guard import MemoryGuard
from knowledge_map.embedding.model import EmbeddingModel

if "enable_gqa" not in inspect.signature(attention.varlen_attn).parameters:  # of a torch before the lock's
    kernel = attention.varlen_attn

    def with_grouped_queries(query, key, value, *rest, enable_gqa: bool = False, **settings):
        """Be the lock's kernel: give every query its key."""
        times = query.shape[1] // key.shape[1] if enable_gqa else 1
        return kernel(query, key.repeat_interleave(times, 1), value.repeat_interleave(times, 1), *rest, **settings)

    attention.varlen_attn = with_grouped_queries

PRECISIONS = ("bfloat16", "float16", "float32")
TOKENS = 512
report: dict[str, object] = {}
faults: list[str] = []


def tell(what: str, found: object, right: bool = True) -> None:
    """Print and keep what was found, and whether it is as it should be."""
    report[what] = found
    print(f"{'' if right else 'WRONG: '}{what}: {found}", flush=True)
    if not right:
        faults.append(what)


def texts(count: int) -> list[str]:
    """Return texts of lengths as openings of articles have them; a token is a byte."""
    random = np.random.default_rng(0)
    lengths = np.clip(random.lognormal(4.6, 0.6, count), 2, TOKENS - 1).astype(int)
    return ["".join(random.choice(list("abcdefgh "), length)) for length in lengths]


def encoder_of(folder: Path, precision: str, policy: DevicePolicy | None = None, **settings) -> LocalEncoder:
    model = EmbeddingModel("article", str(folder), None, TOKENS, precision, "{text}", "")
    return LocalEncoder(model, "cuda", threads=torch.get_num_threads(), policy=policy, **settings)


def least_cosine(found: np.ndarray, expected: np.ndarray) -> float:
    return round(float(np.einsum("nd,nd->n", found, expected).min()), 5)


def way_of(encoder: LocalEncoder) -> str:
    return f"{type(encoder._forward).__name__}, {encoder.precision} on {encoder.device}"


def ways(folder: Path) -> None:
    """Compare every way with the reference, in every precision."""
    some = texts(100)
    ids = [str(n) for n in range(len(some))]
    for precision in PRECISIONS:
        encoder = encoder_of(folder, precision)
        expected = encoder.reference.vectors(some)
        least = LEAST_COSINE[encoder.precision]
        cosine = least_cosine(encoder.encode(some, ids).vectors, expected)
        tell(f"tiny, {precision}", f"{way_of(encoder)}, cosine {cosine}", cosine >= least and encoder.device.type == "cuda")
        for policy in (DevicePolicy(), METAL):
            for way in ways_of(policy):
                each = encoder_of(folder, precision, policy)
                try:
                    each._forward = way.open(each._loaded(each._place))
                    cosine = least_cosine(each.encode(some, ids).vectors, expected)
                    told = f"cosine {cosine}, {each._times_off} times off"
                    tell(f"tiny, {precision}, {way.name}", told, cosine >= least and not each._times_off)
                except (RuntimeError, TypeError, AttributeError) as error:
                    tell(f"tiny, {precision}, {way.name}", f"not possible: {error}")


class Shapes(TorchDispatchMode):
    """Records the shapes of what every operation takes, for each pass through a model's layers."""

    def __init__(self, layers: torch.nn.Module):
        super().__init__()
        self.passes: set[tuple] = set()
        self._pass: list[tuple] = []
        layers.register_forward_pre_hook(lambda *_: self._pass.clear())
        layers.register_forward_hook(lambda *_: self.passes.add(tuple(self._pass)))

    def __torch_dispatch__(self, function, types, arguments=(), settings=None):
        tensors = [each for each in tree_leaves(arguments) if isinstance(each, torch.Tensor)]
        self._pass.append((str(function), *(tuple(tensor.shape) for tensor in tensors)))
        return function(*arguments, **settings or {})


def few_shapes(folder: Path) -> None:
    """Count the shapes of a job on a device that keeps something for each."""
    some = texts(3_000)
    encoder = encoder_of(folder, "float32", METAL)
    with Shapes(encoder._loaded(encoder._place).inner) as shapes:
        for start in range(0, len(some), 1_000):
            encoder.encode(some[start : start + 1_000], [str(n) for n in range(1_000)])
    tell("shapes of a job", f"{len(shapes.passes)}, {way_of(encoder)}", len(shapes.passes) <= SHAPES)


def memory(folder: Path) -> None:
    """Fill the device, and look whether batches are halved, and whether the guard asks for a fresh process."""
    some = texts(400)
    ids = [str(n) for n in range(len(some))]
    encoder = encoder_of(folder, "float32")
    expected = encoder.encode(some, ids).vectors
    before = encoder.budget.tokens
    torch.cuda.empty_cache()
    _, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 32e6) / total)
    try:
        found = encoder.encode(some, ids).vectors
        told = f"{before:,} to {encoder.budget.tokens:,} tokens, cosine {least_cosine(found, expected)}"
        tell("out of memory", told, encoder.budget.tokens < before and least_cosine(found, expected) > 0.9999)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    held = device_memory(torch.device("cuda"))[0]
    tell("memory", str(held), 0 < held.bytes < held.most)
    guard = MemoryGuard(encoder, 0.1)
    guard.look()
    tell("the guard at first", "content")
    released = torch.empty(int(0.2 * total), dtype=torch.uint8, device="cuda")
    del released
    guard.look()
    tell("the guard, of what can be given back", f"content with {device_memory(torch.device('cuda'))[0]}")
    kept = torch.empty(int(0.2 * total), dtype=torch.uint8, device="cuda")
    try:
        guard.look()
        tell("the guard, of what cannot", "content", right=False)
    except GoOnAfreshError as reason:
        tell("the guard, of what cannot", str(reason))
    del kept
    torch.cuda.empty_cache()


def save_large(folder: Path) -> Path:
    """Save a random Qwen3 of the size of Qwen3-Embedding-0.6B, with a tokenizer of bytes."""
    config = full_size(pad_token_id=len(ALPHABET), eos_token_id=len(ALPHABET))
    torch.manual_seed(0)
    with torch.device("cuda"):
        model = Qwen3Model(config).to(torch.bfloat16)
    model.cpu().save_pretrained(folder / "plain")
    byte_tokenizer("left").save_pretrained(folder / "plain")
    modules = [Transformer(str(folder / "plain")), Pooling(1_024, pooling_mode="lasttoken"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return folder / "model"


def speed(folder: Path) -> None:
    """Measure texts a second of a model of full size, and how far its vectors are from the reference."""
    some = texts(4_000)
    tokens = sum(map(len, some)) / len(some) + 1
    blocks = [TextBlock([str(n) for n in range(1_000)], some[start : start + 1_000]) for start in range(0, len(some), 1_000)]
    for precision in PRECISIONS:
        for name, policy in (("", None), (", few shapes", METAL)):
            if policy and precision == "float16":
                continue
            begun = time.monotonic()
            encoder = encoder_of(folder, precision, policy)
            load = time.monotonic() - begun
            encoder.encode(*blocks[0][::-1])
            begun = time.monotonic()
            found = [embedded.vectors for embedded in encoder.encode_blocks(blocks[: 2 if precision == "float32" else 4])]
            rate = 1_000 * len(found) / (time.monotonic() - begun)
            rows = range(0, 1_000, 250)
            cosine = least_cosine(found[0][rows], encoder.reference.vectors([some[row] for row in rows]))
            check = encoder._check
            tell(
                f"0.6B, {precision}{name}",
                f"{way_of(encoder)}: {rate:,.0f} texts/s, {rate * tokens:,.0f} tokens/s, batches of {encoder.budget.tokens:,}, "
                f"cosine {cosine}, loaded and tried in {load:.0f} s, {check.texts} texts checked in {check.checking:.2f} s "
                f"beside {check.embedding:.2f} s, {encoder._times_off} times off, {device_memory(encoder.device)[0]}",
                cosine >= LEAST_COSINE[encoder.precision] and encoder.device.type == "cuda" and not encoder._times_off,
            )
            del encoder
            torch.cuda.empty_cache()
    own = SentenceTransformer(str(folder), device="cuda", model_kwargs={"dtype": torch.bfloat16})
    own.max_seq_length = TOKENS
    own.encode(some[:500], batch_size=128)
    begun = time.monotonic()
    own.encode(some, batch_size=128)
    tell("0.6B, bfloat16, encode of sentence-transformers", f"{len(some) / (time.monotonic() - begun):,.0f} texts/s")


def main(arguments: Sequence[str]) -> int:
    if not torch.cuda.is_available():
        print("skipped: torch sees no CUDA device here")
        return 0
    logging.basicConfig(format="    %(message)s", level=logging.WARNING, stream=sys.stdout)
    logging.getLogger("knowledge_map").setLevel(logging.INFO)
    versions = {module.__name__: module.__version__ for module in (torch, transformers, sentence_transformers)}
    tell("versions", versions | {"device": torch.cuda.get_device_name()})
    with tempfile.TemporaryDirectory() as folder:
        tiny = save_model(Path(folder) / "tiny", "left")
        steps = [(ways, tiny), (few_shapes, tiny), (memory, tiny), (speed, None)]
        for step, model in steps:
            gc.collect()  # what the step before has left
            torch.cuda.empty_cache()
            begun = time.monotonic()
            try:
                step(model or save_large(Path(folder) / "large"))
            except Exception as error:
                logging.exception(step.__name__)
                tell(step.__name__, f"{type(error).__name__}: {error}", right=False)
            tell(f"seconds of {step.__name__}", round(time.monotonic() - begun))
    tell("wrong", faults)
    if arguments:
        Path(arguments[0]).write_text(json.dumps(report, indent=1))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
