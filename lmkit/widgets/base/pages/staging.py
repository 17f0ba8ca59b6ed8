"""Put what labs load into the site's ``_static``: the widget runtime, models, tables, scripts, styles and colours."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

from lmkit.plots import roles
from lmkit.widgets.base import assets, bundle, runtime_files

ROLES, PAGES = "lmkit-roles.css", "lmkit-pages.css"
RUNTIME = f"vendor/{runtime_files.PAGE}"
CODE = Path("lmkit", "code")  # from `_static`
REMEDY = 'add it: extensions = ["myst_nb", "lmkit.sphinx"] in conf.py (a Jupyter Book 1 has it already)'


def folder_of(app: Sphinx) -> Path:
    """Return the folder in which the build collects the files: among what Sphinx keeps for itself."""
    return Path(app.doctreedir) / "lmkit_static"


def code_version() -> int:
    """Return a number for all code and models: where it is another, Sphinx writes every page anew."""
    digest = hashlib.sha256()
    sources = [path for suffix in ("js", "css") for path in bundle.WIDGETS.rglob(f"*.{suffix}")]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    for content in [*runtime_files.page_files().values(), *map(assets.model_bytes, assets.models())]:
        digest.update(content)
    return int(digest.hexdigest()[:8], 16)


def file_name(path: str) -> str:
    """Return the name under which a folder's script or a style sheet is staged."""
    return path.removesuffix(".css").replace("/", "-")


def write_code(folder: Path) -> None:
    """Write the scripts, one for each folder, and the style sheets that pages load."""
    folder.mkdir(parents=True)
    for place in sorted({path.parent for path in bundle.WIDGETS.rglob("*.js")}):
        name = place.relative_to(bundle.WIDGETS).as_posix()
        (folder / f"{file_name(name)}.js").write_text(bundle.folder_script(name), encoding="utf-8")
    for path in sorted(bundle.WIDGETS.rglob("*.css")):
        name = path.relative_to(bundle.WIDGETS).as_posix()
        (folder / f"{file_name(name)}.css").write_text(bundle.styles(name)[name], encoding="utf-8")


def require_notebooks(app: Sphinx, config: Config) -> None:
    """Fail the build at its beginning where nothing reads notebooks.

    Raises
    ------
    ExtensionError
        If the project has no MyST-NB.
    """
    if "myst_nb" not in app.extensions:
        raise ExtensionError(f"lmkit.sphinx needs the extension myst_nb, which shows notebooks; {REMEDY}")


def stage(app: Sphinx) -> None:
    """Collect the files in a folder, and have Sphinx copy it to ``_static``.

    It is late to name that folder: a place within the site is no fault any more, and no reason to write all pages anew.
    """
    if app.builder.format != "html":
        return
    folder = folder_of(app)
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("vendor", "lmkit"):
        (folder / name).mkdir(parents=True)
    for name, content in runtime_files.page_files().items():
        (folder / "vendor" / name).write_bytes(content)
    for name, script in assets.page_scripts().items():  # loaded on demand by the lab that needs it
        (folder / "lmkit" / name).write_text(script, encoding="utf-8")
    for name, weights in assets.page_weights().items():
        (folder / "lmkit" / name).write_bytes(weights)
    write_code(folder / CODE)
    (folder / ROLES).write_text(roles.css(), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("pages.css"), folder / PAGES)
    app.config.html_static_path.append(str(folder))


def require_staged(app: Sphinx, exception: Exception | None) -> None:
    """Fail the build when a file did not arrive: ``exclude_patterns`` holds for static files as well."""
    if exception or app.builder.format != "html":
        return
    folder = folder_of(app)
    for file in sorted(filter(Path.is_file, folder.rglob("*"))):
        name = file.relative_to(folder).as_posix()
        if not (Path(app.outdir) / "_static" / name).is_file():
            raise ExtensionError(f"_static/{name} was not copied: take what fits it out of exclude_patterns")


def connect(app: Sphinx) -> None:
    """Take part in a build."""
    app.connect("config-inited", require_notebooks, priority=100)  # before anything asks for its settings
    app.connect("builder-inited", stage)
    for sheet in (ROLES, PAGES):
        app.add_css_file(sheet)
    app.connect("build-finished", require_staged, priority=300)  # before pages name what is not there
