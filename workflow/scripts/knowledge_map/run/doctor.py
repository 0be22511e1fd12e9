"""What this machine has, how fast and how right its devices embed, and what to set for it.

It is what a report of a fault begins with, so it works where parts are missing: it says so, and goes on. Nothing is imported
here that has to be installed.
"""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

PACKAGES = ("snakemake", "torch", "transformers", "sentence-transformers", "numpy", "pyarrow", "faiss-cpu", "umap-learn", "numba")
"""Whose versions a report of a fault needs."""

BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome", "firefox")

HUB_PATIENCE = 3
"""Seconds to wait for the hub."""

CHECK_PATIENCE = 180
"""Seconds that a device may take to load the model and embed some texts."""

WORTH = 1.2
"""How many times as fast as the CPU a GPU must embed to be advised."""

GIGABYTE = 1e9

DEVICES = """
import json, torch
cuda = [f"cuda:{n}" for n in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
print(json.dumps(["cpu", *cuda, *(["mps"] if torch.backends.mps.is_available() else [])]))
"""


def report(config: dict | None, folder: Path) -> Iterator[str]:
    """Yield lines about this machine, as they are found.

    Parameters
    ----------
    config : the completed configuration, None where it cannot be read; then the default model is tried.
    folder : that of the workflow, with the lock of its packages.
    """
    yield from _section("Machine", _machine(Path(config["results"] if config else "results")))
    yield from _section("Packages", _packages(folder / "requirements.txt"))
    yield from _section("Caches", _caches())
    yield from _section("Surroundings", _surroundings(config))
    yield from ("", "Self-check: vectors beside those of one text at a time in float32 on the CPU")
    checks = {}
    for device in devices():
        checks[device] = check_apart(device, config["embedding"] if config else None)
        yield from _rows(_told(device, checks[device]))
    yield from _section("What to set in the configuration", _advice(checks, config))


def devices() -> list[str]:
    """Return the devices that torch sees here, by the names that the configuration knows; none without torch."""
    with suppress(subprocess.SubprocessError, ValueError):
        done = subprocess.run([sys.executable, "-c", DEVICES], capture_output=True, text=True, timeout=CHECK_PATIENCE)
        return json.loads(done.stdout)
    return []


def check_apart(device: str, embedding: dict | None) -> dict[str, Any]:
    """Return what `self_check` finds of a device, in a process of its own, or its `error`."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-m", "knowledge_map.run.self_check"]
    asked = json.dumps({"device": device, "embedding": embedding})
    try:
        done = subprocess.run(command, input=asked, env=environment, capture_output=True, text=True, timeout=CHECK_PATIENCE)
    except subprocess.TimeoutExpired:
        return {"error": f"not done within {CHECK_PATIENCE} s"}
    if done.returncode < 0:
        return {"error": f"its process was ended by signal {-done.returncode}"}
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": (done.stderr.strip().splitlines() or ["its process said nothing"])[-1]}


def _machine(results: Path) -> Iterator[tuple[str, str]]:
    yield "system", f"{platform.platform()}, {platform.machine()}"
    yield "Python", f"{platform.python_version()}, {sys.executable}"
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "cores", f"{usable}" + (f" of {os.cpu_count()}" if usable != os.cpu_count() else "")
    try:
        import psutil

        memory = psutil.virtual_memory()
        yield "memory", f"{memory.total / GIGABYTE:.1f} GB, {memory.available / GIGABYTE:.1f} GB available"
    except ImportError:
        yield "memory", "unknown: psutil is missing"
    there = next(parent for parent in [results.absolute(), *results.absolute().parents] if parent.exists())
    yield "disk", f"{shutil.disk_usage(there).free / GIGABYTE:.1f} GB free at {there}"
    if (there / there.name.swapcase()).exists():
        yield "names", "this file system does not tell upper from lower case"


def _packages(lock: Path) -> Iterator[tuple[str, str]]:
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)) if lock.exists() else {}
    for name in PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, "missing; `make env` installs it"
            continue
        meant = locked.get(name, version)
        yield name, version + (f", where requirements.txt has {meant}" if version.partition("+")[0] != meant else "")


def _caches() -> Iterator[tuple[str, str]]:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME") or home / "huggingface") / "hub")
    for name, path in (("models", hub), ("Snakemake", home / "snakemake"), ("temporary", Path(tempfile.gettempdir()))):
        there = next(parent for parent in [path.absolute(), *path.absolute().parents] if parent.exists())
        yield (
            name,
            f"{path}" + ("" if os.access(there, os.W_OK) else ", which cannot be written; set XDG_CACHE_HOME, HF_HOME or TMPDIR"),
        )


def _surroundings(config: dict | None) -> Iterator[tuple[str, str]]:
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    yield "hub", f"{hub}: {_answer(hub)}"
    endpoint = config and config["embedding"]["endpoint"]
    if endpoint:
        yield "model server", f"{endpoint['url']}: {_answer(endpoint['url'])}"
    slurm = shutil.which("sbatch")
    yield "SLURM", slurm or "not here"
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    yield "browser", found or ("the system's" if sys.platform == "darwin" else "none found; the page opens in one elsewhere, too")


def _answer(address: str) -> str:
    """Return in words whether a server answers, whatever it answers."""
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=HUB_PATIENCE).close()
    except urllib.error.HTTPError as error:
        return f"answers ({error.code})"
    except (OSError, ValueError) as error:
        return f"does not answer ({getattr(error, 'reason', error)})"
    return "answers"


def _told(device: str, check: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "error" in check:
        yield device, f"no: {check['error']}"
        return
    yield device, f"{check['rate']:,.0f} texts/s, {check['precision']} on {check['device']}"
    for line in check["words"]:
        yield "", line


def _advice(checks: dict[str, dict[str, Any]], config: dict | None) -> Iterator[tuple[str, str]]:
    """Yield what the checks say about the settings."""
    rates = {device: check["rate"] for device, check in checks.items() if check.get("device") == device.partition(":")[0]}
    if not rates:
        yield "", "nothing, before a device embeds: see the errors above"
        return
    fastest = max(rates, key=lambda device: rates[device])
    if fastest != "cpu" and rates[fastest] > WORTH * rates.get("cpu", 0):
        yield "", f"embedding.device: {'cuda' if fastest.startswith('cuda') else fastest}"
    else:
        yield "", "embedding.device: cpu"
    for device in checks.keys() - rates.keys():
        yield "", f"not {device}: it {'failed' if 'error' in checks[device] else 'gives other vectors than the CPU'}"
    if config:
        yield "", f"now it is embedding.device: {config['embedding']['device']}"


def _section(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from ("", title)
    yield from _rows(rows)


def _rows(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, words in rows:
        yield f"  {name:22}{words}" if name else f"    {words}"
