"""Install locked packages into the environment whose Python runs this: by uv, or by pip where uv cannot be had.

    .venv/bin/python envs/install.py requirements.txt

uv takes less than half of pip's time, and of torch the build for this machine: without an NVIDIA driver that for the CPU, which
is gigabytes less. Where torch's own index cannot be reached, torch comes from where all else comes from.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
UV = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", sys.executable]

SETTINGS = {"index-url": "UV_DEFAULT_INDEX", "find-links": "UV_FIND_LINKS", "cert": "SSL_CERT_FILE"}
"""pip's settings of where packages come from, which uv does not read, and how uv is told."""


def main(lock: str) -> int:
    """Install what `lock` lists and return the exit code: 0, or that of pip, which is tried last."""
    uv = next((line for line in Path(lock).read_text().splitlines() if line.startswith("uv==")), None)
    if uv is None or _runs([*PIP, "install", "--quiet", uv]):
        environment = settings_for_uv() | os.environ
        # One retry, or a missing network would be waited for before the ordinary build is taken.
        if _runs([*UV, "--torch-backend", "auto", "-r", lock], environment | {"UV_HTTP_RETRIES": "1"}, quiet=True):
            return 0
        if _runs([*UV, "-r", lock], environment):
            return 0
    return subprocess.run([*PIP, "install", "--quiet", "-r", lock]).returncode


def settings_for_uv() -> dict[str, str]:
    """Return pip's settings, of its files and its environment variables, as environment variables of uv."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True).stdout.splitlines()
    found = {}
    for line in listed:
        name, _, value = line.partition("=")
        if variable := SETTINGS.get(name.rpartition(".")[2]):
            found.setdefault(variable, ast.literal_eval(value))  # of the environment first; pip prints Python strings
    return found


def _runs(command: list[str], environment: dict[str, str] | None = None, quiet: bool = False) -> bool:
    """Return whether a command ends well; what it says is only shown where it is the last word."""
    return subprocess.run(command, env=environment, stderr=subprocess.DEVNULL if quiet else None).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
