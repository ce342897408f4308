"""Bodies to deliver: sizes as measured from real senders, each body unique, or the user's own captured ones.

Sizes are compact JSON bytes of published examples (2026-08): GitHub, octokit/webhooks `payload-examples` (270
payloads); Stripe, stripe/openapi `fixtures3.json` plus the event envelope; Shopify, orders/create.
"""

import codecs
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import and_more, first_of, of_system

Knots = tuple[tuple[float, float], ...]
"""An inverse distribution function: (share of bodies, size in bytes), linear in between."""

SIZES: dict[str, Knots] = {
    "thin": ((0, 900), (1, 900)),
    "github": ((0, 915), (0.25, 6_641), (0.5, 7_883), (0.75, 11_971), (0.95, 25_178), (1, 26_935)),
    "stripe": ((0, 1_300), (0.17, 1_800), (0.33, 3_700), (0.5, 3_800), (0.67, 4_400), (0.83, 4_650), (1, 6_500)),
    "shopify": ((0, 6_200), (1, 7_000)),
    "mixed": (
        (0, 1_000), (0.6, 4_000), (0.6, 6_000), (0.9, 12_000), (0.9, 20_000), (0.99, 27_000), (0.99, 200_000),
        (1, 200_000),
    ),
}  # fmt: skip

TEMPLATES = 200
"""Bodies prepared per distribution: their sizes are its quantiles in a seeded order."""

MAX_TEMPLATE_BYTES = 16 << 20
"""Of bodies that are all of one size there are fewer, where they are large."""

LINES = (".ndjson", ".jsonl")
"""Files that hold a body a line by their names, though it be one line alone."""
MAX_BODIES = 10_000
MAX_BYTES = 256 << 20
SHOWN = 5
"""Of bad lines, bad files and types of bodies; the others are counted."""


class Payloads(Protocol):
    """Makes the bodies of a run's events, in every process alike."""

    def body(self, event_id: bytes, n: int, /) -> bytes:
        """The body of event `n`: the same at every attempt."""

    def kind(self, n: int, /) -> bytes:
        """Its event type, one line of printable ASCII; empty: not known."""


