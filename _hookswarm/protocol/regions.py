"""The table of regions, a TOML file: who receives, where, where its control API listens, and how far apart they are."""

import ipaddress
import json
import re
import socket
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import NAME, faults_of
from _hookswarm.common.toml import read_toml

DEFAULT_TABLE = Path(__file__).with_name("regions.toml")
WORLD_TABLE = Path(__file__).with_name("world.toml")
"""Seven regions of the world."""
OWN_RTT_MS = 1.0
"""Round trip within a region, where a table does not say."""


_CREDENTIALS = re.compile(r"[^/?#]*//[^/?#]*@([^/?#@:\s]*)")
"""What stands before the host, and the host."""


def check_url(text: str) -> str:
    """An http(s) URL as it is asked: with a host and a path, without credentials and fragment.

    Raises ValueError that says what is wrong, and what to write. It repeats no password.
    """
    if found := _CREDENTIALS.match(text):  # before all else, or a message would show them
        where = f"{found[1]}: " * bool(found[1])
        raise ValueError(f"{where}a URL may hold no credentials, as a header may: leave out what stands before @")
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError(f"{text!r} has no usable host and port: write http://host:port/path") from None
    if url.scheme not in ("http", "https"):
        raise ValueError(f"{text!r} is not an http:// or https:// URL: begin it with one of these")
    if any(c.isspace() or not c.isprintable() for c in text):
        raise ValueError(f"{text!r} has white space in it, or what cannot be printed: write a space as %20")
    if not url.hostname or port == 0:
        raise ValueError(f"{text!r} has no usable host and port: write http://host:port/path")
    if "#" in text:
        raise ValueError(f"{text!r}: # and what follows it is never sent: leave it out")
    return urlunsplit(url._replace(path=url.path or "/"))  # what is signed with its URL is signed with what is asked


def check_base(text: str) -> str:
    """The same for a URL that paths are put after: it ends without a slash."""
    return check_url(text).rstrip("/")


Url = Annotated[str, AfterValidator(check_url)]
BaseUrl = Annotated[str, AfterValidator(check_base)]


class Region(BaseModel):
    """One region's receiver. `control` is None where the receiver is not ours (`--target`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=NAME)
    url: Url
    control: BaseUrl | None = None
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """What it can take as a target, beside the others."""
    share: int = Field(default=1, ge=0, le=1_000)
    """Its part of the load as an origin, beside the others; 0: it sends nothing."""


class Links(BaseModel):
    """How far apart regions are. Senders make these delays themselves where all regions are one machine's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    as_of: date
    rtt_ms: Mapping[str, Mapping[str, Annotated[float, Field(ge=0, le=60_000, allow_inf_nan=False)]]]
    """Round trips by the names of both regions; each pair once, or both ways and alike."""
    jitter: float = Field(default=0.04, ge=0, le=1)
    """Sigma of the logarithm of a trip's length."""
    loss: float = Field(default=0.0002, ge=0, lt=1)
    """Share of trips that lose a packet and are a retransmission longer."""
    rto_ms: float = Field(default=200.0, ge=0, le=60_000)
    """That retransmission's wait; the next one is twice as long."""

    def rtt_s(self, one: str, other: str) -> float:
        """The round trip between two regions."""
        return self._rtt_ms(one, other) / 1e3

    def _rtt_ms(self, one: str, other: str) -> float:
        default = OWN_RTT_MS if one == other else 0.0
        return self.rtt_ms.get(one, {}).get(other, self.rtt_ms.get(other, {}).get(one, default))

    def between(self, names: Collection[str]) -> "Links":
        """Those of some regions alone."""
        rtt_ms = {
            one: {other: rtt for other, rtt in row.items() if other in names}
            for one, row in self.rtt_ms.items()
            if one in names
        }
        return self.model_copy(update={"rtt_ms": rtt_ms})

    def problems(self, names: list[str]) -> Iterator[str]:
        """A phrase for each thing that is wrong with them, as the links between these regions."""
        told = {frozenset((one, other)) for one, row in self.rtt_ms.items() for other in row}
        for name in sorted({name for pair in told for name in pair} - set(names)):
            yield f"links.rtt_ms: there is no region {name!r}: leave it out, or add the region"
        for place, one in enumerate(names):
            for other in names[place + 1 :]:
                there, back = self.rtt_ms.get(one, {}).get(other), self.rtt_ms.get(other, {}).get(one)
                if there is None and back is None:
                    yield f"links.rtt_ms: nothing between {one!r} and {other!r}: write their round trip"
                elif None not in (there, back) and there != back:
                    ways = f"{there:g} from {one!r} to {other!r}, {back:g} back"
                    yield f"links.rtt_ms: not symmetric: {ways}: leave one out"


Algorithm = Literal["roundrobin", "leastconn", "random", "hash"]


class Balancer(BaseModel):
    """HAProxy before all regions: where it listens for what is to be balanced by each of its algorithms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    haproxy: Mapping[Algorithm, Url] = Field(min_length=1)


class RegionTable(BaseModel):
    """The regions of a run, in the order of their codes, and what is known of the ways between them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: tuple[Region, ...] = Field(min_length=1, max_length=250)
    links: Links | None = None
    """None: nobody said how far apart they are; senders add no delay."""
    balancer: Balancer | None = None


def load_table(path: Path = DEFAULT_TABLE) -> RegionTable:
    """The table of a TOML file, its regions in the file's order: a region's code in the journals is its place.

    Raises ConfigError that names every fault of the file.
    """
    content = read_toml(path)
    faults = [f"region {name!r} is named twice: rename one" for name in _doubled_names(content.get("region"))]
    try:
        table = RegionTable.model_validate(content)
        faults += table.links.problems([region.name for region in table.region]) if table.links else ()
        if not any(region.share for region in table.region):
            faults.append("no region has a share of the load: give one a share above 0")
    except ValidationError as error:
        faults += faults_of(error, RegionTable)
    if faults:
        raise ConfigError([f"{path}: {fault}" for fault in faults])
    return table


def _doubled_names(regions: object) -> list[str]:
    entries = regions if isinstance(regions, list) else []
    names = Counter(
        entry["name"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("name"), str)
    )
    return [name for name, times in names.items() if times > 1]


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


def dump_table(table: RegionTable) -> str:
    """A table as TOML, for `load_table`."""
    lines = []
    for region in table.region:
        lines.append("[[region]]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in region.model_dump(exclude_none=True).items()]
    if table.links:
        plain = table.links.model_dump(mode="json", exclude={"rtt_ms"})
        lines += ["[links]", *(f"{key} = {json.dumps(value)}" for key, value in plain.items())]
        for one, row in table.links.rtt_ms.items():
            lines += [f"[links.rtt_ms.{json.dumps(one)}]"]
            lines += [f"{json.dumps(other)} = {json.dumps(rtt)}" for other, rtt in row.items()]
    if table.balancer:
        lines += ["[balancer.haproxy]", *(f"{key} = {json.dumps(url)}" for key, url in table.balancer.haproxy.items())]
    return "\n".join(lines) + "\n"
