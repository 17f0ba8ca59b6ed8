"""Small, readable recurrent language models, decoders, and widgets that run them on a page without a kernel.

The parts of the package are imported when they are first used::

    import lmkit

    lmkit.pretrained.load("stories").generate("one morning anna", top_p=0.9)

`dir(lmkit)` lists them. `lmkit.__version__` is the version that is installed.
"""

from importlib import import_module as _import_module


def __getattr__(name: str):
    """Import a part of the package, or look up its version, at first use (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("lmkit")
        except PackageNotFoundError as error:
            raise AttributeError("lmkit has no version where it is not installed; pip install it") from error
    if not name.startswith("_"):
        try:
            return _import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":  # it is there, but what it imports is not
                raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_parts())}")


def __dir__() -> list[str]:
    return sorted([*(name for name in globals() if name.startswith("__")), "__version__", *_parts()])


def _parts() -> list[str]:
    """Return the names of the package's public modules."""
    from pkgutil import iter_modules

    return [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]
