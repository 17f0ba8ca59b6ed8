"""Keep of style sheets what the site's pages can use: the theme brings all of Bootstrap, of which pages show a part.

A rule stays if every class and id that its selector needs is a name in some page, or a word in some script, which may
set it later. What selects by anything else stays. Custom properties go when nothing reads them.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import tinycss2
from tinycss2.ast import FunctionBlock, HashToken, IdentToken, Node, WhitespaceToken

WITH_RULES = {"media", "supports", "layer", "container"}  # at-rules that hold others
WORD = re.compile(r"[\w-]+")
NAMES = re.compile(r'\b(?:class|id)="([^"]*)"')
READ = re.compile(r"var\(\s*(--[\w-]+)")
VARIABLE = re.compile(r"--[\w-]+")
JOINED = re.compile(r"(--[\w-]+)\$\{")  # a script's name of a property whose end is a value: `--lm-${role}`


def names_in_use(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """Return the classes and ids of pages, and every word of scripts, those within the pages too."""
    names: set[str] = set()
    for page in pages:
        for listed in NAMES.findall(page):
            names |= set(listed.split())
        for script in re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL):
            names |= set(WORD.findall(script))
    for script in scripts:
        names |= set(WORD.findall(script))
    return names


def used(sheet: str, names: set[str]) -> str:
    """Return a style sheet without comments and without the rules for which no page has an element."""
    return "".join(_kept(_rules(sheet), lambda selector: _is_used(selector, names), lambda _: True))


def without_unread(sheet: str, others: Iterable[str]) -> str:
    """Return a style sheet without the custom properties that neither it nor the `others` (texts) read."""
    texts = list(others)
    elsewhere = {name for text in texts for name in VARIABLE.findall(text)}
    beginnings = tuple({name for text in texts for name in JOINED.findall(text)})
    while True:
        read = elsewhere | set(READ.findall(sheet))
        shorter = "".join(
            _kept(_rules(sheet), lambda _: True, lambda name, read=read: name in read or name.startswith(beginnings))
        )
        if shorter == sheet:
            return sheet
        sheet = shorter


def _rules(sheet: str | list[Node]) -> list[Node]:
    return tinycss2.parse_rule_list(sheet, skip_comments=True, skip_whitespace=True)


def _kept(rules: list[Node], selects: Callable, keeps: Callable) -> Iterator[str]:
    """Yield rules as text: those of whose selectors one `selects`, with the custom properties that are to be kept."""
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"a style sheet cannot be read: {rule.message}")
        if rule.type == "qualified-rule":
            chosen = [tinycss2.serialize(one).strip() for one in _parts(rule.prelude, ",") if selects(one)]
            body = _body(rule.content, keeps)
            if chosen and body:
                yield f"{','.join(chosen)}{{{body}}}"
        elif rule.lower_at_keyword in WITH_RULES and rule.content is not None:
            if body := "".join(_kept(_rules(rule.content), selects, keeps)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude).rstrip()}{{{body}}}"
        elif rule.lower_at_keyword != "charset":
            yield rule.serialize()


def _body(content: list[Node], keeps: Callable) -> str:
    """Return declarations with one space where there were several."""
    parts = [part for part in _parts(content, ";") if not (name := _property(part)) or keeps(name)]
    return ";".join(filter(None, (tinycss2.serialize(part).strip() for part in parts)))


def _property(declaration: list[Node]) -> str:
    """Return the name of the custom property that is declared, or nothing."""
    first = next((node for node in declaration if node.type != "whitespace"), None)
    return first.value if isinstance(first, IdentToken) and first.value.startswith("--") else ""


def _parts(nodes: list[Node], mark: str) -> list[list[Node]]:
    """Return what stands between commas, or between semicolons, without comments."""
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if node.type == "literal" and node.value == mark:
            parts.append([])
        elif node.type == "whitespace":
            parts[-1].append(WhitespaceToken(0, 0, " "))
        elif node.type != "comment":
            parts[-1].append(node)
    return parts


def _is_used(selector: list[Node], names: set[str]) -> bool:
    """Tell whether pages have all classes and ids that a selector needs; one of those in `:is()` and `:where()`."""
    for before, node in zip([None, *selector], selector, strict=False):
        is_class = before is not None and before == "." and isinstance(node, IdentToken)
        if (is_class or isinstance(node, HashToken)) and node.value not in names:
            return False
        any_of = isinstance(node, FunctionBlock) and node.lower_name in ("is", "where")
        if any_of and not any(_is_used(one, names) for one in _parts(node.arguments, ",")):
            return False
    return True
