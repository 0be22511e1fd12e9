"""How fast a model server embeds through the workflow's encoder, beside the openai package in a loop and what the server can do.

    python benchmarks/endpoint.py --url URL --model NAME --texts resources/starter/articles.jsonl --openai PYTHON

PYTHON is one in whose environment the package `openai` is installed. Prints texts a second, and writes them as JSON to `--json`.
With `--server PID` of a server on this machine, it also prints the processor seconds that it and whoever asks it take for a
thousand texts: where both share the same cores, these tell more than the clock.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

import httpx2
import psutil

from knowledge_map.embedding.encoders.base import TextBlock
from knowledge_map.embedding.encoders.endpoint import Endpoint, EndpointEncoder
from knowledge_map.embedding.model import ServedModel

LOOP = """
import json, sys, time
from openai import OpenAI
url, model, texts = json.load(sys.stdin)
client = OpenAI(base_url=url, api_key="none")
start, processor = time.perf_counter(), time.process_time()
for text in texts:
    client.embeddings.create(model=model, input=text)
print(time.perf_counter() - start, time.process_time() - processor)
"""


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and processor seconds of who asks and of the server."""

    clock: float
    asking: float
    serving: float = 0


def texts_of(path: Path, count: int) -> list[str]:
    articles = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:count]]
    return [f"{article['title']}. {article['text']}" for article in articles]


def in_a_loop(python: str, url: str, model: str, texts: list[str]) -> Cost:
    """Return what the openai package takes, a request for each text."""
    run = subprocess.run([python, "-c", LOOP], input=json.dumps([url, model, texts]), capture_output=True, text=True, check=True)
    return Cost(*map(float, run.stdout.split()))


def by_the_encoder(url: str, model: str, texts: list[str], concurrency: int, batch: int) -> Cost:
    """Return what the workflow's encoder takes, its blocks saved by nobody."""
    encoder = EndpointEncoder(
        ServedModel("article", model, None, 512, "auto", "{text}", None), Endpoint(url, None, concurrency, batch)
    )
    blocks = [TextBlock(texts[at : at + batch], texts[at : at + batch]) for at in range(0, len(texts), batch)]
    start, processor = time.perf_counter(), time.process_time()
    rows = sum(len(block.vectors) for block in encoder.encode_blocks(blocks))
    assert rows == len(texts)
    return Cost(time.perf_counter() - start, time.process_time() - processor)


def at_most(url: str, model: str, texts: list[str], concurrency: int, batch: int) -> Cost:
    """Return what the same requests take of somebody who does not look at the answers."""
    with httpx2.Client(timeout=600) as client, ThreadPoolExecutor(concurrency) as pool:
        asked = [
            {"model": model, "input": texts[at : at + batch], "encoding_format": "base64"} for at in range(0, len(texts), batch)
        ]
        start, processor = time.perf_counter(), time.process_time()
        for answer in pool.map(lambda body: client.post(f"{url}/embeddings", json=body), asked):
            answer.raise_for_status()
        return Cost(time.perf_counter() - start, time.process_time() - processor)


def with_server(way: Callable[[], Cost], server: psutil.Process | None) -> Cost:
    """Return what a way takes, and what the server takes meanwhile."""
    if not server:
        return way()
    before, cost, after = server.cpu_times(), way(), server.cpu_times()
    return replace(cost, serving=after.user + after.system - before.user - before.system)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", type=Path, required=True, help="JSON Lines of title and text")
    parser.add_argument("--count", type=int, default=480)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3, help="the fastest counts")
    parser.add_argument("--openai", help="a Python that has the package openai")
    parser.add_argument("--server", type=int, help="its process id")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = texts_of(options.texts, options.count)
    settings = (options.url, options.model, texts, options.concurrency, options.batch)
    ways: dict[str, Callable[[], Cost]] = {"encoder": lambda: by_the_encoder(*settings), "server": lambda: at_most(*settings)}
    if options.openai:
        ways["openai in a loop"] = lambda: in_a_loop(options.openai, options.url, options.model, texts)
    at_most(*settings)  # the server warms up
    server = psutil.Process(options.server) if options.server else None
    rounds = [{name: with_server(way, server) for name, way in ways.items()} for _ in range(options.rounds)]
    told = {name: told_of([each[name] for each in rounds], len(texts)) for name in ways}
    for name, numbers in told.items():
        print(f"{name}: " + ", ".join(f"{value:,} {what}" for what, value in numbers.items()))
    if options.json:
        options.json.write_text(json.dumps({"texts": len(texts), "concurrency": options.concurrency, "ways": told}))


def told_of(costs: list[Cost], texts: int) -> dict[str, float]:
    """Return the least of what each thousand texts took, in several rounds."""
    thousand = 1_000 / texts
    numbers = {"texts/s": round(texts / min(cost.clock for cost in costs), 1)}
    numbers["processor s of who asks"] = round(min(cost.asking for cost in costs) * thousand, 2)
    if any(cost.serving for cost in costs):
        numbers["of the server"] = round(min(cost.serving for cost in costs) * thousand, 2)
    return numbers


if __name__ == "__main__":
    main()
