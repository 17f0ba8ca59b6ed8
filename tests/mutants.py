"""Change a module of lmkit in small ways, one at a time, and tell which of the changes no test notices.

`make mutants MODULE=lmkit/decoding/filters.py` runs the test files that tests/mutants.toml names for this module. The
tool is mutmut, which forks a process for each mutant from one that has imported torch and the tests already. For all
modules of a room give MODULE=lmkit/decoding. With SAMPLE=40 so many mutants of each are tried, always the same ones.

Not all that survives is a gap: a change may make no difference to what is computed, and functions that run only while
their module is imported have run before the change. Left out beforehand are changes of prose, that is of texts with a
space in them, such as errors and helps: no test should know their wording. Mutants that never end count as noticed.
"""

import argparse
import ast
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "_build/mutants"
WORK = RESULTS / "work"
TABLE = tomllib.loads((ROOT / "tests/mutants.toml").read_text(encoding="utf-8"))
SEED = 0
LEAST = 90  # per cent that must be noticed
SURVIVED = 0  # pytest's exit code
# Neither explanations of failures nor what is kept between runs is wanted.
PYTEST = "-p,no:xdist,-p,no:cacheprovider,--assert=plain,--tb=no,-m,not browser and not site and not slow"
KINDS = {SURVIVED: "survived", 33: "not reached by any test"}


def modules(path: str) -> list[str]:
    """Return the modules at a path, which is a module's or a room's."""
    place = ROOT / path
    found = [place] if place.is_file() else sorted(each for each in place.glob("*.py") if each.name != "__init__.py")
    if not found:
        raise SystemExit(f"MODULE must be a module or a room, such as lmkit/decoding/filters.py, but it is {path}")
    return [each.relative_to(ROOT).as_posix() for each in found]


def judges(module: str) -> list[str]:
    """Return the test files that judge a module: of its own line in the table, else of its room's."""
    names = TABLE.get(module) or TABLE.get(module[: module.rfind("/") + 1])
    if names is None:
        raise SystemExit(f"tests/mutants.toml must name the tests that judge {module}, but it does not; add a line")
    return [f"tests/{name}.py" for name in names]


def undecorated(source: str) -> str:
    """Write decorators as calls behind their functions, `f = decorator(f)`: mutmut leaves decorated functions alone."""
    lines, places = source.splitlines(), ast.parse(source).body
    places = [node for place in places for node in (place.body if isinstance(place, ast.ClassDef) else [place])]
    for function in reversed([node for node in places if isinstance(node, ast.FunctionDef)]):
        names = [ast.unparse(decorator) for decorator in function.decorator_list]
        if {"classmethod", "staticmethod"} & set(names):
            continue
        calls = [f"{' ' * function.col_offset}{function.name} = {name}({function.name})" for name in reversed(names)]
        lines[function.end_lineno : function.end_lineno] = calls
        for decorator in function.decorator_list:
            lines[decorator.lineno - 1 : decorator.end_lineno] = [""] * (decorator.end_lineno - decorator.lineno + 1)
    return "\n".join(lines) + "\n"


