"""The page's pure modules do alone what they say: the cases are in unit/*.test.js, and deno runs them."""

import shutil
import subprocess
from pathlib import Path

import pytest

CASES = sorted(Path(__file__).with_name("unit").glob("*.test.js"))
DENO = shutil.which("deno")


@pytest.mark.skipif(DENO is None, reason="no deno: `pip install -r requirements-test.txt`")
@pytest.mark.parametrize("cases", CASES, ids=lambda path: path.name.removesuffix(".test.js"))
def test_a_pure_module_holds_its_cases(cases, request, tmp_path):
    command = [DENO, "test", "--no-check", "--no-remote", "--no-prompt", cases]
    environment = {"DENO_DIR": str(tmp_path), "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=request.config.rootpath, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed" in done.stdout and " 0 passed" not in done.stdout
