"""Bring what the book's pages load besides labs: the font of equations. `lmkit.sphinx` brings the rest.

It also warns of an address on another host, and fails where a file did not arrive; warnings fail the book's build.
"""

import shutil
from pathlib import Path

from sphinx.errors import ExtensionError

from lmkit.widgets.runtime.kernel import build as kernel

FONT = Path(__file__).resolve().parents[2] / "third_party" / "math-font"
FILES = ("stix-two-math.woff2", "OFL.txt")


def stage_font(app, config) -> None:
    """Collect its files in a folder of the build and have Sphinx copy that to ``_static``."""
    stage = Path(app.outdir).parent / "staged_static"
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "vendor").mkdir(parents=True)
    for name in FILES:
        shutil.copy2(FONT / name, stage / "vendor")
    config.html_static_path.append(str(stage))


def require_kernel(app, config) -> None:
    """Fail the build when a script of the browser's kernel is not what its C sources give."""
    for path, targets in kernel.SCRIPTS.items():
        if not kernel.belongs(path.read_text(encoding="utf-8"), targets):
            raise ExtensionError(f"{path}: not compiled from the C sources in {kernel.FOLDER}; run `make kernel`")


def require_font(app, exception) -> None:
    """Fail the build when the font did not arrive: ``exclude_patterns`` holds for static files as well."""
    if exception or app.builder.format != "html":
        return
    for name in FILES:
        if not (Path(app.outdir) / "_static" / "vendor" / name).is_file():
            raise ExtensionError(f"_static/vendor/{name} was not copied: is it in exclude_patterns?")


def setup(app):
    app.connect("config-inited", require_kernel)
    app.connect("config-inited", stage_font)
    app.connect("build-finished", require_font)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": True}
