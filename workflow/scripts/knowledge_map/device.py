"""The device that embeds and multiplies."""

import torch

from knowledge_map.errors import UserError


def choose_device(device: str) -> torch.device:
    """Return the device meant by the config: `auto` is CUDA where there is one, else the CPU.

    MPS is only taken when asked for by name: it falls back to the CPU operator by operator, and its float results differ
    between releases of macOS. Raises UserError for a device this machine does not have.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    chosen = torch.device(device)
    if chosen.type == "cuda":
        if not torch.cuda.is_available():
            raise UserError(f"embedding.device is {device}, but torch sees no CUDA device here; use `auto` or `cpu`.")
        if (chosen.index or 0) >= torch.cuda.device_count():
            raise UserError(f"embedding.device is {device}, but there are {torch.cuda.device_count()} CUDA devices (cuda:0 ...).")
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise UserError("embedding.device is mps, but torch sees no Metal device here; use `auto` or `cpu`.")
    return chosen


def half_precision_pays(device: torch.device) -> bool:
    """Return whether a device multiplies numbers of 16 bits natively, and so about twice as fast or more."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        return bool(able.get("amx_bf16") or able.get("avx512_bf16"))
    return False
