"""A delivery service as data: what sets it up, how it is published to, and what it promises.

docs/service-tables.md says what each key means, docs/your-service.md shows one grow; what is shipped is in `tables/`.

| level      | a step is done                     | what it may use beside `[values]` and what earlier steps kept      |
|------------|------------------------------------|--------------------------------------------------------------------|
| `run`      | once                               | `{run}`, a name of the run's own; `{webhooks}`, how many there are |
| `group`    | once for `group.size` endpoints    | `{group}`, its number                                              |
| `endpoint` | for each endpoint                  | `{webhook}`, its number; `{url}`, where it is; `{secret}`          |
"""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.toml import read_toml
from _hookswarm.common.toml_lines import Place, toml_lines
from _hookswarm.common.wording import one_of
from _hookswarm.protocol.acceptance import Acceptance, parse_acceptance
from _hookswarm.protocol.providers import DEFAULT, HeaderName, Provider, Signature, load_provider
from _hookswarm.senders.service.checking import FORMS, problems_of
from _hookswarm.senders.service.faults import read_all
from _hookswarm.senders.service.filling import Name
from _hookswarm.senders.service.names import TABLES, service_names
from _hookswarm.senders.service.promises import Part, Promises, Restart, Retry, Seconds

Level = Literal["run", "group", "endpoint"]


class _Request(Part):
    request: Annotated[str, Field(pattern=r"^([A-Z]{3,7} \S+)?$")] = ""
    """Method and URL: `POST {api}/v1/apps`."""
    headers: Mapping[HeaderName, str] = {}
    """By name; JSON is sent as `application/json` without being told so."""
    body: str = ""
    """What is sent; values stand in it between the quotes of a JSON text: `"{url}"`."""
    accept: tuple[str, ...] = ()
    """What must hold of the answer: `status in 201`, `body ~ TEXT` (white space counts for nothing); none: any 2xx."""

    def texts(self) -> Iterator[tuple[Place, str]]:
        """Where names may stand, and the text there."""
        yield ("request",), self.request
        yield from ((("headers", name), text) for name, text in self.headers.items())
        yield ("body",), self.body

    @property
    def acceptance(self) -> Acceptance:
        """Its rules, understood."""
        return parse_acceptance(self.accept)


class Step(_Request):
    """One request of a set-up or a teardown; or a command that is run; or a file that is written for the service."""

    name: str = ""
    """What it does, for people."""
    each: Level = "run"
    """How often it is done: once, once for each group of endpoints, or for each endpoint."""
    run: tuple[str, ...] = ()
    """In place of a request: a command and its arguments. No shell reads it; what it prints is its answer."""
    write: str = ""
    """In place of a request: the file that the body is written to."""
    lists: Mapping[Name, str] = {}
    """What `{name}` in the body is: this text for each endpoint, one after the other …"""
    joined: str = ""
    """… and this between them."""
    keep: Mapping[Name, str] = {}
    """Values by name: a path in the answer's JSON such as `data.secrets[0].value`, or `header NAME`, or `text PATTERN`,
    the group of a regular expression that is looked for in all of it."""
    patience_s: Seconds = 0.0
    """It is tried again for so long, until its answer is accepted and holds what is kept: a mail may take a moment."""
    lasts_s: Annotated[float, Field(gt=0)] | None = None
    """What it keeps is good for so long: before that it is done again, for later steps, for publishing and the
    teardown. Give it to a step that can be done often, such as a login."""

    def texts(self) -> Iterator[tuple[Place, str]]:
        yield from super().texts()
        yield ("write",), self.write
        yield from ((("run", place), text) for place, text in enumerate(self.run))

    @property
    def told(self) -> str:
        """For people."""
        return self.name or self.request or (f"run {self.run[0]}" if self.run else f"write {self.write}")


class Group(Part):
    """Endpoints that share what a step of the level `group` makes."""

    size: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """How many they are; of the last group it may be fewer."""


class Publish(_Request):
    """How one event is handed over."""

    type: str = "load.event"
    """The event's type, where the payload tells none."""
    id_most: Annotated[int, Field(ge=1)] | None = None
    """The most characters that an event's id may have."""
    largest_bytes: Annotated[int, Field(ge=1)] | None = None
    """The largest body that it takes."""
    fan_out: Literal["endpoint", "group", "run"] = "endpoint"
    """Who gets an event: its endpoint alone, all of its group, or all endpoints."""


class Delivers(Part):
    """What arrives: how it is signed, and where its id stands."""

    provider: str = ""
    """A provider of docs/providers.md, whose way it is; or else:"""
    headers: Mapping[HeaderName, str] = {}
    """What its headers hold: `X-Event-Id = "{id}"`. Only those are needed that tell what is signed."""
    signature: Signature | None = None
    """As a provider's: docs/providers.md says what its keys mean. None: nothing is signed."""


