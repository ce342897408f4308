"""The project as a package: built from a copy of the checkout, installed into a virtual environment of its own.

What we depend on is not installed anew: the environment sees what this one has.
"""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.receivers import CHECKOUT, environment

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
OFFLINE = ("--no-deps", "--no-index", "--no-build-isolation")
SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"


def copied(folder: Path) -> Path:
    """A copy of what the package is made of: building in the checkout would leave files there."""
    folder.mkdir()
    for name in ("hookswarm", "_hookswarm", "locustfiles"):
        shutil.copytree(CHECKOUT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(CHECKOUT / name, folder)
    return folder


def sdist(source: Path, folder: Path) -> Path:
    """The source archive of a checkout."""
    subprocess.run([sys.executable, "-c", SDIST, str(folder)], cwd=source, check=True, capture_output=True)
    (made,) = folder.glob("*.tar.gz")
    return made


def wheel(source: Path, folder: Path) -> Path:
    """The wheel of a checkout or of a source archive."""
    subprocess.run([*PIP, "wheel", *OFFLINE, "--wheel-dir", str(folder), str(source)], cwd=folder, check=True)
    (made,) = folder.glob("*.whl")
    return made


@dataclass(frozen=True)
class Installed:
    """A virtual environment that has the package."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    def run(
        self, *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """One of its programs in `cwd`, where nothing leads to the checkout."""
        told = {name: value for name, value in environment(**(env or {})).items() if name != "PYTHONPATH"}
        program = self.folder / "bin" / command[0]
        return subprocess.run(
            [program, *command[1:]], cwd=cwd, env=told, capture_output=True, text=True, timeout=100, check=False
        )


def installed(folder: Path, what: Sequence[str]) -> Installed:
    """A fresh environment with `what` (of pip's words) installed."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = Installed(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run([*PIP, "--python", str(made.python), "install", *OFFLINE, *what], cwd=folder, check=True)
    return made
