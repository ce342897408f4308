"""Whatever is wrong with what a command is given: one clear line, in our words, with the way out at its end."""

import os
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from tests.support.receivers import CHECKOUT, SECRET
from tests.support.wrong_inputs import COMMANDS, WRONGS, Wrong

LIBRARIES = (
    "usage:", "Traceback", "Errno", "Error:", "None",
    "unrecognized arguments", "expected one argument", "invalid choice", "invalid int", "invalid float",
    "are required", "ambiguous option", "could match", "explicit argument", "choose from",
    "Field required", "Input should", "Extra inputs", "validation", "unable to parse", "Value error",
    "Unexpected keyword",    "at least 1 item", "Invalid JSON", "EOF while",
    "Invalid value", "Cannot overwrite", "Cannot declare", "end of document", "codec can't decode", "start byte",
    "Expecting", "Extra data", "delimiter", "Unterminated", "(char ", "gzipped", "closing quotation",
    "could not be cast", "Port out of range", "Invalid IPv6",
)  # fmt: skip
"""Phrases of argparse, pydantic, tomllib, json, gzip, shlex and urllib."""
VERBS = (
    "add", "and", "begin", "check", "choose", "close", "give", "if", "leave", "letters,", "mend", "move", "name", "put",
    "read", "remove", "rename", "see", "set", "start", "write", "(B,",
)  # fmt: skip
"""How what to do next begins; some rows have the end of it alone."""
REAL = (
    "hookswarm --rtae 5",
    "hookswarm --regions none.toml --test load",
    "hookswarm --check lost --test load",
    "hookswarm --target 'http://me:pass@127.0.0.1/' --test load",
    "analysis",
    "analysis compare a",
    "records exprot a",
    "receiver --port 0",
    "service check none.toml",
    "benchmarks.services convy",
)


def prepare(wrong: Wrong, folder: Path) -> None:
    for name, text in wrong.files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.mkdir() if text is None else path.write_text(text)


def judge(wrong: Wrong, code: object, out: str, err: str) -> None:
    assert (code, out) == (Exit.USAGE, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert wrong.says in line
    assert line.endswith(wrong.then)
    assert [phrase for phrase in LIBRARIES if phrase in line] == []
    assert "pass@" not in line


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: re.sub(r"[^\w-]+", "_", wrong.typed))
def test_a_wrong_input_is_told_in_one_line(
    wrong: Wrong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, and at the end what to do; nothing was begun."""
    prepare(wrong, tmp_path)
    command, *arguments = shlex.split(wrong.typed)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [command])
    for name, value in {"HOOKSWARM_SECRET": SECRET, **wrong.env}.items():
        monkeypatch.setenv(name, value)
    code = import_module(COMMANDS[command][0]).main(arguments)
    judge(wrong, code, *capsys.readouterr())
    assert not list(Path("results").glob("2*"))


def test_the_table_is_long_and_its_ends_say_what_to_do() -> None:
    """Each row once; every command has some; ten are real commands, too."""
    assert len(WRONGS) == len(set(map(repr, WRONGS))) >= 90
    assert {wrong.typed.split()[0] for wrong in WRONGS} == COMMANDS.keys()
    assert [wrong for wrong in WRONGS if wrong.then.split()[0] not in VERBS] == []
    assert len(REAL) == 10


@pytest.mark.slow
@pytest.mark.parametrize("typed", REAL)
def test_a_real_command_says_the_same(typed: str, tmp_path: Path) -> None:
    """Each command as it is started from a checkout."""
    (wrong,) = [one for one in WRONGS if one.typed == typed]
    prepare(wrong, tmp_path)
    command, *arguments = shlex.split(typed)
    first, *rest = COMMANDS[command][1]
    run = [str(CHECKOUT / first)] if first.endswith(".py") else [first, *rest]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT), "HOOKSWARM_SECRET": SECRET, **wrong.env}
    done = subprocess.run(
        [sys.executable, *run, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
    )
    # A command names itself as it was typed: here otherwise than in one process.
    judge(wrong._replace(then=wrong.then.split(" or see ")[-1].split()[-1]), done.returncode, done.stdout, done.stderr)