def _named(given: Any) -> Any:
    return {"provider": given} if isinstance(given, str) else given


class Service(Part):
    """One delivery service."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = ""
    """Its name in reports; else the file's."""
    like: str = ""
    """A service that is shipped: its table holds here, but for the keys that stand here. Of `addresses`, `values`,
    `promises` and `restart` only the names that stand here are others."""
    source: str = ""
    """Where this is written."""
    as_of: date | None = None
    """When it was read there."""
    run: str = "not run"
    """The version that it was tried with, and when; or `not run`."""
    note: str = ""
    """What is second-hand, or left out."""
    addresses: Mapping[Name, str] = {}
    """Base URLs by name; `${VARIABLE:-http://127.0.0.1:8080}` takes one from the environment."""
    values: Mapping[Name, str] = {}
    """Texts by name; secrets come from the environment: `${VARIABLE}`."""
    group: Group | None = None
    """Endpoints that share something, such as a tenant."""
    most_endpoints: Annotated[int, Field(ge=1)] | None = None
    """The most endpoints that it takes."""
    setup: tuple[Step, ...] = ()
    """What makes it ready, in order; an endpoint goes through all steps that follow each other at its level."""
    settle_s: Seconds = 0.0
    """A pause after the set-up."""
    settle_by_probe: bool = False
    """Publish to an endpoint until something arrives: events published before that reach nobody."""
    publish: Publish = Publish()
    """How one event is handed over."""
    delivers: Annotated[Delivers, BeforeValidator(_named)] = Delivers(provider=DEFAULT)
    """What arrives. A text: a provider's name."""
    secret: str = "{secret}"
    """An endpoint's secret; unless a step keeps a `secret`, it is ours."""
    retry: Retry | None = None
    """The law by which it says that it retries."""
    promises: Promises = Promises()
    """What else it says of itself."""
    drain_s: Seconds = 10.0
    """How long after a stage what was accepted may be on its way without retries: longer than its slowest poll."""
    teardown: tuple[Step, ...] = ()
    """What removes what the set-up made, in order. A 404 or 410 is no fault: it is gone already."""
    restart: Mapping[Name, Restart] = {}
    """How the service, or one of its stores, is ended and started again in mid-run."""
    loopback: str = ""
    """Which of the service's own settings lets it deliver to loopback addresses."""

    @property
    def provider(self) -> Provider:
        """How what arrives is signed, as a provider's table has it. Raises ConfigError for an unknown name."""
        if self.delivers.provider:
            return load_provider(self.delivers.provider)
        return Provider(
            name=self.name,
            source=self.source or "the service's own table",
            as_of=self.as_of or date(2026, 1, 1),
            headers=self.delivers.headers,
            signature=self.delivers.signature,
        )


AWAITED = Service(
    name="awaited", addresses={"api": "http://127.0.0.1"}, publish=Publish(request="POST {api}", body="{payload}")
)
"""In the place of one whose table is yet to come from the master."""


def load_service(name_or_path: str) -> Service:
    """A service by its name, or of a TOML file (`name` is the file's unless it says another).

    Raises ConfigError that lists the names there are, or names every fault of the file.
    """
    path = TABLES / f"{name_or_path}.toml"
    if name_or_path not in service_names():
        path = Path(name_or_path)
        if path.suffix != ".toml" and not path.is_file():
            there = f"{one_of(name_or_path, service_names())}, or name a file of your own: --service mine.toml"
            raise ConfigError([f"--service: there is no service {name_or_path!r}: {there}"])
    try:
        content = _whole(path.stem, read_toml(path))
        return parse_service(path.stem, content, toml_lines(path.read_text(encoding="utf-8")))
    except ConfigError as error:
        raise ConfigError([f"--service {fault}" for fault in error.faults]) from None


MERGED = ("addresses", "values", "promises", "restart")
"""Tables of names: a file that is like another says only those that differ."""


def _whole(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """With all that the service has which it is like. Raises ConfigError."""
    like = content.get("like")
    if like is None:
        return content
    if like not in service_names():
        raise ConfigError(
            [f"{name}: like: there is no service {like!r} that is shipped: write one of {', '.join(service_names())}"]
        )
    base = read_toml(TABLES / f"{like}.toml")
    merged = {key: {**base.get(key, {}), **content[key]} for key in MERGED if isinstance(content.get(key), dict)}
    return {**base, **content, **merged}


def parse_service(name: str, content: Mapping[str, Any], lines: dict[Place, int] | None = None) -> Service:
    """The service that a file's content describes. Raises ConfigError with every fault, and its line in the file."""
    try:
        return read_all(Service, {"name": name, **content}, problems_of, lines or {}, FORMS)
    except ConfigError as error:
        raise ConfigError([f"{name}: {fault}" for fault in error.faults]) from None
