"""Setting up: what is missing is named before anything is made, and a set-up that broke off is begun anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from tests.support.receivers import CHECKOUT

SCRIPT = "run_webhook_performance_tests.py"
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As it is cloned, with as little in it as a set-up needs; nothing is to be installed."""
    for name in ("Makefile", SCRIPT):
        shutil.copy(CHECKOUT / name, tmp_path)
    (tmp_path / "requirements.txt").touch()
    return tmp_path


def run(folder: Path, *command: str, **more: str) -> Done:
    told = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        command, cwd=folder, env={**told, **more}, capture_output=True, text=True, timeout=100, check=False
    )


def make(folder: Path, *arguments: str, **more: str) -> Done:
    return run(folder, "make", f"PYTHON={getattr(sys, '_base_executable', sys.executable)}", *arguments, **more)


def test_a_python_without_venv_is_told_by_its_package_before_anything_is_made(checkout: Path) -> None:
    """As Debian and Ubuntu have it: `venv` is there, and what it installs pip with is not."""
    lacking = checkout / "lacking"
    lacking.mkdir()
    (lacking / "ensurepip.py").write_text("raise ModuleNotFoundError\n")
    done = make(checkout, ".venv/.run", PYTHONPATH=str(lacking))
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert f"apt-get install {package}" in done.stdout
    assert done.returncode == 2
    assert not (checkout / ".venv").exists()


def test_a_python_that_is_not_there_is_named(checkout: Path) -> None:
    """In the place of what a shell says of it."""
    done = run(checkout, "make", "PYTHON=python3.99", ".venv/.run")
    assert "there is no python3.99: install it, or name one" in done.stdout
    assert not (checkout / ".venv").exists()


@pytest.mark.slow
def test_a_set_up_that_broke_off_is_begun_anew(checkout: Path) -> None:
    """Half a `.venv`, with a Python and no pip, and one whose packages were not all installed: then it is whole."""
    half = checkout / ".venv/bin"
    half.mkdir(parents=True)
    (half / "python").symlink_to(sys.executable)
    requirements = checkout / "requirements.txt"
    requirements.write_text(f"nowhere==1 --hash=sha256:{'0' * 64}\n")
    broken = make(checkout, ".venv/.run", PIP_NO_INDEX="1")
    assert broken.returncode != 0
    assert (half / "pip").exists()
    (checkout / ".venv/left").touch()
    requirements.write_text("")
    assert make(checkout, ".venv/.run").returncode == 0
    assert not (checkout / ".venv/left").exists()
    assert "up to date" in make(checkout, ".venv/.run").stdout


def test_the_script_goes_on_in_the_environment_that_make_has_set_up(checkout: Path) -> None:
    """Whoever types `python`: with all its arguments."""
    python = checkout / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "here: $*"\n')
    python.chmod(0o755)
    done = run(checkout, sys.executable, "-S", SCRIPT, "--test", "load")
    assert done.stdout == f"here: {SCRIPT} --test load\n", done.stderr


def test_the_script_says_what_to_do_where_nothing_is_set_up(checkout: Path) -> None:
    """In one line, as for any fault of usage."""
    done = run(checkout, sys.executable, "-S", SCRIPT)
    assert done.returncode == Exit.USAGE
    (line,) = done.stderr.splitlines()
    assert "run `make run` in" in line
