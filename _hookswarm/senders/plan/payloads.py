"""Bodies to deliver: sizes as measured from real senders, each body unique, or the user's own captured ones.

Sizes are compact JSON bytes of published examples (2026-08): GitHub, octokit/webhooks `payload-examples` (270
payloads); Stripe, stripe/openapi `fixtures3.json` plus the event envelope; Shopify, orders/create.
"""

import codecs
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import and_more

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

MAX_BODIES = 10_000
MAX_BYTES = 256 << 20
SHOWN = 5
"""Of bad lines, by their numbers; the others are counted."""


class Payloads(Protocol):
    """Makes the bodies of a run's events, in every process alike."""

    def body(self, event_id: bytes, n: int, /) -> bytes:
        """The body of event `n`: the same at every attempt."""


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


_TYPICAL_ID = len("msg_01234567_1_1_100")


def _tail(size: int, draw: random.Random) -> bytes:
    """What follows the id, so that a body has about `size` bytes, half of them compressible."""
    opening = b'","type":"load.event","data":{"text":"'
    closing = b'"}}'
    room = max(size - len(b'{"id":"') - _TYPICAL_ID - len(opening) - len(closing), 0)
    noise = draw.randbytes(room // 4 + 1).hex()[: room // 2]
    return opening + noise.encode() + b"x" * (room - len(noise)) + closing


class Captured:
    """The user's own bodies, verbatim, in turn."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._bodies = bodies

    def body(self, _event_id: bytes, n: int) -> bytes:
        return self._bodies[n % len(self._bodies)]


def load_captured(path: Path) -> Captured:
    """A JSON file (one body, or an array of them), NDJSON (one a line), or a folder of JSON files.

    Raises ConfigError that names every fault.
    """
    try:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not files:
            raise ConfigError([f"--payloads {path}: no *.json file in this folder"])
        if strange := [file for file in files if file.exists() and not file.is_file()]:
            raise ConfigError([f"--payloads {file}: not a file" for file in strange])
        if sum(file.stat().st_size for file in files) > MAX_BYTES:
            raise ConfigError([f"--payloads {path}: more than {MAX_BYTES >> 20} MiB"])
        found = [_parse(file, whole=path.is_dir()) for file in files]
    except OSError as error:
        raise ConfigError([f"--payloads {path}: {error.strerror}"]) from None
    bodies = [body for parsed, _ in found for body in parsed]
    faults = [fault for _, file_faults in found for fault in file_faults]
    if not faults and not bodies:
        faults = [f"--payloads {path}: no body in it"]
    if not faults and len(bodies) > MAX_BODIES:
        faults = [f"--payloads {path}: {len(bodies)} bodies; {MAX_BODIES} are the limit"]
    if faults:
        raise ConfigError(faults)
    return Captured(bodies)


def _parse(file: Path, whole: bool) -> tuple[list[bytes], list[str]]:
    """The bodies of one file and its faults. A body keeps its bytes; an array's items are written compactly."""
    raw = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    try:
        value = _json(raw)
        if isinstance(value, list) and not whole:
            return [json.dumps(item, separators=(",", ":"), allow_nan=False).encode() for item in value], []
    except (ValueError, RecursionError) as error:
        return ([], [f"--payloads {file}: not JSON: {error}"]) if whole else _parse_lines(file, raw)
    return [raw.strip()], []


def _json(raw: bytes) -> Any:
    """JSON as RFC 8259 has it: UTF-8 only, and no NaN. Raises ValueError, RecursionError."""
    return json.loads(raw.decode(), parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _parse_lines(file: Path, raw: bytes) -> tuple[list[bytes], list[str]]:
    bodies, faults = [], []
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        try:
            _json(line)
        except (ValueError, RecursionError) as error:
            faults.append(f"--payloads {file}:{number}: not JSON: {error}")
        else:
            bodies.append(line.strip())
    more = and_more(len(faults) - SHOWN, "lines").strip()
    return bodies, faults[:SHOWN] + [more] * bool(more)
