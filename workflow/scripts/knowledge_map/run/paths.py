"""Paths as people write them: what stands for a folder elsewhere is expanded, and what Snakemake cannot take is refused."""

import os
import re
import sys
from pathlib import Path

from knowledge_map.common.errors import UserError
from knowledge_map.common.text import UNFIT_IN_PATH, shown

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

MEANT_BY_A_SHELL = re.compile(r"[\s'\"\\$`&|;<>()*?\[\]#~!{}]")
"""Characters of which a shell makes something else, unless they are quoted."""


def expand_paths(config: dict) -> dict:
    """Return a completed configuration with `~` and `$NAME` expanded in every path.

    Raises UserError where one of them stands for nothing.
    """
    sources = [
        source
        | {
            name: expanded(source[name], f"articles[{number}].{name}")
            for name in (("vectors",) if source["format"] == "huggingface" else ("path", "vectors"))
            if source[name]
        }
        for number, source in enumerate(config["articles"])
    ]
    questions = config["questions"]
    if isinstance(questions, str):
        questions = expanded(questions, "questions")
    elif questions:
        questions = [expanded(path, f"questions[{number}]") for number, path in enumerate(questions)]
    new, start, domains = config["projection"]["path"], config["layout"]["start"], config["domains"]
    return config | {
        "results": expanded(config["results"], "results"),
        "articles": sources,
        "questions": questions,
        "domains": expanded(domains, "domains") if domains else domains,
        "embedding": config["embedding"] | {"model": expanded(config["embedding"]["model"], "embedding.model")},
        "layout": config["layout"] | {"start": expanded(start, "layout.start") if start else start},
        "projection": config["projection"] | {"path": expanded(new, "projection.path") if new else new},
    }


def expanded(path: str, key: str) -> str:
    """Return a path with `~` and `$NAME` expanded, as a shell does it; a file that is really named so is left alone.

    Raises UserError where there is no such variable or home.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise UserError(
                f"configuration: `{key}`: {shown(path)}: the variable {shown(name)} is not set; set it, or write the path itself."
            )
        return os.environ[name]

    if UNFIT_IN_PATH.search(path):
        return path  # refused elsewhere
    if path.startswith("~"):
        home = os.path.expanduser(path)
        if home == path and not _is_there(path):
            raise UserError(
                f"configuration: `{key}`: {shown(path)}: there is no such home; write the path itself, or ./{shown(path)}."
            )
        path = home
    path = path if _is_there(path) else VARIABLE.sub(value, path)
    if key != "embedding.model":
        _refuse_braces(path, key)
    return path


def _is_there(path: str) -> bool:
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False


def check_path(path: str, key: str) -> None:
    """Raise UserError where no file or folder can have a path, or Snakemake would take it for a pattern."""
    if UNFIT_IN_PATH.search(path):
        raise UserError(f"configuration: {shown(path)}: no path has control characters or halves of characters; correct it.")
    _refuse_braces(path, key)
    if ADDRESS.match(path) and not _is_there(path):
        raise UserError(
            f"configuration: `{key}`: {shown(path)}: an address and not a path; fetch it first, and write where it lies."
        )
    Path(path).exists()  # raises OSError if the name is too long


def _refuse_braces(path: str, key: str) -> None:
    if "{" in path or "}" in path:
        raise UserError(f"configuration: `{key}`: {shown(path)}: has braces, which Snakemake takes for a pattern; rename it.")


def check_environment(executable: str = sys.executable) -> None:
    """Raise UserError where Snakemake cannot start this Python: it runs its path unquoted."""
    found = MEANT_BY_A_SHELL.search(executable)
    if found:
        what = "a space" if found[0].isspace() else f"`{found[0]}`"
        raise UserError(
            f"{executable}: the path of this environment has {what} in it, and Snakemake runs it unquoted; make the environment "
            "in another folder (python3 -m venv /path/without/spaces), or move this one's folder and make it anew."
        )
