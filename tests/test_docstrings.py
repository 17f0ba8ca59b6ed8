"""What every docstring of lmkit keeps, numpydoc's way: who needs one, how its first line begins, what it names."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from lmkit.experiments import EXPERIMENTS

PACKAGE = Path(__file__).parents[1] / "lmkit"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# A function does something: its first word is a verb in the imperative, and none of these.
QUESTIONS = {"What", "How", "Which", "Where", "Whether", "Who", "When"}
ARTICLES = {"The", "A", "An", "This", "That", "These", "Those", "All", "Both", "Some", "One", "Every", "Everything"}
VERBS_IN_S = {"Pass", "Process", "Discuss", "Guess", "Press", "Express", "Compress", "Cross", "Focus", "Miss"}
# The docstrings of experiments are the titles of their runs, in the files and on pages.
TITLES = {f"{make.__module__.removeprefix('lmkit.').replace('.', '/')}.py:{name}" for name, make in EXPERIMENTS.items()}


@cache
def tree(module):
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def definitions(node, prefix="", public=True):
    """Functions and classes with their names and whether they are public, without what is within functions."""
    for child in node.body:
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            name, is_public = f"{prefix}{child.name}", public and not child.name.startswith("_")
            yield name, child, is_public
            if isinstance(child, ast.ClassDef):
                yield from definitions(child, f"{name}.", is_public)


@cache
def classes():
    """All classes of lmkit by name; a name that two of them have stands for both."""
    found = {}
    for module in MODULES:
        for _, node, _ in definitions(tree(module)):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def base_names(node):
    for base in node.bases:
        yield re.split(r"[\[(]", ast.unparse(base))[0].split(".")[-1]


def documented_above(node, method):
    """Whether a class that this one comes from documents the method."""
    bases = [base for name in base_names(node) for base in classes().get(name, [])]
    return any(
        any(isinstance(each, FUNCTIONS) and each.name == method and ast.get_docstring(each) for each in base.body)
        or documented_above(base, method)
        for base in bases
    )


def is_property(node):
    return any(re.search("property", ast.unparse(decorator)) for decorator in node.decorator_list)


def is_signature_alone(node):
    """Whether a method of a protocol has no body: the protocol's docstring speaks of it."""
    return ast.unparse(node.body[-1]) == "..."


def undocumented(module):
    owners = {name: node for name, node, _ in definitions(tree(module)) if isinstance(node, ast.ClassDef)}
    for name, node, public in definitions(tree(module)):
        if not public or ast.get_docstring(node):
            continue
        owner = owners.get(name.rpartition(".")[0])
        inherits = owner is not None and documented_above(owner, node.name)
        if not inherits and not is_signature_alone(node):
            yield name


def is_imperative(line):
    word = re.match(r"\w*", line)[0]
    third_person = word.endswith("s") and word not in VERBS_IN_S
    return word[:1].isupper() and word not in QUESTIONS | ARTICLES and not third_person


def wrongly_begun(module):
    for name, node, _ in definitions(tree(module)):
        line = (ast.get_docstring(node) or "").partition("\n")[0]
        if not line or f"{module}:{name}" in TITLES:
            continue
        is_noun = isinstance(node, ast.ClassDef) or is_property(node)
        if line.split()[0] in QUESTIONS | {"Return"} if is_noun else not is_imperative(line):
            yield f"{name}: {line}"


def unended(module):
    for name, node, _ in definitions(tree(module)):
        line = (ast.get_docstring(node) or "").partition("\n")[0]
        if line and line[-1] not in ".:":
            yield f"{name}: {line}"


def section(docstring, title):
    """The names that a section such as Parameters lists, or None without one."""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=\n\n\w[\w ]*\n-+\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
    if not found:
        return None
    text = re.split(r"^(?:Source|Chapter):", found[1], flags=re.MULTILINE)[0]
    heads = [line.split(" : ")[0] for line in text.splitlines() if re.match(r"[\w*]", line)]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def parameters(node):
    """The names of a function's parameters, or of those that make an instance of a class; None if they are not here."""
    if isinstance(node, ast.ClassDef):
        made = next((each for each in node.body if isinstance(each, FUNCTIONS) and each.name == "__init__"), None)
        return None if made is None else parameters(made)
    given = node.args
    named = [
        each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg) if each
    ]
    return [name for name in named if name not in ("self", "cls")]


def misnamed(module):
    for name, node, _ in definitions(tree(module)):
        listed, given = section(ast.get_docstring(node) or "", "Parameters"), parameters(node)
        if listed is not None and given is not None and set(listed) != set(given):
            yield f"{name}: {sorted(set(listed) ^ set(given))}"


@pytest.mark.parametrize("module", MODULES)
def test_docstrings(module):
    lost = list(undocumented(module))
    assert not lost, f"public names need docstrings, but {lost} in {module} have none; write them"
    wrong = list(wrongly_begun(module))
    rule = "a function's docstring begins with a verb in the imperative (“Return …”), that of a class with a noun"
    assert not wrong, f"{rule}, but in {module} some do not: {wrong}"
    open_ended = list(unended(module))
    assert not open_ended, f"a docstring's first line is a sentence, but in {module} some have no end: {open_ended}"
    odd = list(misnamed(module))
    assert not odd, f"the section Parameters names those of the signature, but in {module} some differ: {odd}"


def test_titles_are_those_of_experiments():
    assert {f"{module}:{name}" for module in MODULES for name, _, _ in definitions(tree(module))} >= TITLES


@pytest.mark.parametrize("line", ["What it does.", "The sum.", "Returns the sum.", "lower case.", "Whether it is."])
def test_noun_phrases_and_third_persons_are_noticed(line):
    assert not is_imperative(line)


@pytest.mark.parametrize("line", ["Return the sum.", "Pass it on.", "Take, of all, the first."])
def test_imperatives_pass(line):
    assert is_imperative(line)
