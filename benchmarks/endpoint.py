"""How fast a model server embeds through the workflow's encoder, beside the openai package in a loop and what the server can do.

    python benchmarks/endpoint.py --url URL --model NAME --texts resources/starter/articles.jsonl --openai PYTHON

PYTHON is one in whose environment the package `openai` is installed. Prints texts a second, and writes them as JSON to `--json`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

import httpx2
import numpy as np

from knowledge_map.embedding.encoders.base import TextBlock
from knowledge_map.embedding.encoders.endpoint import Endpoint, EndpointEncoder
from knowledge_map.embedding.model import ServedModel

LOOP = """
import json, sys, time
from openai import OpenAI
url, model, texts = json.load(sys.stdin)
client = OpenAI(base_url=url, api_key="none")
start = time.perf_counter()
for text in texts:
    client.embeddings.create(model=model, input=text)
print(time.perf_counter() - start)
"""


def texts_of(path: Path, count: int) -> list[str]:
    articles = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:count]]
    return [f"{article['title']}. {article['text']}" for article in articles]


def in_a_loop(python: str, url: str, model: str, texts: list[str]) -> float:
    """Return the seconds that the openai package takes, a request for each text."""
    run = subprocess.run([python, "-c", LOOP], input=json.dumps([url, model, texts]), capture_output=True, text=True, check=True)
    return float(run.stdout)


def by_the_encoder(url: str, model: str, texts: list[str], concurrency: int, batch: int) -> float:
    """Return the seconds that the workflow's encoder takes, its blocks saved by nobody."""
    encoder = EndpointEncoder(
        ServedModel("article", model, None, 512, "auto", "{text}", None), Endpoint(url, None, concurrency, batch)
    )
    blocks = [TextBlock(texts[at : at + batch], texts[at : at + batch]) for at in range(0, len(texts), batch)]
    start = time.perf_counter()
    rows = sum(len(block.vectors) for block in encoder.encode_blocks(blocks))
    assert rows == len(texts)
    return time.perf_counter() - start


def at_most(url: str, model: str, texts: list[str], concurrency: int, batch: int) -> float:
    """Return the seconds in which the server answers the same requests to somebody who does not look at the answers."""
    with httpx2.Client(timeout=600) as client, ThreadPoolExecutor(concurrency) as pool:
        asked = [
            {"model": model, "input": texts[at : at + batch], "encoding_format": "base64"} for at in range(0, len(texts), batch)
        ]
        start = time.perf_counter()
        for answer in pool.map(lambda body: client.post(f"{url}/embeddings", json=body), asked):
            answer.raise_for_status()
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", type=Path, required=True, help="JSON Lines of title and text")
    parser.add_argument("--count", type=int, default=480)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3, help="the fastest counts")
    parser.add_argument("--openai", help="a Python that has the package openai")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = texts_of(options.texts, options.count)
    settings = (options.url, options.model, texts, options.concurrency, options.batch)
    ways: dict[str, Callable[[], float]] = {"encoder": lambda: by_the_encoder(*settings), "server": lambda: at_most(*settings)}
    if options.openai:
        ways["openai in a loop"] = lambda: in_a_loop(options.openai, options.url, options.model, texts)
    at_most(*settings)  # the server warms up
    rounds = [{name: way() for name, way in ways.items()} for _ in range(options.rounds)]
    rates = {name: round(len(texts) / np.min([each[name] for each in rounds]), 1) for name in ways}
    print("\n".join(f"{name}: {rate:,} texts/s" for name, rate in rates.items()))
    if options.json:
        options.json.write_text(json.dumps({"texts": len(texts), "texts_a_second": rates, "concurrency": options.concurrency}))


if __name__ == "__main__":
    main()
