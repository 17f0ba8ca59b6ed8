"""The API page, made from docstrings, and links to it from names in code cells.

Autodoc and numpydoc write the page; sphinx-codeautolink finds the names. What is here makes the three fit the package:
what a room offers is what its `__all__` says or what it defines itself; `|x|` in a docstring is an absolute value;
and names are linked once in a cell, to where they are described.
"""

import re
import sys

from sphinx.util import import_object, inspect

# A part of a line in which a bar is to stay as it is, or a bar.
CODE_OR_BAR = re.compile(r"(``.*?``|(?::\w+:)?`[^`]*`)|\|")


def is_elsewhere(app, what, name, thing, skip, options) -> bool | None:
    """Leave out what a module has imported, unless its `__all__` offers it."""
    module = sys.modules[app.env.temp_data.get("autodoc:module") or "builtins"]
    if what != "module" or hasattr(module, "__all__"):
        return None
    return True if getattr(thing, "__module__", module.__name__) != module.__name__ else None


def own_signature(app, what, name, thing, options, signature, returns) -> tuple[str, None] | None:
    """Show how a class is made where its base would hide it.

    Widgets show the arguments of their own `__init__`, which traitlets covers with `*args`. Pydantic's models show
    none: their fields are checks more than types.
    """
    if hasattr(thing, "model_fields"):
        return "", None
    if what == "class" and "*args" in (signature or "") and "__init__" in vars(thing):
        made = inspect.signature(thing.__init__, bound_method=True)
        return inspect.stringify_signature(made, unqualified_typehints=True), None
    return None


def escape_bars(app, what, name, thing, options, lines: list[str]) -> None:
    """Escape the bars of absolute values, in place: reStructuredText would take them for substitutions."""
    block = None  # how far the line is indented that opens a block of code or mathematics
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if block is not None and line.strip() and indent <= block:
            block = None
        if block is None and line.lstrip().startswith(".. math::"):
            block = indent
        elif block is None:
            lines[number] = CODE_OR_BAR.sub(lambda found: found[1] or r"\|", line)
            block = indent if line.rstrip().endswith("::") else None


def written_at(name: str) -> str | None:
    """Return where a class or function was written, such as `lmkit.decoding.texts.Decoded`; None for other things."""
    thing = import_object(name)
    module, qualified = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    return f"{module}.{qualified}" if module and qualified else None


def map_names(app, env) -> None:
    """Tell codeautolink under which name each thing is described: it knows a class by where it was written."""
    described = [name for name, entry in env.get_domain("py").objects.items() if entry.objtype != "module"]
    places = {name: written_at(name) for name in described}
    app.config.codeautolink_inventory_map |= {
        place: name for name, place in places.items() if place not in (None, name)
    }


def link_once(app, env) -> None:
    """Keep of each cell's links to one place only the first: a reader with a keyboard stops at every link."""
    for cells in getattr(env, "sphinx_codeautolink_transforms", {}).values():
        for cell in cells:
            first = {name.resolved_location: name for name in reversed(cell.names)}
            cell.names = [name for name in cell.names if first[name.resolved_location] is name]


def setup(app):
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("numpydoc")
    app.setup_extension("sphinx_codeautolink")
    app.connect("autodoc-skip-member", is_elsewhere)
    app.connect("autodoc-process-signature", own_signature)
    app.connect("autodoc-process-docstring", escape_bars, priority=600)  # after numpydoc
    app.connect("env-updated", map_names, priority=400)  # before codeautolink resolves names
    app.connect("env-updated", link_once, priority=600)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
