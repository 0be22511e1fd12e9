"""The reference of the configuration, docs/configuration.md, made from the schema and from the registries of formats.

    python -m knowledge_map.run.configuration_docs SCHEMA OUTPUT

`make docs` runs this with the paths of the repository.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from knowledge_map.articles.decompression import COMPRESSIONS
from knowledge_map.articles.formats.registry import ARTICLE_FORMATS
from knowledge_map.questions.formats.registry import QUESTION_COLLECTIONS, QUESTION_FORMATS
from knowledge_map.run.configuration import read_schema

LONGEST_LIST = 8
"""Most values of a default that stand in a cell of a table; a longer list stands below the table."""

TYPES = {"string": "text", "boolean": "true or false", "integer": "whole number", "number": "number"}
"""What the types of JSON Schema are called."""

OPENING = """# Configuration

<!-- Made by `make docs` from workflow/schemas/config.schema.yaml and the registries of formats. Change these, not this file. -->

Snakemake reads the settings from `config.yaml` in the folder in which it runs. `--configfile FILE` lays another file over it: a
key in `FILE` replaces the same key in `config.yaml`, section by section; a list is replaced as a whole. All settings are checked
before any job starts, and an unknown key is an error.

Snakemake takes every word behind `--configfile` for a further configuration file. So name targets before it, or behind `--`:

    snakemake --cores 8 knn_labels --configfile my.yaml
    snakemake --cores 8 --configfile my.yaml -- knn_labels
"""


def as_markdown(schema: dict) -> str:
    """Return the reference as Markdown.

    Parameters
    ----------
    schema : the JSON Schema of the configuration, as `read_schema` returns it: with the names and defaults of formats.
    """
    properties = schema["properties"]
    single = {name: part for name, part in properties.items() if not _inner(part)}
    pieces = [
        OPENING,
        _one_line(schema["description"]) + "\n",
        "## Single settings\n",
        *_table(single, schema.get("required", [])),
    ]
    for name, part in properties.items():
        if name not in single:
            pieces += _section(name, part, level=2)
    return "\n".join([*pieces, *_article_formats(), *_question_formats()])


def _section(name: str, part: dict, level: int) -> Iterator[str]:
    """Yield heading, description and table of a section, and then the sections in it."""
    inner = _inner(part) or {}
    keys = inner["properties"]
    yield f"{'#' * level} {name}\n"
    yield _one_line(part["description"]) + "\n"
    yield from _table({key: each for key, each in keys.items() if not _inner(each)}, inner.get("required", []))
    for key, each in keys.items():
        if _inner(each):
            yield from _section(f"{name}.{key}", each, level + 1)


def _inner(part: dict) -> dict | None:
    """Return the schema of the keys below a setting, None where it is a single value."""
    return next((each for each in (part, part.get("items", {})) if "properties" in each), None)


def _table(keys: dict[str, dict], required: Iterable[str]) -> Iterator[str]:
    rows, long_lists = [], []
    for name, part in keys.items():
        default = "*required*" if name in required else _default(part["default"])
        if isinstance(part.get("default"), list) and len(part["default"]) > LONGEST_LIST:
            default = f"{len(part['default'])} values, below"
            long_lists.append(f"Default of `{name}`: {_codes(part['default'])}.\n")
        rows.append([f"`{name}`", _one_line(part["description"]), _values(part), default])
    yield _grid(["key", "meaning", "values", "default"], rows)
    yield from long_lists


def _grid(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown, with an empty line behind it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(value) for value in line)} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _default(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _codes(values: Iterable[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _values(part: dict) -> str:
    """Return in words which values a setting takes."""
    if "enum" in part:
        return _codes(part["enum"])
    types = part["type"] if isinstance(part["type"], list) else [part["type"]]
    kinds = [_kind(kind, part) for kind in types if kind != "null"]
    return " or ".join(kinds) + (", or null" if "null" in types else "")


def _kind(kind: str, part: dict) -> str:
    """Return in words which values of one type a setting takes."""
    if kind == "array":
        return f"list of: {_values(part['items'])}"
    if kind == "string" and "pattern" in part:
        exact = re.fullmatch(r"\^(\w+)\$", part["pattern"])
        but = f", not `{part['not']['const']}`" if "not" in part else ""
        return f"`{exact[1]}`" if exact else f"text of the form `{part['pattern']}`{but}"
    return TYPES[kind] + (_range(part) if kind in ("integer", "number") else "")


def _range(part: dict) -> str:
    low, above, high = (part.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    if low is not None and high is not None:
        return f", {low:,} to {high:,}"
    bounds = [("at least", low), ("above", above), ("at most", high)]
    return "".join(f", {word} {bound:,}" for word, bound in bounds if bound is not None)


def _article_formats() -> Iterator[str]:
    yield "## Formats of articles\n"
    yield (
        "These are the values of `format` for files. With `auto` the first bytes of a file decide before its name, and its name\n"
        f"before the text at its beginning. Every file may be compressed ({_codes(COMPRESSIONS)}), with that suffix at the end.\n"
    )
    rows = [
        [f"`{each.name}`", _codes(each.suffixes), f"`{each.folder_names}`" if each.folder_pattern else "–", _options(each)]
        for each in ARTICLE_FORMATS.values()
    ]
    yield _grid(["format", "names end with", "read from a folder", "options"], rows)


def _options(each: Any) -> str:
    names = _codes(each.options)
    return f"{names}: [articles.{each.name}](#articles{each.name})" if names else "–"


def _question_formats() -> Iterator[str]:
    yield "## Formats of questions\n"
    yield (
        "A file of questions is a list of records: JSON, JSON Lines, CSV or TSV with a header, or parquet. Each record is read\n"
        "in the first of these formats that it has.\n"
    )
    yield _grid(["format", "fields"], [[f"`{each.name}`", f"`{each.fields}`"] for each in QUESTION_FORMATS.values()])
    yield "An object in one of these forms stands for the questions in it.\n"
    yield _grid(["collection", "fields"], [[each.name, f"`{each.fields}`"] for each in QUESTION_COLLECTIONS.values()])


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(as_markdown(read_schema(sys.argv[1])), encoding="utf-8")
