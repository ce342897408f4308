"""The file of `--endpoints`, CSV or NDJSON: read row by row into a table, and every bad row named."""

import csv
import hashlib
import io
import json
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.files import read_once_only
from _hookswarm.common.syntax import json_fault
from _hookswarm.common.wording import and_more, one_of
from _hookswarm.protocol.forms import parse_secret
from _hookswarm.protocol.providers import Provider
from _hookswarm.protocol.regions import check_url
from _hookswarm.senders.plan.endpoints import Column, EndpointTable
from _hookswarm.senders.plan.headers import header_faults

File = io.BufferedReader | io.BytesIO
COLUMNS = ("url", "secret", "headers", "weight")
MOST = 1_000_000
MAX_BYTES = 512 << 20
HEAVIEST = 1e12
"""Of weights: what a million of them sum up to is still exact enough."""
SHOWN = 5
"""Of bad rows; the others are counted."""
SUFFIXES = (".ndjson", ".jsonl", ".json")
"""Files that hold an object a line by their names."""


def open_file(path: Path) -> File:
    """The file, to be read. Raises ConfigError."""
    if fault := read_once_only(path):
        raise ConfigError([f"--endpoints {fault}"])
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError([f"--endpoints {path}: more than {MAX_BYTES >> 20} MiB: leave some of them out"])
        return path.open("rb")
    except OSError as error:
        raise ConfigError([f"--endpoints {path}: {error.strerror}: name a file of CSV or NDJSON"]) from None


_last: tuple[object, EndpointTable] | None = None


def parse_endpoints(file: File, path: Path, provider: Provider | None) -> EndpointTable:
    """The endpoints of a file; the same table where it is asked for the same again, as Locust's start does.

    Raises ConfigError that names every row that is wrong, the first ones with their lines.
    """
    global _last
    try:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
    except OSError as error:
        raise ConfigError([f"--endpoints {path}: {error.strerror}: name a file of CSV or NDJSON"]) from None
    asked = digest, path, provider and provider.model_dump_json()
    if _last is None or _last[0] != asked:
        _last = asked, _parse(file, digest, path, provider)
    return _last[1]


def _parse(file: File, digest: str, path: Path, provider: Provider | None) -> EndpointTable:
    """No fault tells what stands in a row: it may be secret."""
    reader = _Reader(provider)
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    faults: list[str] = []
    bad = 0
    try:
        lines = path.suffix in SUFFIXES or text.read(100).lstrip()[:1] == "{"
        text.seek(0)
        for line, row in (_objects if lines else _rows)(text):
            found = [row] if isinstance(row, str) else reader.take(row)
            bad += bool(found)
            if found and bad <= SHOWN:
                faults += [f"--endpoints {path}: line {line}: {fault}" for fault in found]
            if len(reader) > MOST:
                raise ConfigError([f"--endpoints {path}: more than {MOST:,} rows: leave some of them out"])
    except UnicodeDecodeError as error:
        faults.append(f"--endpoints {path}: byte {error.start + 1} is not UTF-8: write it in that")
    except csv.Error:
        faults.append(f"--endpoints {path}: not CSV: mend its quotes, or give NDJSON")
    if bad > SHOWN:
        faults.append(f"--endpoints {path}:{and_more(bad - SHOWN, 'bad rows')}: mend them, or leave them out")
    if not faults and not len(reader):
        faults.append(f"--endpoints {path}: no endpoint in it: give each a line, below the header: url,secret")
    if faults:
        raise ConfigError(faults)
    return reader.table(digest)


Row = Mapping[str, Any]


def _rows(text: io.TextIOWrapper) -> Iterator[tuple[int, Row | str]]:
    """The rows of a CSV file with their lines, or what is wrong with one."""
    reader = csv.reader(text, strict=True)
    header = [name.strip().lower() for name in next(filter(any, reader), [])]
    there = f"the header names columns, by comma: write url first, and none but {', '.join(COLUMNS)}"
    if "url" not in header or len(set(header)) < len(header) or not set(header) <= set(COLUMNS):
        yield max(reader.line_num, 1), there
        return
    for cells in filter(any, reader):
        if len(cells) > len(header):
            columns = f"{len(header)} column{'s' * (len(header) > 1)}"
            yield reader.line_num, f"{len(cells)} cells for {columns}: quote a cell with a comma in it"
        else:
            yield reader.line_num, dict(zip(header, map(str.strip, cells), strict=False))


