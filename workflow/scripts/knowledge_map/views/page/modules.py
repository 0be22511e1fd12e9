"""The page's script and style, joined from their files: ES modules in the order of their imports, style sheets by their names.

The page is one file that loads nothing, and its policy allows one script of one hash. So each module becomes a function of its
own, called once, after those that it imports:

    const $map$camera = (() => {
    const { clamp } = $base$numbers;
    ...
    return { Camera, camera };
    })();

A name that a module does not export stays its own. What the browser's modules allow and this does not, is refused, so that
the joined script means what the modules mean. Comments that fill whole lines are left out. The same files give the same bytes.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""The modules and style sheets of the page."""
ENTRY = "main.js"
"""The module that starts the page."""

_NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*\.js")
_IMPORT = re.compile(r'^import \{([\w$,\s]+)\} from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|function\*?|async function\*?|class) ([\w$]+)\b)", re.MULTILINE)
_UNSUPPORTED = re.compile(r"^(?:import|export)\b.*|\bimport\s*[(.].*", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_ENDS_SCRIPT = re.compile(r"</script|<!--", re.IGNORECASE)


class ModuleError(ValueError):
    """The modules cannot be joined; the text says which module, and why."""


@dataclass(frozen=True)
class Module:
    """An ES module of the page.

    `name` is its path below the folder of the modules, `imports` the names that it takes of each module, `exports` the names
    that it gives, and `body` its text without imports, the word `export`, and comments.
    """

    name: str
    imports: dict[str, tuple[str, ...]]
    exports: tuple[str, ...]
    body: str

    def as_function(self) -> str:
        """Return the module as a function that is called at once and returns what the module exports."""
        taken = [f"const {{ {', '.join(names)} }} = {_variable(name)};" for name, names in self.imports.items()]
        given = [f"return {{ {', '.join(self.exports)} }};"] if self.exports else []
        return "\n".join([f"const {_variable(self.name)} = (() => {{", *taken, self.body, *given, "})();"])


def _variable(name: str) -> str:
    """Return the name of what a module exports in the joined script; no name in a module begins with `$`."""
    return "$" + name.removesuffix(".js").replace("/", "$")


def join_modules(folder: Path, entry: str = ENTRY) -> str:
    """Return one script that does what the modules below `folder` do when a browser loads `entry`.

    Raises ModuleError where they import a module or a name that is not there, import each other in a circle, export one name
    twice, are not reached from `entry`, or use a form of import and export that is not supported.
    """
    modules = read_modules(folder)
    ordered = [modules[name].as_function() for name in import_order(modules, entry)]
    script = "\n".join(["(() => {", '"use strict";', *ordered, "})();", ""])
    if ending := _ENDS_SCRIPT.search(script):
        raise ModuleError(f"{ending.group()!r} would end the script in the page: write it in two parts")
    return script


def join_styles(folder: Path) -> str:
    """Return the style sheets below `folder` as one, in the order of their paths: lower layers before higher ones."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.css")))


def read_modules(folder: Path) -> dict[str, Module]:
    """Return the modules below `folder` by their names, in the order of these."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.js"))
    return {name: parse_module(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names}


def parse_module(name: str, text: str) -> Module:
    """Return the module of a text."""
    if not _NAME.fullmatch(name):
        raise ModuleError(f"{name}: the name of a module has small letters, digits and _ only")
    text = _without_comments(name, text)
    imports: dict[str, tuple[str, ...]] = {}
    for names, path in _IMPORT.findall(text):
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        if target in imports:
            raise ModuleError(f"{name}: imports {target} twice")
        imports[target] = tuple(part.strip() for part in names.split(",") if part.strip())
        for part in imports[target]:
            if re.search(r"\s", part):
                raise ModuleError(f"{name}: `{part}` is not supported: import a name as it is")
    exports = tuple(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub("", text)).strip()
    if unsupported := _UNSUPPORTED.search(body):
        raise ModuleError(
            f'{name}: `{unsupported.group()}` is not supported: only `import {{ a, b }} from "./c.js";` and `export` before '
            "a const, function or class of one name are"
        )
    return Module(name, imports, exports, body)


def _without_comments(name: str, text: str) -> str:
    """Return the text of a module without the comments that fill whole lines."""
    kept, end = "", 0
    for comment in _COMMENT.finditer(text):
        kept += text[end : comment.start()]
        end = comment.end()
        if kept.count("`") % 2:
            raise ModuleError(f"{name}: a line of a template looks like a comment: `{comment.group().strip()}`")
    return kept + text[end:]


def import_order(modules: dict[str, Module], entry: str = ENTRY) -> list[str]:
    """Return the names of all modules, each after those that it imports."""
    _check_imports(modules)
    _check_exports(modules)
    sorter = TopologicalSorter({name: modules[name].imports.keys() for name in sorted(modules)})
    try:
        sorter.prepare()
    except CycleError as error:
        raise ModuleError(f"modules import each other in a circle: {' → '.join(reversed(error.args[1]))}") from error
    unreached = modules.keys() - set(_reached(modules, entry))
    if unreached:
        raise ModuleError(f"{min(unreached)}: is imported by no module that {entry} needs: import it, or remove it")
    return list(_sorted(sorter))


def _sorted(sorter: TopologicalSorter) -> Iterator[str]:
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)


def _check_imports(modules: dict[str, Module]) -> None:
    for module in modules.values():
        for target, names in module.imports.items():
            if target not in modules:
                raise ModuleError(f"{module.name}: imports {target}, which is not there")
            missing = [name for name in names if name not in modules[target].exports]
            if missing:
                raise ModuleError(f"{module.name}: imports {missing[0]} of {target}, which does not export it")


def _check_exports(modules: dict[str, Module]) -> None:
    exporters: dict[str, str] = {}
    for module in modules.values():
        for name in module.exports:
            if name in exporters:
                raise ModuleError(f"{module.name}: exports {name}, as {exporters[name]} does: give one of them another name")
            exporters[name] = module.name


def _reached(modules: dict[str, Module], entry: str) -> list[str]:
    """Return the names of the modules that `entry` needs, itself included."""
    if entry not in modules:
        raise ModuleError(f"{entry}: is not there")
    reached = [entry]
    for name in reached:
        reached += [target for target in modules[name].imports if target not in reached]
    return reached
