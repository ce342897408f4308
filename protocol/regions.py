"""The table of regions, a TOML file: who receives, where, and where its control API listens."""

import ipaddress
import json
import socket
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from protocol.errors import ConfigError

DEFAULT_TABLE = Path(__file__).with_name("regions.toml")


def check_url(text: str) -> str:
    """An http(s) URL with a host and without credentials; raises ValueError that says what is wrong."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not a URL: {error}") from None
    if url.scheme not in ("http", "https"):
        raise ValueError(f"{text!r} is not an http:// or https:// URL")
    if not url.hostname or port == 0 or any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError(f"{text!r} has no usable host and port")
    if url.username or url.password:
        raise ValueError(f"{url.hostname}: a URL must not hold credentials")
    return text


Url = Annotated[str, AfterValidator(check_url)]


class Region(BaseModel):
    """One region's receiver. `control` is None where the receiver is not ours (`--target`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    url: Url
    control: Url | None = None
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class RegionTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    region: tuple[Region, ...] = Field(min_length=1, max_length=255)


def load_regions(path: Path = DEFAULT_TABLE) -> tuple[Region, ...]:
    """The regions of a TOML file, in its order: a region's code in the journals is its place here.

    Raises ConfigError that names every fault of the file.
    """
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError([f"cannot read {path}: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError([f"{path}: not TOML: {error}"]) from None
    faults = [f"region {name!r} is named twice" for name in _doubled_names(content.get("region"))]
    try:
        regions = RegionTable.model_validate(content).region
    except ValidationError as error:
        faults += describe(error)
    if faults:
        raise ConfigError([f"{path}: {fault}" for fault in faults])
    return regions


def _doubled_names(regions: object) -> list[str]:
    entries = regions if isinstance(regions, list) else []
    names = Counter(str(entry["name"]) for entry in entries if isinstance(entry, dict) and "name" in entry)
    return [name for name, times in names.items() if times > 1]


def describe(error: ValidationError) -> list[str]:
    """Pydantic's findings as phrases: `region.0.url: Field required`."""
    return [_phrase(item["loc"], item["type"], item["msg"]) for item in error.errors()]


def _phrase(loc: tuple[Any, ...], kind: str, message: str) -> str:
    place = ".".join(map(str, loc))
    if kind == "extra_forbidden":
        return f"unknown key {place!r}"
    return f"{place}: {message.removeprefix('Value error, ')}"


def address_of(url: str) -> tuple[str, int]:
    """Host and port that a URL speaks of."""
    parts: SplitResult = urlsplit(url)
    assert parts.hostname
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def is_loopback(host: str) -> bool:
    """Whether every address of `host` is a loopback one. A host that does not resolve is not."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found)


def dump_regions(regions: Iterable[Region]) -> str:
    """A table as TOML, for `load_regions`."""
    lines = []
    for region in regions:
        lines.append("[[region]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in region.model_dump(exclude_none=True).items()]
    return "\n".join(lines) + "\n"
