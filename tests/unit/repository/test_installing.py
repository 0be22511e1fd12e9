"""The environment is installed by uv as pip would install it, and by pip where uv cannot be had."""

import os
import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # makes an environment

INSTALL = Path(__file__).parents[3] / "envs" / "install.py"


def tiny_wheel(folder: Path) -> None:
    """Write a wheel of the package `tiny`, version 1."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n")
        wheel.writestr(
            "tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny-1.dist-info/RECORD", "tiny.py,,\ntiny-1.dist-info/METADATA,,\ntiny-1.dist-info/WHEEL,,\n")


def test_uv_looks_where_pip_was_told_to_look(tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://mirror.example/simple\nfind-links = /some where/wheels\n")
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_CERT", "/our/certificates.pem")
    settings = runpy.run_path(str(INSTALL))["settings_for_uv"]()
    assert settings["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert settings["UV_FIND_LINKS"] == "/some where/wheels"
    assert settings["SSL_CERT_FILE"] == "/our/certificates.pem"


def test_pip_installs_where_uv_cannot_be_had(tmp_path):
    tiny_wheel(tmp_path / "wheels")
    (tmp_path / "lock.txt").write_text("tiny==1\nuv==0.0.0\n")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    alone = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}
    ended = subprocess.run([python, INSTALL, tmp_path / "lock.txt"], env=alone, capture_output=True, text=True)
    assert ended.returncode == 1 and "uv==0.0.0" in ended.stderr  # pip's own last word
    (tmp_path / "lock.txt").write_text("tiny==1\n")
    subprocess.run([python, INSTALL, tmp_path / "lock.txt"], env=alone, check=True)
    subprocess.run([python, "-c", "import tiny"], check=True)
