"""Everything behind `hookswarm`'s door, a folder for each room. Not for import from outside: names may move."""

import os
import sysconfig
from pathlib import Path

__version__ = "0.1.0"

HOME = Path(__file__).parents[1]
"""The folder that our packages stand in: a checkout, or where Python keeps what is installed."""


def importable() -> dict[str, str]:
    """The environment by which a Python that we start finds our packages, whatever its working directory."""
    if str(HOME) == sysconfig.get_path("purelib"):
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(HOME), os.environ.get("PYTHONPATH", "")]))}
