"""The documentation: every link leads somewhere, and what is made from the code is as the code says."""

import re
from pathlib import Path

import pytest

from knowledge_map.run.configuration import read_schema
from knowledge_map.run.configuration_docs import as_markdown

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
NAMING_DOCS = [
    *("requirements.in", "config.yaml", "Makefile"),
    *(
        path
        for folder in ("config", "profiles", "workflow")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ),
]
CODE = re.compile(r"^```.*?^```|^ {4}.*?$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
"""What is shown as it stands: fenced and indented blocks, and code within a line."""


def links(page: Path) -> list[str]:
    """Return the targets of a page's links and pictures within this repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", page.read_text(encoding="utf-8")))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = 0
        while (name := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(name)
    return found


def test_the_pages_are_found():
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "configuration.md", "outputs.md"} <= {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page):
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target}: no such file"
        assert file.is_relative_to(ROOT), f"{target}: outside of the repository"
        assert not anchor or anchor in anchors(file), f"{target}: no such heading"


def test_every_page_of_the_documentation_is_linked_from_the_readme():
    linked = {target.partition("#")[0] for target in links(ROOT / "README.md")}
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= linked


def test_pages_that_code_and_configurations_name_exist():
    for path in NAMING_DOCS:
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"\bdocs/[\w-]+\.md\b", text):
            assert (ROOT / name).exists(), f"{path} names {name}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 900


def test_the_reference_of_the_configuration_is_that_of_the_schema():
    made = as_markdown(read_schema(ROOT / "workflow/schemas/config.schema.yaml"))
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == made, "run `make docs`"
