"""What commands print: colours where they are wanted, and no blanks at the ends of lines."""

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from _hookswarm.analysis import __main__ as analysis
from _hookswarm.analysis.reporting.console import make_console
from _hookswarm.runner import __main__ as runner
from tests.support.journals import arrival, attempt, run, write_run
from tests.support.receivers import SECRET

STYLE = re.compile(r"\x1b\[([0-9;]*)m")
ROWS = [attempt(n) for n in range(3)]
LONG = "what is told in a sentence goes on, and on, " * 12
COMMANDS: dict[str, Callable[[], object]] = {
    "list": lambda: runner.main(["--list", "--quick", "--test", "load"]),
    "a run": lambda: analysis.main(["run", "--output", "out", "--check", "lost==1", "--check", "none==0"]),
    "a comparison": lambda: analysis.main(["compare", "run", "run", "--threshold-only"]),
    "a sentence": lambda: make_console().print(f"[red]{LONG}[/red]"),
}


class Terminal(io.StringIO):
    """Whatever is printed on it; says that it is a terminal, or none."""

    def __init__(self, is_one: bool) -> None:
        super().__init__()
        self._is_one = is_one

    def isatty(self) -> bool:
        return self._is_one


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOOKSWARM_SECRET": SECRET, "TERM": "xterm-256color", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    write_run(tmp_path / "run", run(ROWS, [arrival(row) for row in ROWS]))
    monkeypatch.chdir(tmp_path)


def printed(monkeypatch: pytest.MonkeyPatch, command: str, is_one: bool) -> str:
    terminal = Terminal(is_one)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", terminal)
        COMMANDS[command]()
    return terminal.getvalue()


def colours(text: str) -> set[int]:
    """The codes of colours among those of styles."""
    codes = [int(code) for found in STYLE.findall(text) for code in found.split(";") if code]
    return {code for code in codes if 30 <= code <= 48 or 90 <= code <= 107}


@pytest.mark.parametrize("command", COMMANDS)
def test_no_color_is_obeyed(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal: whatever its value."""
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(monkeypatch, command, True)
    assert text
    assert colours(text) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_but_text_where_there_is_no_terminal(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file, or a pipe; on a terminal that knows no colours there are none."""
    text = printed(monkeypatch, command, False)
    assert text
    assert "\x1b" not in text
    monkeypatch.setenv("TERM", "dumb")
    assert colours(printed(monkeypatch, command, True)) == set()


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "list"])
def test_a_terminal_has_colours(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the tests above would show nothing."""
    assert colours(printed(monkeypatch, command, True))


@pytest.mark.parametrize("is_one", [True, False])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_line_ends_in_blanks(command: str, is_one: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables pad their cells, and a sentence that is broken leaves one."""
    lines = STYLE.sub("", printed(monkeypatch, command, is_one)).split("\n")
    assert len(lines) > 2
    assert [line for line in lines if line != line.rstrip()] == []
