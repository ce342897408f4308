"""A file of the user's own bodies: by its name JSON, a body a line, a form, XML or text, each also as `.gz`."""

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.syntax import json_fault
from _hookswarm.common.wording import first_of
from _hookswarm.protocol.formats import Format

LINES = (".ndjson", ".jsonl")
"""Files that hold a body a line by their names, though it be one line alone."""
VERBATIM: dict[str, Format] = {".form": "form", ".xml": "xml", ".txt": "text"}
"""Files that are one body, whatever is in them."""
PACKED = ".gz"
TYPE_FIELDS = ("type", "event", "event_type", "topic")
"""Where a body that is a JSON object may say what it is an event of: the first that is a text does."""
MAX_TYPE = 200
"""Characters of an event's type."""
MAX_BYTES = 256 << 20
_CHUNK = 1 << 20
SHOWN = 5
"""Of bad lines, bad files and types of bodies; the others are counted."""


class Body(NamedTuple):
    """One of the user's own, to the byte, and its event type; empty: not known."""

    content: bytes
    type: str = ""
    format: Format = "json"


class Reader:
    """Reads files, whose bytes are counted as they come out of `.gz`: together no more than MAX_BYTES."""

    def __init__(self, path: Path, most: int = MAX_BYTES) -> None:
        self._path, self._most, self._left = path, most, most

    def read(self, file: Path) -> bytes:
        """What is in a file. Raises ConfigError where that is too much, OSError and EOFError, and zlib's error."""
        with gzip.open(file) if file.suffix == PACKED else file.open("rb") as opened:
            parts = []
            while part := opened.read(_CHUNK):
                parts.append(part)
                self._left -= len(part)
                if self._left < 0:
                    unpacked = " unpacked" * (file.suffix == PACKED)
                    said = f"more than {self._most >> 20} MiB{unpacked}: leave some of them out"
                    raise ConfigError([f"--payloads {self._path}: {said}"])
        return b"".join(parts)


def suffix(file: Path) -> str:
    """What a file's name says that is in it: `.json` of `push.json.gz`."""
    return Path(file.stem).suffix if file.suffix == PACKED else file.suffix


def bodies_of(file: Path, reader: Reader, whole: bool) -> list[Body] | str:
    """The bodies of a file, or what is wrong with it and what to do next. Raises ConfigError and OSError.

    `whole`: JSON is one body, whatever it is; else an array is a body for each item, and there may be a body a line.
    """
    try:
        raw = reader.read(file)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return "cannot be unpacked: it is damaged, or not made by gzip: mend it, or leave it out"
    named = suffix(file)
    if named in VERBATIM:
        return _verbatim(raw, VERBATIM[named])
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if named in LINES:
        return _lines(_numbered(raw))
    return _whole(raw) if whole else _loose(raw)


def _verbatim(raw: bytes, written_in: Format) -> list[Body] | str:
    if written_in == "form":
        raw = raw.strip()  # an editor's last line end would be a part of the last field
        if len(raw.split()) > 1:
            return "not a form: white space in it: mend it, or leave it out"
    if written_in == "text" and (fault := _text_fault(raw)):
        return f"not text: {fault}: mend it, or leave it out"
    return [Body(raw, format=written_in)] if raw.strip() else "nothing in it: mend it, or leave it out"


def _whole(raw: bytes) -> list[Body] | str:
    parsed = _parse(raw)
    if isinstance(parsed, _Fault):
        return f"not JSON: {parsed}: mend it, or take it out of the folder"
    return [Body(raw.strip(), type_in(parsed))]


def _loose(raw: bytes) -> list[Body] | str:
    lines = _numbered(raw)
    parsed = _parse(raw)
    if isinstance(parsed, _Fault):
        # Lines begin with a whole one; else the faults of lines that are none would hide the one of the file.
        if len(lines) < 2 or isinstance(_parse(lines[0][1]), _Fault):
            return f"not JSON: {parsed}: mend it, or give NDJSON, a body a line"
        return _lines(lines)
    if isinstance(parsed, list):
        texts = _items(raw.decode())
        return [Body(text.encode(), type_in(item)) for text, item in zip(texts, parsed, strict=True)]
    return [Body(raw.strip(), type_in(parsed))]


def _numbered(raw: bytes) -> list[tuple[int, bytes]]:
    return [(number, line.strip()) for number, line in enumerate(raw.split(b"\n"), 1) if line.strip()]


def _lines(lines: Sequence[tuple[int, bytes]]) -> list[Body] | str:
    parsed = [_parse(line) for _, line in lines]
    faults = [(number, one) for (number, _), one in zip(lines, parsed, strict=True) if isinstance(one, _Fault)]
    if faults:
        named = first_of([f"{number} ({fault})" for number, fault in faults], SHOWN)
        return f"not JSON: line {named}: mend these lines, or leave them out"
    return [Body(line, type_in(one)) for (_, line), one in zip(lines, parsed, strict=True)]


def type_in(parsed: Any) -> str:
    """What a body says that it is an event of; empty if it does not."""
    fields = parsed if isinstance(parsed, dict) else {}
    return next((str(fields[name]) for name in TYPE_FIELDS if is_type(fields.get(name))), "")


def is_type(text: Any) -> bool:
    """Whether it may be an event's type: one line of printable ASCII, which a header can hold."""
    return type(text) is str and 0 < len(text) <= MAX_TYPE and text.isascii() and text.isprintable()


# JSON as RFC 8259 has it: no NaN, and whole numbers of any length.


class _Whole(str):
    """A whole number, as it is written."""


class _Fault(str):
    """Why bytes are not JSON in UTF-8."""


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} in it")


_JSON = json.JSONDecoder(parse_constant=_refuse, parse_int=_Whole)
_SPACE = re.compile(r"[ \t\n\r]*")


def _parse(raw: bytes) -> Any:
    """What JSON in UTF-8 says, or a _Fault."""
    try:
        return _JSON.decode(raw.decode())
    except json.JSONDecodeError as error:
        return _Fault(json_fault(error))
    except UnicodeDecodeError as error:
        return _Fault(f"byte {error.start + 1} is not UTF-8")
    except RecursionError:
        return _Fault("nested too deeply")
    except ValueError as error:
        return _Fault(str(error))


def _text_fault(raw: bytes) -> str:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8"
    return ""


def _items(text: str) -> Iterator[str]:
    """The items of an array, as they stand in its text; it was found to be JSON."""
    place = _after_space(text, text.index("[") + 1)
    while text[place] != "]":
        _, end = _JSON.raw_decode(text, place)
        yield text[place:end]
        place = _after_space(text, end)
        if text[place] == ",":
            place = _after_space(text, place + 1)


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place
