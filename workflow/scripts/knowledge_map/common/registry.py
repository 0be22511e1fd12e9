"""What the modules of a folder offer, found without a list that somebody keeps."""

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def offered(package: ModuleType, name: str) -> list[Any]:
    """Return the members of the tuples called `name` in the modules of a package, in the order of the modules' names.

    A module without such a tuple offers nothing; the module `registry`, which asks, is not imported.
    """
    names = (module.name for module in pkgutil.iter_modules(package.__path__) if module.name != "registry")
    modules = (importlib.import_module(f"{package.__name__}.{each}") for each in names)
    return [member for module in modules for member in getattr(module, name, ())]
