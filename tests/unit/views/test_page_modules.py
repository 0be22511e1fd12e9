"""The page's modules are joined into one script that does what they do, and what that cannot hold is refused."""

import itertools
import json
import re
import shutil
import subprocess

import pytest

from knowledge_map.views.page.modules import ENTRY, STATIC, ModuleError, import_order, join_modules, join_styles, read_modules

LAYERS = ["base", "map", "panels", "quiz", ENTRY]
DENO = shutil.which("deno")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes modules, by their names, and returns their folder."""

    def write(**texts):
        for name, text in texts.items():
            path = tmp_path / f"{name.replace('__', '/')}.js"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def refusal(folder):
    with pytest.raises(ModuleError) as error:
        join_modules(folder)
    return str(error.value)


def run(script):
    """Return what a script leaves in `told`, by running it in deno."""
    if DENO is None:
        pytest.skip("no deno")
    program = f"globalThis.told = [];\n{script}\nconsole.log(JSON.stringify(told));"
    command = [DENO, "run", "--no-config", "--ext=js", "-"]
    return json.loads(subprocess.run(command, input=program, capture_output=True, text=True, check=True).stdout)


# --- what the joined script does


def test_a_module_runs_after_those_that_it_imports_and_once(write):
    folder = write(
        main='import { b } from "./b.js";\nimport { a } from "./a.js";\ntold.push("main", a, b);\n',
        a='import { c } from "./deep/c.js";\ntold.push("a");\nexport const a = c + 1;\n',
        b='import { a } from "./a.js";\ntold.push("b");\nexport const b = a + 1;\n',
        deep__c='told.push("c");\nexport const c = 1;\n',
    )
    assert run(join_modules(folder)) == ["c", "a", "b", "main", 2, 3]


def test_functions_generators_and_classes_are_exported(write):
    folder = write(
        main="""import {
  later,
  Thing,
  count,
  say,
} from "./a.js";
say(new Thing().name);
say([...count()].join());
later().then(() => say("never seen here"));
""",
        a="""export function say(text) {
  told.push(text);
}
export async function later() {
  await null;
}
export function* count() {
  yield 1;
  yield 2;
}
export class Thing {
  name = "thing";
}
""",
    )
    assert run(join_modules(folder)) == ["thing", "1,2"]


def test_names_that_are_not_exported_do_not_meet(write):
    folder = write(
        main='import { a } from "./a.js";\nconst SIZE = 1;\nfunction start() {}\nstart();\ntold.push(SIZE, a());\n',
        a="const SIZE = 2;\nfunction start() {\n  return SIZE;\n}\nexport const a = () => start();\n",
    )
    assert run(join_modules(folder)) == [1, 2]


def test_nothing_becomes_global(write):
    folder = write(main="const mine = 1;\ntold.push(mine);\n")
    assert run(join_modules(folder) + "told.push(typeof mine);") == [1, "undefined"]


def test_it_is_strict_as_modules_are(write):
    folder = write(main="try {\n  undeclared = 1;\n} catch (error) {\n  told.push(error.name);\n}\n")
    assert run(join_modules(folder)) == ["ReferenceError"]


def test_comments_of_whole_lines_are_left_out_and_texts_are_not(write):
    folder = write(
        main="""// First line.
/**
 * A function. `odd
 * @returns {import("./x.js").Type}
 */
