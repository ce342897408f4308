"""A delivery service as data: what sets it up, how it is published to, and what it promises. docs/your-service.md
shows a table grow; those that are shipped are in `tables/`.

| level      | a step is done                     | what it may use beside `[values]` and what earlier steps kept      |
|------------|------------------------------------|--------------------------------------------------------------------|
| `run`      | once                               | `{run}`, a name of the run's own; `{webhooks}`, how many there are |
| `group`    | once for `group.size` endpoints    | `{group}`, its number                                              |
| `endpoint` | for each endpoint                  | `{webhook}`, its number; `{url}`, where it is; `{secret}`          |
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from _hookswarm.common.errors import ConfigError, faults_of
from _hookswarm.common.toml import read_toml
from _hookswarm.protocol.acceptance import Acceptance, parse_acceptance
from _hookswarm.protocol.providers import DEFAULT, HeaderName, Provider, Signature, load_provider
from _hookswarm.senders.service.filling import names_in
from _hookswarm.senders.service.names import TABLES, service_names

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Level = Literal["run", "group", "endpoint"]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]

OF_RUN = ("run", "webhooks")
OF_GROUP = ("group",)
OF_ENDPOINT = ("webhook", "url", "secret")
OF_EVENT = ("event_id", "event_uuid", "payload", "payload_text", "timestamp", "timestamp_iso", "sequence")
KEEPING = ("header ", "status")
"""What a value may be kept from, beside a path in the answer's JSON such as `data.secrets[0].value`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Request(_Part):
    request: Annotated[str, Field(pattern=r"^[A-Z]{3,7} \S+$")]
    """Method and URL: `POST {api}/v1/apps`."""
    headers: Mapping[HeaderName, str] = {}
    body: str = ""
    accept: tuple[str, ...] = ()
    """What must hold of the answer: `status in 201`, `body ~ TEXT`; none: any 2xx."""

    def texts(self) -> Iterator[tuple[str, str]]:
        """Where names may stand, and the text there."""
        yield "request", self.request
        yield from ((f"headers.{name}", text) for name, text in self.headers.items())
        yield "body", self.body

    @property
    def acceptance(self) -> Acceptance:
        """Its rules, understood."""
        return parse_acceptance(self.accept)

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with it, but names."""
        try:
            parse_acceptance(self.accept)
        except ConfigError as error:
            yield from (f"accept: {fault}" for fault in error.faults)
        for name, text in self.headers.items():
            if any(not character.isprintable() for character in text):
                yield f"headers.{name}: a header has one line of printable characters"


class Step(_Request):
    """One request of a set-up or a teardown; or a file that is written for the service to read."""

    name: str = ""
    """What it does, for people."""
    each: Level = "run"
    request: Annotated[str, Field(pattern=r"^([A-Z]{3,7} \S+)?$")] = ""
    write: str = ""
    """In place of a request: the file that the body is written to."""
    lists: Mapping[Name, str] = {}
    """What `{name}` in the body is: this text for each endpoint, one after the other …"""
    joined: str = ""
    """… and this between them."""
    keep: Mapping[Name, str] = {}
    """Values by name: a path in the answer's JSON, or `header NAME`."""
    lasts_s: Annotated[float, Field(gt=0)] | None = None
    """What it keeps is good for so long: after that the step is done again before another one uses it."""

    def texts(self) -> Iterator[tuple[str, str]]:
        yield from super().texts()
        yield "write", self.write

    @property
    def told(self) -> str:
        """For people."""
        return self.name or self.request or f"write {self.write}"


class Group(_Part):
    """Endpoints that share what a step of the level `group` makes."""

    size: Annotated[int, Field(ge=1, le=1_000_000)]


class Publish(_Request):
    """How one event is handed over."""

    type: str = "load.event"
    """The event's type, where the payload tells none."""
    largest_bytes: Annotated[int, Field(ge=1)] | None = None
    """The largest body that it takes."""
    fan_out: Literal["endpoint", "group", "run"] = "endpoint"
    """Who gets an event: its endpoint alone, all of its group, or all endpoints."""


class Delivers(_Part):
    """What arrives: how it is signed, and where its id stands."""

    headers: Mapping[HeaderName, str] = {}
    """Templates by name: `{id}`, `{timestamp}` …"""
    signature: Signature | None = None


