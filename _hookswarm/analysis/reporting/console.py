"""The terminal that everything is printed on. rich obeys NO_COLOR, and colours nothing where there is no terminal."""

import re
import sys
from typing import IO, Any, cast

from rich.console import Console

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_END = re.compile(rf"(?:[ \t]|{_STYLE.pattern})+(?=\n)")
"""Of a line: blanks, and what begins or ends their style."""


class _Trimmed:
    """A stream without blanks at the ends of lines: rich pads cells, and leaves one where it breaks a sentence."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(_END.sub(lambda end: "".join(_STYLE.findall(end[0])), text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def make_console(stderr: bool = False) -> Console:
    """The terminal; 100 columns where there is none."""
    stream = cast(IO[str], _Trimmed(sys.stderr if stderr else sys.stdout))
    found = Console(file=stream)
    return found if found.is_terminal else Console(file=stream, width=100)


def printable(text: str) -> str:
    """Text for a terminal: what would steer one is replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