function text() {
  // Inside.
  const url = "https://example.org/*"; // beside
  return /** @type {string} */ (url) + `
    */ not /* a comment
  `.trim();
}
/** One line. */
told.push(text());
"""
    )
    script = join_modules(folder)
    assert run(script) == ["https://example.org/**/ not /* a comment"]
    assert not re.search("First line|A function|Inside|One line", script)


def test_the_same_modules_give_the_same_bytes_whatever_the_order_on_the_disk(write, tmp_path):
    texts = {"main": 'import { z } from "./z.js";\nimport { a } from "./a.js";\nz(a);\n', "a": "export const a = 1;\n"}
    texts["z"] = "export const z = () => {};\n"
    first = join_modules(write(**texts))
    for name in reversed(texts):
        tmp_path.joinpath(f"{name}.js").unlink()
        write(**{name: texts[name]})
    assert join_modules(tmp_path) == first


# --- what is refused


def test_an_import_of_a_file_that_is_not_there(write):
    folder = write(
        base__a='import { b } from "../map/b.js";\nexport const a = b;\n', main='import { a } from "./base/a.js";\na();\n'
    )
    assert refusal(folder) == "base/a.js: imports map/b.js, which is not there"


def test_an_import_from_outside_the_folder(write, tmp_path):
    tmp_path.with_name(f"{tmp_path.name}-other.js").write_text("export const a = 1;\n")
    assert "which is not there" in refusal(write(main=f'import {{ a }} from "../{tmp_path.name}-other.js";\na();\n'))


def test_an_import_of_a_name_that_is_not_exported(write):
    folder = write(main='import { a, secret } from "./a.js";\na(secret);\n', a="export const a = 1;\nconst secret = 2;\n")
    assert refusal(folder) == "main.js: imports secret of a.js, which does not export it"


def test_a_circle(write):
    folder = write(
        main='import { a } from "./a.js";\na();\n',
        a='import { b } from "./b.js";\nexport const a = () => b;\n',
        b='import { c } from "./c.js";\nexport const b = () => c;\n',
        c='import { a } from "./a.js";\nexport const c = () => a;\n',
    )
    message = refusal(folder)
    assert message.startswith("modules import each other in a circle: ")
    circle = message.removeprefix("modules import each other in a circle: ").split(" → ")
    assert circle[0] == circle[-1] and len(circle) == 4
    assert all(b in read_modules(folder)[a].imports for a, b in itertools.pairwise(circle))


def test_a_module_that_imports_itself(write):
    assert "in a circle: main.js → main.js" in refusal(write(main='import { a } from "./main.js";\nexport const a = 1;\n'))


def test_two_modules_that_export_one_name(write):
    folder = write(
        main='import { draw } from "./a.js";\nimport { other } from "./b.js";\ndraw(other);\n',
        a="export function draw() {}\n",
        b="export function draw() {}\nexport const other = 1;\n",
    )
    assert refusal(folder) == "b.js: exports draw, as a.js does: give one of them another name"


def test_a_module_that_nothing_needs(write):
    folder = write(main="told.push(1);\n", a="export const a = 1;\n", b='import { a } from "./a.js";\na();\n')
    assert refusal(folder).startswith("a.js: is imported by no module that main.js needs")


def test_a_missing_entry(write):
    assert refusal(write(a="export const a = 1;\n")) == "main.js: is not there"


@pytest.mark.parametrize(
    "line",
    [
        'import a from "./a.js";',
        'import * as a from "./a.js";',
        'import { a as b } from "./a.js";',
        'import { a } from "https://example.org/a.js";',
        'import { a } from "a";',
        'import "./a.js";',
        "import { a } from './a.js';",
        'import { a } from "./a.js"',
        'const a = await import("./a.js");',
        "const here = import.meta.url;",
        "export default 1;",
        "export let a = 1;",
        "export { a };",
        "export const { a } = {};",
        "export const [a] = [];",
        'export * from "./a.js";',
        'export { a } from "./a.js";',
    ],
)
def test_forms_of_import_and_export_that_are_not_supported(write, line):
    message = refusal(write(main=f"const one = 1;\n{line}\n", a="export const a = 1;\n"))
    assert message.startswith("main.js: `") and "is not supported" in message


def test_one_module_imported_twice(write):
    text = 'import { a } from "./a.js";\nimport { b } from "./a.js";\na(b);\n'
    assert refusal(write(main=text, a="export const a = 1;\nexport const b = 2;\n")) == "main.js: imports a.js twice"


def test_a_template_in_which_a_line_looks_like_a_comment(write):
    message = refusal(write(main="told.push(`\n// not a comment\n`);\n"))
    assert message == "main.js: a line of a template looks like a comment: `// not a comment`"


@pytest.mark.parametrize("text", ["</script>", "</SCRIPT", "<!--"])
def test_what_would_end_the_script_in_the_page(write, text):
    assert "would end the script" in refusal(write(main=f'told.push("{text}");\n'))


def test_a_name_of_a_file_that_is_no_name(write):
    assert "small letters" in refusal(write(main="told.push(1);\n", **{"a-b": "export const a = 1;\n"}))


# --- the page's own modules


@pytest.fixture(scope="module")
def modules():
    return read_modules(STATIC)


def test_every_module_and_style_is_in_the_page(modules):
    script, style = join_modules(STATIC), join_styles(STATIC)
    assert len(modules) > 30 and set(import_order(modules)) == set(modules)
    assert all(module.body in script for module in modules.values())
    assert all(path.read_text(encoding="utf-8") in style for path in STATIC.rglob("*.css"))


def test_no_module_imports_one_of_a_layer_above(modules):
    def height(name):
        return LAYERS.index(name.split("/")[0])

    upward = [(name, target) for name, module in modules.items() for target in module.imports if height(target) > height(name)]
    assert not upward


def test_an_element_belongs_to_one_module(modules):
    owners = {}
    for name, module in modules.items():
        for element in re.findall(r'[eE]lement\("([\w-]+)"\)', module.body):
            owners.setdefault(element, set()).add(name)
    assert len(owners) > 20
    assert not {element: names for element, names in owners.items() if len(names) > 1}


def test_only_the_module_of_elements_searches_the_document(modules):
    searching = {name for name, module in modules.items() if re.search(r"document\.(getElement|querySelector)", module.body)}
    assert searching == {"base/dom.js"}


def test_a_module_exports_few_names(modules):
    assert max(len(module.exports) for module in modules.values()) <= 12
