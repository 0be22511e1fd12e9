"""The device that embeds and multiplies."""

import os
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from knowledge_map.common.errors import UserError
from knowledge_map.common.memory import Held
from knowledge_map.common.progress import log

_held: list[FileLock] = []


@dataclass(frozen=True)
class DevicePolicy:
    """How a device wants its batches.

    Attributes
    ----------
    few_shapes : whether it keeps, for good, a compiled graph and its memory for every shape of input that it meets.
    largest_buffer : numbers that one buffer may hold at most.
    """

    few_shapes: bool = False
    largest_buffer: int = 2**62


METAL = DevicePolicy(few_shapes=True, largest_buffer=2**28)
"""Metal takes no dimension above 2³¹ - 1; long before, buffers of some GiB fail. This is 1 GiB of float32."""


def policy_of(device: torch.device) -> DevicePolicy:
    """Return how a device wants its batches."""
    return METAL if device.type == "mps" else DevicePolicy()


def device_memory(device: torch.device) -> list[Held]:
    """Return what this process holds of a device's memory; nothing for a CPU."""
    if device.type == "cuda":
        return [Held(str(device), torch.cuda.memory_reserved(device), torch.cuda.mem_get_info(device)[1])]
    if device.type == "mps":
        return [Held("Metal", torch.mps.driver_allocated_memory(), torch.mps.recommended_max_memory())]
    return []


def empty_cache(device: torch.device) -> None:
    """Give back the memory of a device that nothing uses at present."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    if device.type == "mps":
        torch.mps.empty_cache()


def choose_device(device: str) -> torch.device:
    """Return the device meant by the config: `auto` is CUDA where there is one, else the CPU.

    Of several GPUs each job takes one that no other holds, so that as many jobs run side by side as there are GPUs.
    MPS is only taken when asked for by name: it falls back to the CPU operator by operator, and its float results differ
    between releases of macOS. Raises UserError for a device this machine does not have.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    chosen = torch.device(device)
    if chosen.type == "cuda":
        if not torch.cuda.is_available():
            raise UserError(f"embedding.device is {device}, but torch sees no CUDA device here; use `auto` or `cpu`.")
        if (chosen.index or 0) >= torch.cuda.device_count():
            raise UserError(f"embedding.device is {device}, but there are {torch.cuda.device_count()} CUDA devices (cuda:0 ...).")
        if chosen.index is None and torch.cuda.device_count() > 1:
            chosen = torch.device("cuda", hold_free_gpu(torch.cuda.device_count()))
            torch.cuda.set_device(chosen)
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise UserError("embedding.device is mps, but torch sees no Metal device here; use `auto` or `cpu`.")
    return chosen


@cache
def hold_free_gpu(count: int) -> int:
    """Return which of so many GPUs no other job on this machine holds, and hold it as long as this process lives.

    Where all are held, it is the first, and the log says so.
    """
    for number in range(count):
        lock = FileLock(Path(tempfile.gettempdir()) / f"knowledge-map-{os.getuid()}-gpu-{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        _held.append(lock)
        return number
    log.warning(f"all {count} GPUs are held by other jobs; sharing the first (see snakemake --resources gpu={count})")
    return 0


def half_precision_pays(device: torch.device) -> bool:
    """Return whether a device multiplies numbers of 16 bits natively, and so about twice as fast or more."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        return bool(able.get("amx_bf16") or able.get("avx512_bf16"))
    return False


def is_out_of_memory(error: Exception) -> bool:
    """Return whether a computation failed for want of memory, of a device or of the machine."""
    said = str(error).lower()
    # The last two are what oneDNN says on a CPU, and Metal of a buffer that is too large.
    known = ("out of memory", "allocate memory", "could not create a primitive", "invalid buffer size")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(words in said for words in known)
