"""What a set-up made at a service, and its ids: the values of the run, of its groups, and of its endpoints."""

import secrets
import time
from collections.abc import Callable, Sequence

import gevent
from pydantic import BaseModel, ConfigDict

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.forms import make_secret
from _hookswarm.senders.service.filling import from_environment
from _hookswarm.senders.service.table import Level, Service


class Account(BaseModel):
    """What is known of a service that was set up: the values of the run, of its groups, and of its endpoints."""

    model_config = ConfigDict(extra="forbid")

    run: dict[str, str]
    groups: list[dict[str, str]] = []
    endpoints: list[dict[str, str]] = []
    group_size: int | None = None
    done: dict[Level, list[int]] = {}
    """How many steps of the set-up each of a level has been through."""

    def values(self, webhook: int) -> dict[str, str]:
        """All that an endpoint's requests may use."""
        group = self.groups[webhook // self.group_size] if self.group_size else {}
        return {**self.run, **group, **self.endpoints[webhook]}

    def of(self, level: Level) -> list[dict[str, str]]:
        """The values of each one of a level."""
        match level:
            case "run":
                return [self.run]
            case "group":
                return self.groups
            case "endpoint":
                return self.endpoints

    def done_of(self, level: Level) -> list[int]:
        """How many steps of that level each of them has been through."""
        done = self.done.setdefault(level, [])
        done += [0] * (len(self.of(level)) - len(done))
        return done

    def grow(self, urls: Sequence[str], secret: str) -> None:
        """Have endpoints at these URLs: those that are missing are added, with a secret of ours, and their groups."""
        self.endpoints += [
            {"webhook": str(place), "url": urls[place], "secret": secret}
            for place in range(len(self.endpoints), len(urls))
        ]
        if self.group_size:
            count = -(-len(self.endpoints) // self.group_size)
            self.groups += [{"group": str(number)} for number in range(len(self.groups), count)]
        self.run["webhooks"] = str(len(self.endpoints))

    def trim(self) -> None:
        """Leave out the endpoints, and the groups, at the end that no step of the set-up came to."""
        levels: tuple[Level, ...] = ("endpoint", "group")
        for level in levels:
            there, done = self.of(level), self.done_of(level)
            while there and not done[-1]:
                there.pop()
                done.pop()

    def first(self, endpoints: int) -> "Account":
        """The same with so many of its endpoints."""
        return self.model_copy(update={"endpoints": self.endpoints[:endpoints], "done": {}})


def open_account(service: Service, urls: Sequence[str], run: str) -> Account:
    """The account of endpoints at these URLs before its set-up. Raises ConfigError for variables that are not set."""
    # Unlike any other run's, so that services which remember names take it.
    own = {"run": f"{run[-32:].lower()}-{secrets.token_hex(3)}"}
    size = service.group.size if service.group else None
    account = Account(run={**given_values(service), **own}, group_size=size)
    account.grow(urls, own_secret(service))
    return account


def own_secret(service: Service) -> str:
    """One of ours, in the form in which the service takes it."""
    signature = service.provider.signature
    return make_secret(signature.secret) if signature else ""


def given_values(service: Service) -> dict[str, str]:
    """What its table and the environment give by name. Raises ConfigError for variables that are not set."""
    faults: list[str] = []
    known: dict[str, str] = {}
    for name, text in {**service.addresses, **service.values}.items():
        try:
            known[name] = from_environment(text).rstrip("/") if name in service.addresses else from_environment(text)
        except ConfigError as error:
            faults += [f"--service {service.name}: {name}: {fault}" for fault in error.faults]
    if faults:
        raise ConfigError(faults)
    return known


def settle(seconds: float, stopped: Callable[[], bool]) -> None:
    """Wait for a service to know what was set up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopped():
        gevent.sleep(min(0.05, seconds))
