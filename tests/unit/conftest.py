"""What is left out where only quick tests are asked for."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a file of slow tests where they are left out: what it imports takes seconds."""
    left_out = config.option.markexpr == "not slow" and collection_path.is_file()
    return True if left_out and "\npytestmark = pytest.mark.slow" in collection_path.read_text(encoding="utf-8") else None
