"""Scripts are joined by path, run once, and whatever the bundler does not understand is an error with its remedy."""

import json
import subprocess
from pathlib import Path

import pytest

from lmkit.widgets.base import bundle
from lmkit.widgets.base.bundle import BundleError
from tests.widgets.node import executable

ENTRIES = sorted(path.relative_to(bundle.WIDGETS).as_posix() for path in bundle.WIDGETS.rglob("view.js"))
VIEWS = [entry for entry in ENTRIES if entry != "base/view.js"]
SCRIPTS = sorted(path.relative_to(bundle.WIDGETS).as_posix() for path in bundle.WIDGETS.rglob("*.js"))
SHEETS = sorted(path.relative_to(bundle.WIDGETS).as_posix() for path in bundle.WIDGETS.rglob("*.css"))


@pytest.fixture
def write(tmp_path):
    """A function that writes scripts and sheets into a folder, by path, and returns the folder."""

    def written(**files: str) -> Path:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_css", ".css").replace("_js", ".js")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return written


def run(script: str) -> object:
    """What an ES module logs, as JSON."""
    command = [executable(), "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, encoding="utf-8")
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def value(folder: Path, entry: str, expression: str) -> object:
    """An expression over what a module exports, `m`, when it runs with all that it needs."""
    parts = bundle.modules(entry, folder)
    script = bundle.script(parts)
    return run(f'{script}const m = __lmkit.require("{parts[-1].name}");console.log(JSON.stringify({expression}));')


# --- what a script may say --------------------------------------------------------------------------------


def test_scripts_are_joined_across_folders(write):
    folder = write(
        labs__x__view_js='import { twice } from "../../base/numbers.js";\nexport const six = twice(3);\n',
        base__numbers_js='import { two } from "./two.js";\n\nexport function twice(x) {\n  return two * x;\n}\n',
        base__two_js="export const two = 2;\n",
    )
    assert [m.path for m in bundle.modules("labs/x/view.js", folder)] == [
        "base/two.js",
        "base/numbers.js",
        "labs/x/view.js",
    ]
    assert value(folder, "labs/x/view.js", "m.six") == 6


def test_every_form_of_export_is_understood(write):
    folder = write(
        a_js="export const constant = 1;\n"
        "export function plain() {\n  return 2;\n}\n"
        "export function* generator() {\n  yield 3;\n}\n"
        "export async function later() {\n  return 4;\n}\n"
        "export class Five {\n  value = 5;\n}\n"
        "const hidden = 6;\n"
        "export default { hidden };\n"
    )
    (module,) = bundle.modules("a.js", folder)
    assert module.exports == ("constant", "plain", "generator", "later", "Five") and module.has_default
    expression = "[m.constant, m.plain(), m.generator().next().value, await m.later(), new m.Five().value, m.default]"
    assert value(folder, "a.js", expression) == [1, 2, 3, 4, 5, {"hidden": 6}]
    assert value(folder, "a.js", "Object.keys(m).length") == 6


def test_an_import_may_have_another_name_and_several_lines(write):
    folder = write(
        a_js='import {\n  one,\n  two as second,\n} from "./b.js";\nexport const sum = [one, second];\n',
        b_js="export const one = 1;\nexport const two = 2;\n",
    )
    assert value(folder, "a.js", "m.sum") == [1, 2]


def test_names_of_one_module_do_not_meet_those_of_another(write):
    folder = write(
        a_js='import { b } from "./b.js";\nconst x = 1;\nexport const sum = [x, b()];\n',
        b_js="const x = 2;\nexport function b() {\n  return x;\n}\n",
    )
    assert value(folder, "a.js", "m.sum") == [1, 2]
    assert value(folder, "a.js", "typeof x") == "undefined"


def test_comments_stay_at_home_and_strings_travel_whole(write):
    folder = write(
        a_js="// why\n/** Doc of `b`:\n * @param {import('./gone.js').X} x\n */\n"
        "export const b = '// no comment'; // kept\n"
        "export const c = /[/]{2}/;\n"
    )
    (module,) = bundle.modules("a.js", folder)
    assert module.code == "const b = '// no comment'; // kept\nconst c = /[/]{2}/;\n"
    assert value(folder, "a.js", "[m.b, m.c.source]") == ["// no comment", "[/]{2}"]


def test_a_module_that_two_need_runs_once(write):
    folder = write(
        a_js='import { log } from "./log.js";\nimport { b } from "./b.js";\nexport const seen = [...log, b];\n',
        b_js='import { log } from "./log.js";\nlog.push("b");\nexport const b = log.length;\n',
        log_js='export const log = ["made"];\n',
    )
    assert [m.path for m in bundle.modules("a.js", folder)] == ["log.js", "b.js", "a.js"]
    assert value(folder, "a.js", "m.seen") == ["made", "b", 2]


# --- identity ---------------------------------------------------------------------------------------------


def test_a_module_is_named_by_its_path_and_all_that_it_comes_from(write, tmp_path):
    def names(deep: str, comment: str = "") -> list[str]:
        bundle._KNOWN.clear()
        folder = write(
            a_js='import { b } from "./b.js";\nexport const a = b;\n', b_js=f"{comment}export const b = {deep};\n"
        )
        return [module.name for module in bundle.modules("a.js", folder)]

    before, after = names("1"), names("2")
    assert all(name.startswith(f"{path}@") for name, path in zip(before, ["b.js", "a.js"], strict=True))
    assert before[0] != after[0] and before[1] != after[1]
    assert names("1", comment="// what does not travel\n") == before


def test_two_widgets_of_one_page_share_what_is_alike_and_keep_what_is_not(write, tmp_path):
    """As after a kernel was restarted with another version of one script."""
    folder = write(a_js='import { b } from "./b.js";\nexport const a = { b };\n', b_js="export const b = {};\n")
    old = bundle.modules("a.js", folder)
    bundle._KNOWN.clear()
    write(a_js='import { b } from "./b.js";\nexport const a = { b, more: 1 };\n')
    new = bundle.modules("a.js", folder)
    names = json.dumps([old[1].name, new[1].name])
    got = run(
        f"{bundle.script(old)}{bundle.script(new)}"
        f"const [a, b] = {names}.map((name) => __lmkit.require(name).a);"
        "console.log(JSON.stringify([a.more ?? null, b.more, a.b === b.b]));"
    )
    assert got == [None, 1, True]


def test_the_only_name_on_the_page_is_the_registrys():
    script = bundle.script(bundle.modules("runtime/session.js"))
    assert run(
        f"const before = Object.keys(globalThis);{script}const left = Object.keys(globalThis);console.log("
        "JSON.stringify(left.filter((name) => !before.includes(name))))"
    ) == ["__lmkit"]


# --- what is not understood -------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_its_importer(write):
    folder = write(a_js='import { b } from "./b.js";\n')
    with pytest.raises(BundleError, match=r"a\.js imports '\./b\.js', which is not there; give a path from its own"):
        bundle.modules("a.js", folder)
    with pytest.raises(
        BundleError, match=r"x/view\.js is missing; a lab's folder holds lab\.py, view\.js and style\.css"
    ):
        bundle.modules("x/view.js", folder)


@pytest.mark.parametrize("address", ["b.js", "/b.js", "https://x/b.js", "../b.js"])
def test_only_paths_within_the_folder_are_taken(write, address):
    folder = write(a_js=f'import {{ b }} from "{address}";\n', b_js="export const b = 1;\n")
    (folder.parent / "b.js").write_text("export const b = 1;\n")
    with pytest.raises(BundleError, match="which is not there"):
        bundle.modules("a.js", folder)


def test_a_name_that_is_not_exported_is_named(write):
    folder = write(a_js='import { b, c } from "./b.js";\n', b_js="export const b = 1;\nconst c = 2;\n")
    with pytest.raises(BundleError, match=r"a\.js imports c, which b\.js does not export"):
        bundle.modules("a.js", folder)


def test_a_circle_is_told_with_its_way(write):
    folder = write(
        a_js='import { b } from "./b.js";\nexport const a = 1;\n',
        b_js='import { c } from "./c.js";\nexport const b = 1;\n',
        c_js='import { a } from "./a.js";\nexport const c = 1;\n',
    )
    with pytest.raises(
        BundleError, match=r"a\.js is imported in a circle: a\.js -> b\.js -> c\.js -> a\.js; move what"
    ):
        bundle.modules("a.js", folder)


@pytest.mark.parametrize(
    "line",
    [
        'import b from "./b.js";',
        'import * as b from "./b.js";',
        'import "./b.js";',
        'import { b } from "./b.js"',
        "import { b } from './b.js';",
        '  import { b } from "./b.js";',
        'export { b } from "./b.js";',
        'export * from "./b.js";',
        "const c = 1;\nexport { c };",
        "export let c = 1;",
        "export var c = 1;",
        "export const { c } = { c: 1 };",
        "export const [c] = [1];",
        'const b = await import("./b.js");',
    ],
)
def test_a_form_that_is_not_understood_is_shown_with_those_that_are(write, line):
    folder = write(a_js=f"{line}\n", b_js="export const b = 1;\nexport default b;\n")
    with pytest.raises(BundleError, match=r"a\.js: .* is not understood; write one of: import \{ a, b \} from"):
        bundle.modules("a.js", folder)


def test_several_names_in_one_export_are_refused(write):
    with pytest.raises(BundleError, match=r"exports several names at once; give each a line of its own"):
        bundle.modules("a.js", write(a_js="export const a = 1, b = 2;\n"))


@pytest.mark.parametrize("value", ["[1, 2]", "{ b: 1, c: 2 }", "f(1, 2)", '"1, b = 2"', "(a, b = 1) => b"])
def test_commas_within_a_value_are_no_second_name(write, value):
    assert bundle.modules("a.js", write(a_js=f"export const a = {value};\n"))[0].exports == ("a",)


def test_words_that_only_look_like_imports_pass(write):
    folder = write(a_js='const meta = [import.meta.url, "import { x }", important];\nx.import(1);\n')
    assert len(bundle.modules("a.js", folder)) == 1


# --- what a page or a notebook loads ----------------------------------------------------------------------


def test_a_view_of_one_file_brings_all_that_it_needs():
    source = bundle.esm("labs/parameters/view.js").replace("export default ", "const view = ")
    assert run(f"{source}console.log(JSON.stringify(typeof view.render));") == "function"


def test_views_of_a_page_start_from_the_scripts_of_their_folders_in_any_order():
    folders = list(dict.fromkeys(folder for entry in VIEWS for folder in bundle.folders(entry)))
    scripts = [bundle.folder_script(folder) for folder in reversed(folders)]
    starts = [bundle.start(entry).replace("export default", "views.push(").replace(";", ");") for entry in VIEWS]
    kinds = "console.log(JSON.stringify(views.map((view) => typeof view.render)));"
    assert run(f"{''.join(scripts)}const views = [];{''.join(starts)}{kinds}") == ["function"] * len(VIEWS)


def test_a_folder_is_named_before_those_that_need_it():
    folders = ["base", "base/toolbar", "runtime", "runtime/panels", "runtime/kernel", "labs/decoding"]
    assert bundle.folders("labs/decoding/view.js") == folders


# --- style sheets -----------------------------------------------------------------------------------------


def test_a_sheet_comes_after_those_that_it_imports_each_once(write):
    folder = write(
        labs__x__style_css='@import "../../base/chart.css";\n@import "../../base/lab.css";\n.x {}\n',
        base__chart_css='@import "./lab.css";\n.chart {}\n',
        base__lab_css=".lab {}\n",
    )
    assert bundle.style("labs/x/style.css", folder) == ".lab {}\n.chart {}\n.x {}\n"
    assert list(bundle.styles("labs/x/style.css", folder)) == ["base/lab.css", "base/chart.css", "labs/x/style.css"]


def test_a_sheet_that_is_missing_or_imported_in_another_form_is_an_error(write):
    folder = write(a_css='@import "./b.css";\n', c_css="@import url(x.css);\n")
    with pytest.raises(BundleError, match=r"a\.css imports '\./b\.css', which is not there"):
        bundle.style("a.css", folder)
    with pytest.raises(BundleError, match=r"c\.css: @import must stand on a line of its own"):
        bundle.style("c.css", folder)
    with pytest.raises(BundleError, match=r"d\.css is missing"):
        bundle.style("d.css", folder)


# --- what there is ----------------------------------------------------------------------------------------


def test_there_are_views():
    assert len(VIEWS) >= 15 and all(bundle.modules(entry)[-1].has_default for entry in VIEWS)


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path != "base/registry.js"])
def test_every_script_is_understood(path):
    assert bundle.modules(path)[-1].path == path


@pytest.mark.parametrize("path", SHEETS)
def test_every_sheet_is_understood(path):
    assert "@import" not in bundle.style(path)


def test_every_script_of_a_folder_is_in_its_script():
    for folder in {path.rpartition("/")[0] for path in SCRIPTS}:
        own = [path for path in SCRIPTS if path.rpartition("/")[0] == folder and path != "base/registry.js"]
        assert bundle.folder_script(folder).count("__lmkit.define(") == len(own)


def test_all_that_travels_is_javascript():
    """Also where comments and indentation are left out: a template literal over several lines would change."""
    script = bundle.script([bundle.modules(path)[-1] for path in SCRIPTS if path != "base/registry.js"])
    checked = subprocess.run([executable(), "--check", "-"], input=script, capture_output=True, encoding="utf-8")
    assert not checked.returncode, checked.stderr