class Generated:
    """JSON bodies with sizes drawn from a distribution; the event's id inside makes each one unique."""

    def __init__(self, distribution: str | int, seed: int) -> None:
        """`distribution` is a key of SIZES, or a number of bytes; raises ConfigError."""
        if isinstance(distribution, int):
            knots: Knots = ((0, distribution), (1, distribution))
        elif distribution in SIZES:
            knots = SIZES[distribution]
        else:
            raise ConfigError([f"unknown payload distribution {distribution!r}; there are {', '.join(SIZES)}"])
        shares, sizes = zip(*knots, strict=True)
        draw = random.Random(seed)
        count = TEMPLATES if min(sizes) < max(sizes) else min(TEMPLATES, MAX_TEMPLATE_BYTES // max(sizes) + 1)
        quantiles = np.interp((np.arange(count) + 0.5) / count, shares, sizes)
        self._tails = [_tail(round(size), draw) for size in draw.sample(quantiles.tolist(), count)]

    def body(self, event_id: bytes, n: int) -> bytes:
        return b'{"id":"%b%b' % (event_id, self._tails[n % len(self._tails)])

    def kind(self, _n: int) -> bytes:
        return b""


_TYPICAL_ID = len("msg_01234567_1_1_100")


def _tail(size: int, draw: random.Random) -> bytes:
    """What follows the id, so that a body has about `size` bytes, half of them compressible."""
    opening = b'","type":"load.event","data":{"text":"'
    closing = b'"}}'
    room = max(size - len(b'{"id":"') - _TYPICAL_ID - len(opening) - len(closing), 0)
    noise = draw.randbytes(room // 4 + 1).hex()[: room // 2]
    return opening + noise.encode() + b"x" * (room - len(noise)) + closing


class Body(NamedTuple):
    """One of the user's own, to the byte, and its event type; empty: not known."""

    content: bytes
    type: str = ""


class Captured:
    """The user's own bodies, verbatim, in turn."""

    def __init__(self, bodies: Sequence[Body]) -> None:
        self._bodies = [body.content for body in bodies]
        self.types = [body.type for body in bodies]
        """Of each body."""

    def body(self, _event_id: bytes, n: int) -> bytes:
        return self._bodies[n % len(self._bodies)]

    def kind(self, n: int) -> bytes:
        text = self.types[n % len(self.types)]
        return text.encode() if text.isascii() and text.isprintable() else b""

    @property
    def largest(self) -> int:
        """Bytes of the largest one."""
        return max(map(len, self._bodies))

    def told(self) -> str:
        """What was read, for people: `329 bodies of 58 types, 915 B to 26,935 B: check_run 12, create 3 …`."""
        sizes = [len(body) for body in self._bodies]
        kinds = Counter(kind for kind in self.types if kind)
        of = f" of {_counted(len(kinds), 'type')}" if kinds else ""
        named = first_of([f"{kind} {count}" for kind, count in sorted(kinds.items())], SHOWN)
        size = f"{min(sizes):,} B" + (f" to {max(sizes):,} B" if min(sizes) < max(sizes) else "")
        bodies = f"{len(sizes):,} bod{'y' if len(sizes) == 1 else 'ies'}"
        return f"{bodies}{of}, {size}{named and f': {named}'}"


def load_captured(path: Path) -> Captured:
    """A JSON file (one body, or an array of them), NDJSON (one a line), or a folder of JSON files (one a file).

    Raises ConfigError that names every fault.
    """
    try:
        whole = path.is_dir()
        files = list(_files(path)) if whole else [path]
        if not files:
            raise ConfigError([f"--payloads {path}: no *.json file in this folder, nor below it: name another"])
        if strange := [file for file in files if file.exists() and not file.is_file()]:
            raise ConfigError([f"--payloads {file}: not a file: give JSON, NDJSON or a folder" for file in strange])
        if sum(file.stat().st_size for file in files) > MAX_BYTES:
            raise ConfigError([f"--payloads {path}: more than {MAX_BYTES >> 20} MiB: leave some of them out"])
        found = [_whole(file, _type(file, path)) if whole else _bodies(file) for file in files]
    except OSError as error:
        said = f"--payloads {path}: {of_system(error)}: give JSON, NDJSON or a folder that can be read"
        raise ConfigError([said]) from None
    bodies = [body for one in found if not isinstance(one, str) for body in one]
    faults = [f"--payloads {file}: {one}" for file, one in zip(files, found, strict=True) if isinstance(one, str)]
    if not faults and not bodies:
        faults = [f"--payloads {path}: no body in it: give JSON, NDJSON or a folder that has some"]
    if not faults and len(bodies) > MAX_BODIES:
        faults = [f"--payloads {path}: {len(bodies)} bodies; {MAX_BODIES} are the limit: leave some of them out"]
    if faults:
        more = and_more(len(faults) - SHOWN, "files").strip()
        raise ConfigError(faults[:SHOWN] + [more] * bool(more))
    return Captured(bodies)


def _files(folder: Path) -> Iterator[Path]:
    """All `*.json` in it and below, by path. Hidden ones are left alone, and links to folders. Raises OSError."""

    def refuse(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".json") and not name.startswith("."):
                yield Path(place, name)


def _type(file: Path, folder: Path) -> str:
    """What a body of a folder is an event of: the folder that it lies in; at the top, its name up to the first dot."""
    return file.name.split(".")[0] if file.parent == folder else file.parent.name


# How a file is read: its bodies, or what is wrong with it and what to do next.

_SPACE = re.compile(r"[ \t\n\r]*")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} in it")


_JSON = json.JSONDecoder(parse_constant=_refuse, parse_int=str)
"""As RFC 8259 has it: no NaN, and whole numbers of any length."""


def _whole(file: Path, kind: str) -> list[Body] | str:
    """A file of a folder is one body, whatever JSON it holds."""
    raw = _read(file)
    if fault := _fault(raw):
        return f"not JSON: {fault}: mend it, or take it out of the folder"
    return [Body(raw.strip(), kind)]


def _bodies(file: Path) -> list[Body] | str:
    """A file of its own: a body a line where its name says so; else one body, an array of them, or a body a line."""
    raw = _read(file)
    lines = [(number, line.strip()) for number, line in enumerate(raw.split(b"\n"), 1) if line.strip()]
    if file.suffix in LINES:
        return _lines(lines)
    if fault := _fault(raw):
        # Lines begin with a whole one; else the faults of lines that are none would hide the one of the file.
        if len(lines) < 2 or _fault(lines[0][1]):
            return f"not JSON: {fault}: mend it, or give NDJSON, a body a line"
        return _lines(lines)
    text = raw.decode()
    return [Body(item.encode()) for item in _items(text)] if text.lstrip().startswith("[") else [Body(raw.strip())]


def _lines(lines: Sequence[tuple[int, bytes]]) -> list[Body] | str:
    if faults := [(number, fault) for number, line in lines if (fault := _fault(line))]:
        named = first_of([f"{number} ({fault})" for number, fault in faults], SHOWN)
        return f"not JSON: line {named}: mend these lines, or leave them out"
    return [Body(line) for _, line in lines]


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


def _read(file: Path) -> bytes:
    return file.read_bytes().removeprefix(codecs.BOM_UTF8)


def _fault(raw: bytes) -> str:
    """Why these bytes are not JSON in UTF-8; empty if they are."""
    try:
        _JSON.decode(raw.decode())
    except json.JSONDecodeError as error:
        place = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}, column {error.colno}"
        return f"{error.msg} at {place}"
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return str(error)
    return ""


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