class Retry(_Part):
    """The law by which it says that it retries. Waits count from the end of the attempt that failed."""

    waits_s: tuple[Seconds, ...] = ()
    """Each wait by itself; or else:"""
    first_s: Seconds | None = None
    factor: Annotated[float, Field(ge=1)] = 1.0
    """By which each wait is longer than the one before it; 1: all are alike."""
    cap_s: Seconds | None = None
    attempts: Annotated[int, Field(ge=1)] | None = None
    """In all, the first included; None: `waits_s` and one, or it never gives up."""
    gives_up_s: Seconds | None = None
    spread: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Each wait may be so much shorter or longer, as a share of it."""
    added: Annotated[float, Field(ge=0)] = 0.0
    """Each wait may be longer by up to this share of it …"""
    added_least_s: Seconds = 0.0
    """… but by up to so much at least …"""
    added_most_s: Seconds | None = None
    """… and by so much at most."""
    clock_s: Seconds = 0.0
    """Waits are rounded up to the next tick of a clock of so many seconds."""
    delay_s: Seconds = 0.0
    """A wait before the first attempt."""

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with it."""
        if bool(self.waits_s) == (self.first_s is not None):
            yield "it needs either waits_s or first_s"

    def wait_s(self, retry: int) -> float:
        """The wait before a retry (1, 2 …) without what chance adds."""
        if self.waits_s:
            return self.waits_s[min(retry, len(self.waits_s)) - 1]
        assert self.first_s is not None
        wait_s = self.first_s * self.factor ** min(retry - 1, 1_000)
        return wait_s if self.cap_s is None else min(wait_s, self.cap_s)

    @property
    def retries(self) -> int | None:
        """How many there are; None: no end is told."""
        if self.attempts is not None:
            return self.attempts - 1
        return len(self.waits_s) or None

    @property
    def window_s(self) -> float | None:
        """From the first attempt to the last, without what chance adds; None: no end is told."""
        if self.gives_up_s is not None or self.retries is None:
            return self.gives_up_s
        return sum(self.wait_s(retry) for retry in range(1, self.retries + 1))

    def longest_s(self, retry: int) -> float:
        """The longest that this wait may last, by its word."""
        wait_s = self.wait_s(retry)
        added_s = max(wait_s * self.added, self.added_least_s)
        if self.added_most_s is not None:
            added_s = min(added_s, self.added_most_s)
        return wait_s * (1 + self.spread) + added_s + self.clock_s


class Promises(_Part):
    """What else it says of itself. None: it says nothing."""

    success: Literal["2xx", "below 400"] | None = None
    redirects: Literal["not followed", "followed", "followed without a body"] | None = None
    retry_after: Literal["ignored", "obeyed", "obeyed on 429"] | None = None
    gone: Literal["retried", "final", "disables"] | None = None
    """What it does after a 410 …"""
    throttled: Literal["retried", "final"] | None = None
    """… after a 429 …"""
    not_found: Literal["retried", "final"] | None = None
    """… after a 404."""
    timeout_s: Seconds | None = None
    timestamps: Literal["each attempt", "the first"] | None = None
    """Whether a retry is signed with a time of its own."""
    idempotency: Literal["id", "none"] | None = None
    """Whether an event that is published again with its id is delivered once."""
    idempotency_s: Seconds | None = None
    """For how long."""
    order: Literal["kept", "not kept"] | None = None


class Restart(_Part):
    """How the service, or one of its stores, is ended and started again in mid-run. `${VARIABLE}` in its texts is taken
    from the environment; commands are run without a shell, where hookswarm was started.
    """

    stop: tuple[str, ...] = ()
    """A command; or else a signal to a process:"""
    signal: Literal["KILL", "TERM"] = "KILL"
    pid_file: str = ""
    process: str = ""
    """Its program's name."""
    start: tuple[str, ...] = ()
    """A command that returns, or goes on as the service itself; none: something else starts it again."""
    ready: str = ""
    """A URL that answers 2xx when it is back: `{api}/healthz`; none: it is when `start` has returned, or goes on."""
    ready_s: Seconds = 60.0
    """How long that may take."""
    down_s: Seconds = 0.0
    """How long it stays ended."""