def _objects(text: io.TextIOWrapper) -> Iterator[tuple[int, Row | str]]:
    """The same of NDJSON."""
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.rstrip())
        except json.JSONDecodeError as error:
            yield number, f"not JSON: {json_fault(error)}: write an object a line"
            continue
        except (ValueError, RecursionError) as error:
            what = "nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
            yield number, f"not JSON: {what}: write an object a line"
            continue
        if not isinstance(row, dict):
            yield number, 'not an object: write {"url": "…"}'
        elif strange := sorted(row.keys() - set(COLUMNS)):
            yield number, f"unknown key {strange[0][:24]!r}: {one_of(strange[0], COLUMNS)}"
        else:
            yield number, row


_URL = re.compile(r"(https?://[^/?#\s]+)(/[^\s#]*|\?[^\s#]*)?", re.IGNORECASE).fullmatch


class _Reader:
    """Puts rows into a table, and says what is wrong with one."""

    def __init__(self, provider: Provider | None) -> None:
        self._provider = provider
        self._found: dict[str, int | str] = {}
        """By what stands in the URL: the host's place, or what is wrong with it."""
        self._places: dict[str, int] = {}
        self._hosts = array("I")
        self._paths, self._keys, self._headers = Column(), Column(), Column()
        self._weights = array("d")
        form = provider.signature.secret if provider and provider.signature else None
        self._parse: Callable[[str], bytes] | None = (lambda text: parse_secret(text, form)) if form else None

    def take(self, row: Row) -> list[str]:
        """Add a row; returns its faults."""
        faults: list[str] = []
        url, secret, headers, weight = (row.get(name) for name in COLUMNS)
        host, path = self._place(url)
        if isinstance(host, str):
            faults.append(host)
        key = b""
        if not isinstance(secret, str | None):
            faults.append("secret: write a text")
        elif secret and self._provider and not self._parse:
            faults.append(f"secret: {self._provider.name} signs nothing: leave the column out")
        elif secret and self._parse:
            try:
                key = self._parse(secret)
            except ConfigError as error:
                faults += [f"secret: {fault}: give it as the provider does" for fault in error.faults]
        lines = b""
        if headers not in (None, ""):
            own, wrong = _headers(headers, self._provider)
            faults += wrong
            if not wrong:
                lines = "\n".join(f"{name}: {value}" for name, value in own.items()).encode()
        weighs = _weight(weight)
        if not weighs:
            faults.append(f"weight: write a number above 0, and at most {HEAVIEST:g}")
        if not faults:
            assert isinstance(host, int)
            self._hosts.append(host)
            self._paths.append(path)
            self._keys.append(key)
            self._headers.append(lines)
            self._weights.append(weighs)
        return faults

    def __len__(self) -> int:
        return len(self._hosts)

    def table(self, digest: str) -> EndpointTable:
        """With all that was taken."""
        for column in (self._paths, self._keys, self._headers):
            column.close()
        weights = np.array(self._weights) if len(set(self._weights)) > 1 else None
        # Sliced, it has no room for more.
        return EndpointTable(
            tuple(self._places), digest, weights, self._hosts[:], self._paths, self._keys, self._headers
        )

    def _place(self, url: Any) -> tuple[int | str, bytes]:
        """The place of a URL's host, or what is wrong with it; and its path."""
        found = _URL(url) if isinstance(url, str) and url.isascii() and url.isprintable() else None
        if not found:
            said = "a host, and a path in ASCII without # (punycode, percent-encoding)"
            return f"url: write http:// or https://, {said}", b""
        origin, path = found[1], found[2] or "/"
        host = self._found.get(origin)
        if host is None:
            host = self._found[origin] = self._new(origin)
        return host, (path if path[0] == "/" else f"/{path}").encode()

    def _new(self, origin: str) -> int | str:
        scheme, _, place = origin.partition("://")
        origin = f"{scheme.lower()}://{place}"
        try:
            check_url(origin)
        except ValueError:  # which repeats it
            return "url: no usable host and port: write https://host:port/path, without credentials"
        return self._places.setdefault(origin, len(self._places))


def _headers(given: Any, provider: Provider | None) -> tuple[dict[str, str], list[str]]:
    """An object's members, or `Name: value|Name: value`; and their faults."""
    if isinstance(given, str):
        parts = [part.partition(":") for part in given.split("|")]
        if any(not colon for _, colon, _ in parts):
            return {}, ["headers: write 'Name: value', several with | between them"]
        given = {name.strip(): value.strip() for name, _, value in parts}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        return {}, ['headers: write {"Name": "value"}, or "Name: value"']
    faults = [f"headers: {fault}" for name, value in given.items() for fault in header_faults(name, value, provider)]
    if len({name.lower() for name in given}) < len(given):
        faults.append("headers: one is given twice: give it once")
    return given, faults


def _weight(given: Any) -> float:
    """0 for what is none."""
    try:
        weight = 1.0 if given == "" or given is None else float(given)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return weight if 0 < weight <= HEAVIEST and not isinstance(given, bool) else 0.0