def prepare(changed: list[str]) -> None:
    """Lay out a copy of the tree for mutmut, with its settings."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / "lmkit", WORK / "lmkit", ignore=shutil.ignore_patterns("__pycache__"))
    (WORK / "tests").symlink_to(ROOT / "tests")
    for module in changed:
        source = (ROOT / module).read_text(encoding="utf-8")
        (WORK / module).write_text(undecorated(source), encoding="utf-8")
    settings = {
        "source_paths": ["lmkit"],
        "only_mutate": changed,
        "pytest_add_cli_args_test_selection": sorted({test for module in changed for test in judges(module)}),
        "pytest_add_cli_args": PYTEST.split(","),
        # Seconds: a mutant may take three times as long as its tests and twenty seconds, also on a busy machine.
        "timeout_multiplier": 3,
        "timeout_constant": 20,
        # The server that makes the processes has run no test: no cache is full before a mutant is at work, and torch
        # has no threads that a fork would lose.
        "process_isolation": "forkserver",
        "use_git_change_detection": False,
        "track_dependencies": False,
    }
    table = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (WORK / "pyproject.toml").write_text("\n".join([project, "[tool.mutmut]", *table, ""]), encoding="utf-8")


def mutants(module: str) -> dict[str, str]:
    """Return the mutants of a module by their names in mutmut: what each changes, as a diff."""
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    code = mutate_file_contents(module, (WORK / module).read_text(encoding="utf-8")).code
    functions = {node.name: node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)}
    found = {}
    for name, mutant in functions.items():
        stem, is_mutant, number = name.partition("__mutmut_")
        if not is_mutant or number == "orig":
            continue
        original = functions[f"{stem}__mutmut_orig"]
        if _without_prose(original) != _without_prose(mutant):
            found[get_mutant_name(Path(module), name)] = _diff(stem, original, mutant)
    return found


class _Prose(ast.NodeTransformer):
    """Put None in the place of every text with a space in it."""

    def visit(self, node: ast.AST) -> ast.AST:
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        texts = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        return ast.Constant(None) if " " in "".join(texts) else self.generic_visit(node)


def _without_prose(function: ast.FunctionDef) -> list[str]:
    whole = ast.parse(ast.unparse(function)).body[0]
    return [ast.dump(_Prose().visit(part)) for part in (whole.args, *whole.body)]


def _diff(stem: str, original: ast.FunctionDef, mutant: ast.FunctionDef) -> str:
    start = ast.get_docstring(original) is not None
    before, after = (ast.unparse([node.args, *node.body[start:]]).splitlines() for node in (original, mutant))
    changes = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
    return "\n".join([stem.removeprefix("x_").replace("ǁ", "."), *changes])


def judge(names: list[str], changed: list[str]) -> dict[str, int]:
    """Let the tests judge mutants; return pytest's exit code for each."""
    environment = {**os.environ, "PYTHONPATH": ""}
    command = [Path(sys.executable).with_name("mutmut"), "run", "--max-children", "1", *names]
    with (RESULTS / "mutmut.log").open("w") as log:
        if subprocess.run(command, cwd=WORK, env=environment, stdout=log, stderr=subprocess.STDOUT).returncode:
            raise SystemExit(f"mutmut must be able to run the tests, but it failed; {log.name} says why")
    found = {}
    for module in changed:
        meta = WORK / f"mutants/{module}.meta"
        found |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"] if meta.exists() else {}
    return {name: found[name] for name in names}


def report(module: str, found: dict[str, str], codes: dict[str, int]) -> str:
    """Return what to print about a module: the changes that no test noticed, and how many were noticed."""
    missed = [name for name, code in codes.items() if code in KINDS]
    diffs = [f"{KINDS[codes[name]]}: {found[name]}\n" for name in missed]
    of_all = f" (of {len(found)}, drawn with seed {SEED})" if len(codes) < len(found) else ""
    return "\n".join([*diffs, f"{module}: {len(codes) - len(missed)} of {len(codes)} mutants{of_all} noticed", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", nargs="+", help="a module or a room: lmkit/decoding/filters.py or lmkit/decoding")
    parser.add_argument("--sample", type=int, metavar="N", help="mutants to try of each module (default: all)")
    given = parser.parse_args()
    changed = [module for path in given.path for module in modules(path)]
    prepare(changed)
    os.chdir(WORK)  # where mutmut's settings are
    found = {module: mutants(module) for module in changed}
    drawn = {module: sample(list(names), given.sample) for module, names in found.items()}
    codes = judge([name for names in drawn.values() for name in names], changed)
    for module, names in drawn.items():
        text = report(module, found[module], {name: codes[name] for name in names})
        (RESULTS / f"{module.removesuffix('.py').replace('/', '.')}.txt").write_text(text, encoding="utf-8")
        print(text)
    noticed = sum(code not in KINDS for code in codes.values())
    print(f"{noticed} of {len(codes)} noticed")
    raise SystemExit(100 * noticed < LEAST * len(codes))


def sample(names: list[str], most: int | None) -> list[str]:
    """Return some of the mutants, the same each time, or all."""
    return names if most is None or most >= len(names) else sorted(random.Random(SEED).sample(names, most))


if __name__ == "__main__":
    main()