class Service(_Part):
    """One delivery service."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    source: str = ""
    """Where this is written."""
    as_of: date | None = None
    run: str = "not run"
    """The version it was tried with, and when; or `not run`."""
    note: str = ""
    addresses: Mapping[Name, str]
    """Base URLs by name; `${VARIABLE:-http://127.0.0.1:8080}` takes one from the environment."""
    values: Mapping[Name, str] = {}
    """Texts by name; secrets come from the environment: `${VARIABLE}`."""
    group: Group | None = None
    most_endpoints: Annotated[int, Field(ge=1)] | None = None
    """That it takes."""
    setup: tuple[Step, ...] = ()
    settle_s: Seconds = 0.0
    """A pause after the set-up."""
    settle_by_probe: bool = False
    """Publish to an endpoint until something arrives: events published before that reach nobody."""
    publish: Publish
    delivers: str | Delivers = DEFAULT
    """A provider's name, or how it signs."""
    secret: str = "{secret}"
    """An endpoint's secret; unless a step keeps a `secret`, it is ours."""
    retry: Retry | None = None
    promises: Promises = Promises()
    drain_s: Seconds = 10.0
    """How long after a stage what was accepted may still be on its way, without retries."""
    teardown: tuple[Step, ...] = ()
    restart: Mapping[Name, Restart] = {}
    loopback: str = ""
    """Which of the service's own settings lets it deliver to loopback addresses."""

    @model_validator(mode="after")
    def _whole(self) -> "Service":
        if faults := list(self._problems()):
            raise ValueError("; ".join(faults))
        return self

    def _problems(self) -> Iterator[str]:
        for kind, steps in (("setup", self.setup), ("teardown", self.teardown)):
            for number, step in enumerate(steps, 1):
                at = f"{kind} {number}"
                yield from (f"{at}: {fault}" for fault in step.problems())
                if bool(step.request) == bool(step.write):
                    yield f"{at}: it needs either `request` or `write`"
                if step.each == "group" and not self.group:
                    yield f"{at}: there are no groups without [group]"
                if step.lists and step.each == "endpoint":
                    yield f'{at}: lists: a step for each endpoint has none: write each = "run", or "group"'
                for name in step.lists:
                    if name not in names_in(step.body):
                        yield f"{at}: lists.{name}: put {{{name}}} into the body, where it belongs"
                for name, path in step.keep.items():
                    if not path or (path.startswith("header ") and not path[7:].strip()):
                        yield f"{at}: keep.{name}: write a path such as data.id, or `header NAME`"
        yield from (f"publish: {fault}" for fault in self.publish.problems())
        if self.publish.fan_out == "group" and not self.group:
            yield "publish: fan_out: there are no groups without [group]"
        if not {"payload", "payload_text", "event_id", "event_uuid"} & {*names_in(self.publish.body)}:
            yield "publish: body: put {payload} into it, or {event_id}: nothing else tells what arrives"
        if self.retry:
            yield from (f"retry: {fault}" for fault in self.retry.problems())
        for name, restart in self.restart.items():
            if sum(map(bool, (restart.stop, restart.pid_file, restart.process))) != 1:
                yield f"restart.{name}: it needs one of stop, pid_file and process"
            if not restart.start and not restart.ready:
                yield f"restart.{name}: without `start` it needs `ready`, a URL that answers 2xx when it is back"
        yield from self._unknown_names()

    def _unknown_names(self) -> Iterator[str]:
        """Names that have no value where they are used."""
        base = {*self.addresses, *self.values, *OF_RUN}
        there: dict[Level, set[str]] = {"run": set(base), "group": {*OF_GROUP}, "endpoint": {*OF_ENDPOINT}}

        def known(level: Level) -> set[str]:
            levels: Sequence[Level] = ("run", "group", "endpoint")
            return set().union(*(there[one] for one in levels[: levels.index(level) + 1]))

        def unknown(at: str, texts: Iterator[tuple[str, str]], names: set[str]) -> Iterator[str]:
            for place, text in texts:
                for name in names_in(text):
                    if name not in names:
                        yield f"{at}: {place}: there is no {{{name}}} here; there are {', '.join(sorted(names))}"

        for kind, steps in (("setup", self.setup), ("teardown", self.teardown)):
            for number, step in enumerate(steps, 1):
                at = f"{kind} {number}"
                for place, text in step.texts():
                    lists = {*step.lists} if place == "body" else set()
                    yield from unknown(at, iter([(place, text)]), known(step.each) | lists)
                listed = ((f"lists.{name}", text) for name, text in step.lists.items())
                yield from unknown(at, listed, known("endpoint"))
                there[step.each] |= {*step.keep}
        yield from unknown("publish", self.publish.texts(), known("endpoint") | {*OF_EVENT, "type"})
        yield from unknown("secret", iter([("secret", self.secret)]), known("endpoint"))
        for name, restart in self.restart.items():
            yield from unknown(f"restart.{name}", iter([("ready", restart.ready)]), base - {*OF_RUN})

    @property
    def provider(self) -> Provider:
        """How what arrives is signed, as a provider's table has it."""
        if isinstance(self.delivers, str):
            return load_provider(self.delivers)
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
            near = difflib.get_close_matches(name_or_path.lower(), service_names(), 1)
            meant = f"did you mean {near[0]}? There" if near else "there"
            there = f"{meant} are {', '.join(service_names())}, and files: --service mine.toml"
            raise ConfigError([f"--service: there is no service {name_or_path!r}; {there}"])
    try:
        service = parse_service(path.stem, read_toml(path))
        service.provider  # noqa: B018  # it may name one that there is not
    except ConfigError as error:
        raise ConfigError([f"--service {fault}" for fault in error.faults]) from None
    return service


def parse_service(name: str, content: Mapping[str, Any]) -> Service:
    """The service that a file's content describes. Raises ConfigError with every fault."""
    try:
        return Service.model_validate({"name": name, **content})
    except ValidationError as error:
        faults = [fault.removeprefix(": ") for fault in faults_of(error)]
        raise ConfigError([f"{name}: {fault}" for fault in faults]) from None
