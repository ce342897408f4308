#!/usr/bin/env python3
"""Run hookswarm's tests: start receivers, run Locust, write the reports.

Any Python may start it: one without our packages hands over to the environment that `make` has set up beside this file.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).absolute().parent
VENV = HERE / ".venv"


def find_packages() -> None:
    """Go on in `.venv` where this Python lacks what we need; where that lacks it, too, say what to do, and end."""
    if sys.version_info >= (3, 11) and all(map(find_spec, ("locust", "granian", "pandas"))):
        return
    python = VENV / "bin/python"
    if os.access(python, os.X_OK) and not VENV.samefile(sys.prefix):
        os.execv(python, [str(python), *sys.argv])
    print(
        f"error: {sys.executable} lacks packages that hookswarm needs: run `make run` in {HERE}, which installs them "
        "in .venv, or `pip install .` there for a Python of yours, 3.11 or newer",
        file=sys.stderr,
    )
    sys.exit(2)


if __name__ == "__main__":
    find_packages()
    from _hookswarm.runner.__main__ import main

    sys.exit(main())
