"""The reference of the configuration: what it says of a key is what the schema says."""

from pathlib import Path

import pytest

from knowledge_map.articles.formats.registry import ARTICLE_FORMATS
from knowledge_map.questions.formats.registry import QUESTION_FORMATS
from knowledge_map.run.configuration import read_schema
from knowledge_map.run.configuration_docs import as_markdown

SCHEMA = Path(__file__).parents[3] / "workflow/schemas/config.schema.yaml"


def reference_of(part: dict, required: bool = False) -> str:
    """Return the row of a schema with one key, `key`."""
    schema = {"description": "Settings.", "properties": {"key": {"description": "What it is."} | part}}
    text = as_markdown(schema | {"required": ["key"] if required else []})
    return next(line for line in text.splitlines() if line.startswith("| `key`"))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 1024, "default": 8}, "whole number, 1 to 1,024 | `8`"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.5}, "number, above 0, at most 1 | `0.5`"),
        ({"type": ["integer", "null"], "minimum": 1, "default": None}, "whole number, at least 1, or null | `null`"),
        ({"type": "boolean", "default": True}, "true or false | `true`"),
        ({"enum": ["auto", "cpu"], "default": "auto"}, '`auto`, `cpu` | `"auto"`'),
        (
            {"type": ["string", "integer"], "pattern": "^auto$", "minimum": 1, "default": 1},
            "`auto` or whole number, at least 1 | `1`",
        ),
        ({"type": "string", "pattern": "^(a|b)$", "default": "é"}, 'text of the form `^(a\\|b)$` | `"é"`'),
        ({"type": "array", "items": {"type": "string"}, "default": ["a"]}, 'list of: text | `["a"]`'),
    ],
    ids=["range", "bounds", "null", "boolean", "names", "name or number", "pattern", "list"],
)
def test_values_and_default_of_a_key(part, said):
    assert reference_of(part) == f"| `key` | What it is. | {said} |"


def test_a_key_without_a_default_is_required():
    assert reference_of({"type": "string"}, required=True).endswith("| text | *required* |")


def test_a_long_list_stands_below_its_table():
    values = [f"v{number}" for number in range(9)]
    schema = {"description": "Settings.", "properties": {}}
    key = {"description": "Names.", "type": "array", "items": {"type": "string"}, "default": values}
    text = as_markdown(schema | {"properties": {"key": key}})
    assert "| 9 values, below |" in text
    assert "Default of `key`: `v0`, `v1`," in text


def test_sections_within_sections_and_every_format_are_there():
    text = as_markdown(read_schema(SCHEMA))
    for heading in ("## articles\n", "### articles.mediawiki\n", "## embedding\n", "## projection\n"):
        assert heading in text
    for name in (*ARTICLE_FORMATS, *QUESTION_FORMATS):
        assert f"\n| `{name}` | " in text
