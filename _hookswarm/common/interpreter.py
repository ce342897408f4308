"""Python processes that we start."""

import os
import sysconfig
from pathlib import Path

HOME = Path(__file__).parents[2]
"""The folder that our packages stand in: a checkout, or where Python keeps what is installed."""


def importable() -> dict[str, str]:
    """The environment variable by which a Python that we start finds our packages, whatever its working directory."""
    if str(HOME) == sysconfig.get_path("purelib"):
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(HOME), os.environ.get("PYTHONPATH", "")]))}
