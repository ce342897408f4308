"""Everything behind `hookswarm`'s door, a folder for each room. Not for import from outside: names may move.

Here: the version, how Python finds us, and how we were called.
"""

import os
import site
import sys
from importlib.machinery import PathFinder
from pathlib import Path

__version__ = "0.1.0"

HOME = Path(__file__).parents[1]
"""The folder that our packages stand in: a checkout, or where Python keeps what is installed."""


def importable() -> dict[str, str]:
    """The environment by which a Python that we start finds our packages, whatever its working directory.

    What is installed is found without; there HOME holds others' packages, too, and must not come first.
    """
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    if str(HOME) in installed or str(HOME) not in map(os.path.abspath, sys.path):
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(HOME), os.environ.get("PYTHONPATH", "")]))}


def hiding(folder: Path) -> list[Path]:
    """Files that Python takes for our packages where it looks in `folder` first, as Locust has it do."""
    found = (PathFinder.find_spec(name, [str(folder.absolute())]) for name in ("hookswarm", "_hookswarm"))
    files = [Path(spec.origin) for spec in found if spec and spec.origin]
    return [file for file in files if HOME not in file.parents]


def called(script: str, module: str) -> str:
    """What was typed for a command: the name of `script` (sys.argv[0]), or `python -m` and the module."""
    name = Path(script).name
    return f"python -m {module}" if name in ("__main__.py", f"{module.rpartition('.')[2]}.py") else name
