"""What a set-up made at a service, and its ids: made once for a run, used by every sender, taken down at its end."""

import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

import gevent
from gevent.pool import Pool
from pydantic import BaseModel, ConfigDict

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import with_remedy
from _hookswarm.protocol.forms import make_secret
from _hookswarm.records.writing import write_atomically
from _hookswarm.senders.service.filling import fill, from_environment, in_json, names_in
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import Level, Service, Step

ACCOUNT = "service.json"
"""Its file in a run's folder. It holds secrets: others may not read it."""
AT_ONCE = 8
"""Endpoints that are set up side by side."""
USED_SHARE = 0.8
"""Of the time that a token is good for: after that another one is fetched."""
PROGRESS_S = 2.0
SAVE_S = 1.0


class Account(BaseModel):
    """What is known of a service that was set up: the values of the run, of its groups, and of its endpoints."""

    model_config = ConfigDict(extra="forbid")

    run: dict[str, str]
    groups: list[dict[str, str]] = []
    endpoints: list[dict[str, str]] = []
    group_size: int | None = None

    def values(self, webhook: int) -> dict[str, str]:
        """All that an endpoint's requests may use."""
        group = self.groups[webhook // self.group_size] if self.group_size else {}
        return {**self.run, **group, **self.endpoints[webhook]}


class Kept(BaseModel):
    """What a run's folder holds of it until it is taken down: enough to do that from the folder alone."""

    model_config = ConfigDict(extra="forbid")

    service: Service
    account: Account

    def save(self, folder: Path) -> None:
        """Raises OSError."""
        path = folder / ACCOUNT
        write_atomically(path, self.model_dump_json())
        path.chmod(0o600)

    @classmethod
    def load(cls, folder: Path) -> "Kept":
        """Raises ConfigError where there is none, or a damaged one."""
        path = folder / ACCOUNT
        try:
            return cls.model_validate_json(path.read_text())
        except FileNotFoundError:
            why = f"{folder} holds no {ACCOUNT}: no such run, or nothing of it is left at a service"
            raise ConfigError([f"{why}: look at the folder's name"]) from None
        except OSError as error:
            raise ConfigError([with_remedy(error)]) from None
        except ValueError:  # it may hold secrets: nothing of it is shown
            raise ConfigError([f"{path} is damaged: take down by hand what the service still has of it"]) from None


def open_account(service: Service, urls: Iterable[str], run: str) -> Account:
    """The account of endpoints at these URLs before its set-up. Raises ConfigError for variables that are not set."""
    faults: list[str] = []
    known: dict[str, str] = {}
    for name, text in {**service.addresses, **service.values}.items():
        try:
            known[name] = from_environment(text).rstrip("/") if name in service.addresses else from_environment(text)
        except ConfigError as error:
            faults += [f"--service {service.name}: {name}: {fault}" for fault in error.faults]
    if faults:
        raise ConfigError(faults)
    signature = service.provider.signature
    secret = make_secret(signature.secret) if signature else ""
    endpoints = [{"webhook": str(place), "url": url, "secret": secret} for place, url in enumerate(urls)]
    size = service.group.size if service.group else None
    groups = [{"group": str(number)} for number in range(-(-len(endpoints) // size))] if size else []
    # Unlike any other run's, so that services which remember names take it.
    own = {"run": f"{run[-32:].lower()}-{secrets.token_hex(3)}", "webhooks": str(len(endpoints))}
    return Account(run={**known, **own}, groups=groups, endpoints=endpoints, group_size=size)


class Keeper:
    """Sets an account up and takes it down, step by step."""

    def __init__(
        self,
        service: Service,
        account: Account,
        steps: Steps,
        say: Callable[[str], object],
        save: Callable[[Account], object] = lambda _account: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        """`save` is told of what was made before more is; `stopped` whether somebody wants it to end."""
        self._service = service
        self._account = account
        self._steps = steps
        self._say = say
        self._save = save
        self._stopped = stopped
        self._saved = 0.0
        self._done_at: dict[int, float] = {}
        """When steps whose answers are good for a while were done last."""
        self.removed: Counter[str] = Counter()
        """How often each step of the teardown was done, by what it is called."""
        self._untried = 0
        self._away = False

    def set_up(self) -> None:
        """Do all steps of the set-up. Raises StepError, and then `tear_down` removes what was made."""
        self._steps.stopped = self._stopped
        try:
            for level, steps in _blocks(self._service.setup):
                self._all(list(steps), level, "set up", strict=True)
        finally:
            self._save(self._account)
            self._steps.stopped = lambda: False  # what was made is taken down, however long the service has us wait

    def tear_down(self) -> list[str]:
        """Do all steps of the teardown, also those after one that failed; returns what failed.

        Of a service that does not answer any more, no more is asked.
        """
        failed: list[str] = []
        for step in self._service.setup:  # by another process, or too long ago
            if step.lasts_s is not None and {*step.keep} <= {*self._account.run}:
                self._done_at.setdefault(id(step), -math.inf)
        for level, steps in _blocks(self._service.teardown):
            failed += self._all(list(steps), level, "taken down", strict=False)
        if self._untried:
            failed.append(f"{self._untried:,} more requests were not tried, because the service does not answer")
        return failed

    def _all(self, steps: list[Step], level: Level, told: str, strict: bool) -> list[str]:
        items = self._items(level)
        began = said = time.monotonic()
        failed: list[StepError] = []
        done = 0

        def one(item: dict[str, str], place: int) -> None:
            nonlocal done
            if (strict and failed) or (strict and self._stopped()):
                return
            for step in steps:
                if self._away:
                    self._untried += 1
                    continue
                try:
                    self._do(step, item, level, place)
                    if not strict:
                        self.removed[step.told] += 1
                except OSError as error:  # what was made cannot be written down
                    failed.append(StepError(f"cannot write {with_remedy(error)}"))
                    if strict:
                        return
                except KeyError as missing:  # the set-up did not come so far
                    if strict:
                        failed.append(
                            StepError(f"{step.told}: {missing} has no value yet: let an earlier step keep it")
                        )
                        return
                except StepError as error:
                    if strict or error.status not in (404, 410):
                        failed.append(error)
                    self._away = not strict and error.status is None and bool(step.request)
                    if strict:
                        return
            done += 1

        pool = Pool(AT_ONCE if level == "endpoint" else 1)
        for place, item in enumerate(items):
            pool.spawn(one, item, place)
            if time.monotonic() - said >= PROGRESS_S:
                said = time.monotonic()
                rate = done / (said - began)
                left = f", {(len(items) - done) / rate:.0f} s left" if rate else ""
                self._say(f"{self._service.name}: {told} {done:,} of {len(items):,} {level}s{left}")
            if strict and failed:
                break
        pool.join()
        if strict and failed:
            raise failed[0]
        return [str(error) for error in failed]

    def _do(self, step: Step, item: dict[str, str], level: Level, place: int) -> None:
        values = self._values(item, level, place)
        if self._renew(step):
            values = self._values(item, level, place)
        item.update(self._steps.do(step, values, self._body(step, values, level, place)))
        if step.lasts_s is not None:
            self._done_at[id(step)] = time.monotonic()
        if time.monotonic() - self._saved > SAVE_S:
            self._saved = time.monotonic()
            self._save(self._account)

    def _renew(self, step: Step) -> bool:
        """Do steps again whose answers this one uses, and which have run out."""
        renewed = False
        used = {name for _, text in step.texts() for name in names_in(text)}
        for other in self._service.setup:
            at = self._done_at.get(id(other))
            lasts_s = other.lasts_s
            if other is step or lasts_s is None or at is None or not used & {*other.keep}:
                continue
            if time.monotonic() - at <= lasts_s * USED_SHARE:
                continue
            self._done_at[id(other)] = time.monotonic()
            self._account.run.update(self._steps.do(other, self._account.run))
            renewed = True
        return renewed

    def _items(self, level: Level) -> list[dict[str, str]]:
        match level:
            case "run":
                return [self._account.run]
            case "group":
                return self._account.groups
            case "endpoint":
                return self._account.endpoints

    def _values(self, item: Mapping[str, str], level: Level, place: int) -> dict[str, str]:
        if level == "endpoint":
            return self._account.values(place)
        return {**self._account.run, **item}

    def _body(self, step: Step, values: Mapping[str, str], level: Level, place: int) -> str | None:
        """The body of a step that lists its endpoints; None: it is filled as any other."""
        if not step.lists:
            return None
        size = self._account.group_size or 0
        webhooks = range(len(self._account.endpoints))
        if level == "group":
            webhooks = range(place * size, min((place + 1) * size, len(webhooks)))
        each = [self._account.values(webhook) for webhook in webhooks]
        lists = {name: step.joined.join(fill(text, own, in_json) for own in each) for name, text in step.lists.items()}
        return fill(step.body, {**{name: in_json(value) for name, value in values.items()}, **lists})


def _blocks(steps: Iterable[Step]) -> Iterator[tuple[Level, Iterator[Step]]]:
    """Steps that follow each other at one level: each endpoint goes through all of them."""
    return groupby(steps, key=lambda step: step.each)


def left_behind(name: str, folder: Path) -> str:
    """What to do about what a run's set-up made, and nobody took down."""
    return f"{name} may still have what was set up: `python -m hookswarm.service clean {folder}` takes it down"


def settle(seconds: float, stopped: Callable[[], bool]) -> None:
    """Wait for a service to know what was set up."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not stopped():
        gevent.sleep(min(0.05, seconds))
