"""Where in a TOML text each key stands: its reader tells no lines, and a message should."""

import re
import tomllib
from collections.abc import Iterator, Sequence

Place = tuple[str | int, ...]
"""Keys, and numbers in arrays of tables: `("setup", 1, "body")`."""

_STRING = r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_TOKEN = re.compile(rf"(?P<string>{_STRING})|#[^\n]*|(?P<opens>[\[{{])|(?P<closes>[\]}}])|(?P<end>\n)|[^\n]", re.DOTALL)
_SIMPLE = rf"(?:[A-Za-z0-9_-]+|{_STRING})"
_KEYS = rf"{_SIMPLE}(?:[ \t]*\.[ \t]*{_SIMPLE})*"
_STATEMENT = re.compile(
    rf"\[\[[ \t]*(?P<array>{_KEYS})[ \t]*\]\]|\[[ \t]*(?P<table>{_KEYS})[ \t]*\]|(?P<key>{_KEYS})[ \t]*=", re.DOTALL
)


def line_of(place: Sequence[str | int], lines: dict[Place, int]) -> int | None:
    """The line of a key, or of the nearest that holds it; None: it stands nowhere."""
    known = tuple(place)
    while known and known not in lines:
        known = known[:-1]
    return lines.get(known)


def toml_lines(text: str) -> dict[Place, int]:
    """The line (1 …) of each table and key of a TOML text that can be read, and of each of an array's tables.

    What stands within a value, as an inline table's keys do, is not told apart from it.
    """
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for line, found in _statements(text.replace("\r\n", "\n")):
        if found["key"]:
            _note(lines, table, _parts(found["key"]), line)
            continue
        *outer, last = _parts(found["array"] or found["table"])
        table = ()
        for part in outer:
            table = (*table, part)
            if table in counts:
                table = (*table, counts[table] - 1)
        table = (*table, last)
        lines.setdefault(table, line)
        if found["array"]:
            counts[table] = counts.get(table, 0) + 1
            table = (*table, counts[table] - 1)
            lines[table] = line
    return lines


def _note(lines: dict[Place, int], table: Place, parts: Sequence[str], line: int) -> None:
    """Of a dotted key each part."""
    for part in parts:
        table = (*table, part)
        lines.setdefault(table, line)


def _statements(text: str) -> Iterator[tuple[int, "re.Match[str]"]]:
    """Heads of tables and keys, with their lines; values are passed over."""
    at = 0
    while at < len(text):
        if found := _STATEMENT.match(text, at):
            yield text.count("\n", 0, at) + 1, found
            at = _after_value(text, found.end())
        elif text[at] == "#":
            at = _after_value(text, at)
        else:
            at += 1


def _after_value(text: str, at: int) -> int:
    """Where the line ends on which what begins here does."""
    depth = 0
    while token := _TOKEN.match(text, at):
        at = token.end()
        depth += bool(token["opens"]) - bool(token["closes"])
        if token["end"] and depth <= 0:
            break
    return at


def _parts(keys: str) -> list[str]:
    """Of a dotted key, unquoted."""
    found = re.findall(_SIMPLE, keys, re.DOTALL)
    return [next(iter(tomllib.loads(f"{part} = 0"))) for part in found]
