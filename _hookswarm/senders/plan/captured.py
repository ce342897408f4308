"""The user's own bodies: of a file, a folder, or an installed package of examples; each in turn, or by weights."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import and_more, first_of, of_system
from _hookswarm.protocol.formats import CONTENT_TYPES, TOLD, Format
from _hookswarm.senders.plan.body_files import (
    LINES,
    MAX_BYTES,
    SHOWN,
    VERBATIM,
    Body,
    Reader,
    bodies_of,
    is_type,
    suffix,
)
from _hookswarm.senders.plan.example_packages import package_of, packaged
from _hookswarm.senders.plan.mixes import Mix, Named, read_mix, turns

MAX_BODIES = 10_000
TEXT = ".txt"
BODIES = "*.json, *.ndjson, *.form, *.xml or *.txt, nor one as .gz,"
GIVE = "give JSON, NDJSON or a folder"


@dataclass(frozen=True)
class Found:
    """What a path holds: bodies, the file of each (as a mix may name it), and what to call all of it."""

    bodies: Sequence[Body]
    files: Sequence[str]
    source: str = ""


class Captured:
    """The user's own bodies, to the byte. One process draws like another."""

    def __init__(self, found: Found, mix: Mix | None = None, seed: int = 1) -> None:
        """Without a mix they take turns; with one each comes as often as that says. Raises ConfigError."""
        bodies = found.bodies
        order: Sequence[int] = range(len(bodies))
        if mix:
            order = turns(mix, [Named(body.type, file) for body, file in zip(bodies, found.files, strict=True)], seed)
        self._turns = [bodies[place].content for place in order]
        self._kinds = [bodies[place].type.encode() for place in order]
        used = [bodies[place] for place in sorted(set(order))]
        self._sizes = [len(body.content) for body in used]
        self._source, self._mixed = found.source, mix is not None
        self.types = [body.type for body in used]
        """Of each body that is sent."""
        self.format: Format = bodies[0].format
        """What all of them are written in."""

    @property
    def objects(self) -> bool:
        """Whether all of them are JSON objects."""
        return self.format == "json" and all(body.lstrip()[:1] == b"{" for body in self._turns)

    def body(self, _event_id: bytes, n: int) -> bytes:
        return self._turns[n % len(self._turns)]

    def kind(self, n: int) -> bytes:
        return self._kinds[n % len(self._kinds)]

    @property
    def largest(self) -> int:
        """Bytes of the largest one."""
        return max(self._sizes)

    def told(self) -> str:
        """What was read, for people: `329 bodies of 58 types, 915 B to 26,935 B: check_run 12, create 3 …`."""
        sizes = self._sizes
        kinds = Counter(kind for kind in self.types if kind)
        of = f" of {_counted(len(kinds), 'type')}" if kinds else ""
        named = first_of(self._shares() if self._mixed else [f"{one} {n}" for one, n in sorted(kinds.items())], SHOWN)
        size = f"{min(sizes):,} B" + (f" to {max(sizes):,} B" if min(sizes) < max(sizes) else "")
        bodies = f"{len(sizes):,} bod{'y' if len(sizes) == 1 else 'ies'}"
        written = f" of {CONTENT_TYPES[self.format]}" if self.format != "json" else ""
        mixed = ", by weight" * self._mixed
        return f"{bodies}{written}{of}, {size}{mixed}{named and f': {named}'}{self._source and f' ({self._source})'}"

    def _shares(self) -> list[str]:
        """How often each type is sent, the most frequent first."""
        found = Counter(kind.decode() for kind in self._kinds if kind)
        return [f"{kind} {count / len(self._kinds):.1%}" for kind, count in found.most_common()]


def load_captured(path: Path, seed: int = 1) -> Captured:
    """Of a file, a folder, an installed package of examples, or a mix of one of these (`mix.toml`).

    The seed draws the order of a mix. Raises ConfigError that names every fault.
    """
    mix = read_mix(path) if path.suffix == ".toml" else None
    held = path.parent / mix.path if mix else path
    try:
        found = _found(held)
    except OSError as error:
        said = of_system(error).removeprefix(f"{held}: ")
        raise ConfigError([f"--payloads {held}: {said}: {GIVE} that can be read"]) from None
    if not found.bodies:
        raise ConfigError([f"--payloads {held}: no body in it: {GIVE} that has some"])
    if len(found.bodies) > MAX_BODIES:
        said = f"{len(found.bodies)} bodies; {MAX_BODIES} are the limit: leave some of them out"
        raise ConfigError([f"--payloads {held}: {said}"])
    formats = Counter(body.format for body in found.bodies)
    if len(formats) > 1:
        named = " and ".join(f"{count} of {TOLD[one]}" for one, count in formats.most_common())
        raise ConfigError([f"--payloads {held}: {named}: a run sends one kind: leave the others out"])
    try:
        return Captured(found, mix, seed)
    except ConfigError as error:
        raise ConfigError([f"--payloads {path}: {fault}" for fault in error.faults]) from None


def _found(path: Path) -> Found:
    """Raises ConfigError and OSError."""
    if package := package_of(path):
        return Found(*packaged(package, path, Reader(path)))
    whole = path.is_dir()
    files = list(_files(path)) if whole else [path]
    if not files:
        raise ConfigError([f"--payloads {path}: no {BODIES} in this folder, nor below it: name another"])
    if strange := [file for file in files if file.exists() and not file.is_file()]:
        raise ConfigError([f"--payloads {file}: not a file: {GIVE}" for file in strange])
    if sum(file.stat().st_size for file in files) > MAX_BYTES:
        raise ConfigError([f"--payloads {path}: more than {MAX_BYTES >> 20} MiB: leave some of them out"])
    reader = Reader(path)
    found = [bodies_of(file, reader, whole) for file in files]
    faults = [f"--payloads {file}: {one}" for file, one in zip(files, found, strict=True) if isinstance(one, str)]
    if faults:
        more = and_more(len(faults) - SHOWN, "files").strip()
        raise ConfigError(faults[:SHOWN] + [more] * bool(more))
    bodies, names = [], []
    for file, own in zip(files, found, strict=True):
        for body in own:
            assert isinstance(body, Body)
            bodies.append(body._replace(type=_type(body, file, path)) if whole else body)
            names.append(str(file.relative_to(path)) if whole else file.name)
    return Found(bodies, names)


def _files(folder: Path) -> Iterator[Path]:
    """All files of bodies in it and below, by path. Hidden ones are left alone, and links to folders. Raises OSError.

    Text beside other bodies is notes.
    """

    def refuse(error: OSError) -> None:
        raise error

    found = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(names) if not name.startswith(".")]
    wanted = [file for file in found if suffix(file) in (".json", *LINES, *VERBATIM)]
    others = [file for file in wanted if suffix(file) != TEXT]
    yield from others or wanted


def _type(body: Body, file: Path, folder: Path) -> str:
    """What a body of a folder is an event of: the folder that it lies in; at the top of the one given, what a field of
    its own says, and else its file's name up to the first dot, unless that is a number alone."""
    if file.parent != folder:
        told = file.parent.name
    else:
        name = file.name.split(".")[0]
        told = body.type or ("" if name.isdecimal() else name)
    return told if is_type(told) else ""


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
