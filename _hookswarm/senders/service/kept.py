"""What a service still has of us, in a file: a run's own until it is taken down, or kept for the runs after it."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import with_remedy
from _hookswarm.records.manifest import Manifest, RunError
from _hookswarm.records.writing import naming, write_atomically
from _hookswarm.senders.service.account import Account, given_values
from _hookswarm.senders.service.filling import names_in
from _hookswarm.senders.service.table import Level, Service

ACCOUNT = "service.json"
"""Its file in a run's folder. It holds secrets: others may not read it."""
KEPT = "kept-"
"""How the names of files begin that are kept for later runs."""
_BEGINS = '{"service":'
_GIVE = f"give a run's folder, such as results/20261122-…, its {ACCOUNT}, or results/{KEPT}….json"


class Kept(BaseModel):
    """What such a file holds: enough to take all of it down from the file alone."""

    model_config = ConfigDict(extra="forbid")

    service: Service
    account: Account
    run: str = ""
    """The id of the run that set it up."""
    ports: dict[str, Annotated[int, Field(ge=1, le=65_535)]] = {}
    """Where the receivers are that it delivers to, by region."""

    def save(self, path: Path) -> None:
        """Raises OSError."""
        write_atomically(path, self.model_dump_json() + "\n", mode=0o600)

    @classmethod
    def load(cls, path: Path) -> "Kept":
        """Raises ConfigError where there is none, or a damaged one, or another file."""
        try:
            first, *added = path.read_text(errors="replace").split("\n")
        except FileNotFoundError:
            why = f"{path.parent} holds no {path.name}: no such run, or nothing of it is left at a service"
            raise ConfigError([f"{why}: check the name"]) from None
        except OSError as error:
            raise ConfigError([with_remedy(error)]) from None
        try:
            kept = cls.model_validate_json(first)
            for line in added[:-1]:  # the last one is empty, or torn
                level, place, values, done = json.loads(line)
                kept.account.of(level)[place].update(values)
                kept.account.done_of(level)[place] = done
            kept.check()
        except (ValueError, LookupError, TypeError):  # it may hold secrets: nothing of it is shown
            if not first.startswith(_BEGINS) and (_is_json(first, *added) or not _is_named_so(path)):
                raise ConfigError([_not_ours(path)]) from None
            raise ConfigError([_damaged(path)]) from None
        return kept

    def check(self) -> None:
        """Raises ValueError unless all is there that the steps which were done have kept."""
        account = self.account
        groups = -(-len(account.endpoints) // account.group_size) if account.group_size else 0
        if not {"run", *self.service.addresses, *self.service.values} <= {*account.run}:
            raise ValueError("a value of the run is not there")
        if len(account.groups) < groups or any(not {"url", "webhook"} <= {*one} for one in account.endpoints):
            raise ValueError("an endpoint has no address, or no group")
        levels: tuple[Level, ...] = ("run", "group", "endpoint")
        for level in levels:
            there, done = account.of(level), account.done.get(level, [])
            steps = [step for step in self.service.setup if step.each == level]
            if len(done) > len(there):
                raise ValueError(f"more were set up than there are: {level}")
            for values, count in zip(there, done, strict=False):
                if not {name for step in steps[:count] for name in step.keep} <= {*values}:
                    raise ValueError(f"what was kept is not there: {level}")


def _damaged(path: Path) -> str:
    return f"{path} is damaged: take down by hand what the service still has of it, and remove the file"


class AccountFile:
    """A file as the account grows: whole, and then a line for each step that was done, so that a kill loses none."""

    def __init__(self, path: Path, service: Service, run: str = "", ports: dict[str, int] | None = None) -> None:
        self.path = path
        self._service = service
        self._run = run
        self._ports = ports or {}

    def save(self, account: Account) -> None:
        """Write all of it. Raises OSError."""
        Kept(service=self._service, account=account, run=self._run, ports=self._ports).save(self.path)

    def add(self, account: Account, level: Level, place: int) -> None:
        """Add what one of a level is now. Raises OSError."""
        line = json.dumps([level, place, account.of(level)[place], account.done_of(level)[place]])
        with naming(self.path), self.path.open("a") as file:
            file.write(line + "\n")

    def remove(self) -> None:
        """Nothing is left at the service."""
        self.path.unlink(missing_ok=True)


def account_of(run: Path) -> Path:
    """The file of what a run set up: in its folder, or beside it where it is kept. `run` may be that file itself.

    Raises ConfigError for a file of another kind.
    """
    if run.suffix != ".json" and run.is_file():
        raise ConfigError([_not_ours(run)])
    if run.suffix == ".json" or (run / ACCOUNT).exists():
        return run if run.suffix == ".json" else run / ACCOUNT
    try:
        service = Manifest.load(run).service
    except (RunError, OSError):
        service = None
    return run.parent / service.kept if service and service.kept else run / ACCOUNT


def _not_ours(path: Path) -> str:
    return f"{path} does not hold what a run set up at a service: {_GIVE}"


def _is_named_so(path: Path) -> bool:
    return path.name == ACCOUNT or path.name.startswith(KEPT)


def _is_json(*lines: str) -> bool:
    """Whether a whole file is JSON: of ours only a damaged one does not begin as it should."""
    try:
        json.loads("\n".join(lines))
    except (ValueError, RecursionError):
        return False
    return True


def left_behind(name: str, path: Path) -> str:
    """What to do about what a run's set-up made, and nobody took down. `path`: the run's folder, or the file."""
    return f"{name} may still have what was set up: {taken_down_by(path)}"


def taken_down_by(path: Path) -> str:
    """Which command removes it."""
    return f"`python -m hookswarm.service clean {path}` takes it down"


def kept_file(results: Path, service: Service, regions: Sequence[str]) -> Path:
    """Where endpoints are kept that a service, at the addresses that it has now, has in these regions.

    Raises ConfigError for variables that are not set.
    """
    values = given_values(service)
    told = json.dumps([sorted(values[name] for name in service.addresses), list(regions)]).encode()
    return results / f"{KEPT}{service.name}-{hashlib.blake2b(told, digest_size=4).hexdigest()}.json"


def ready_in(account: Account, service: Service) -> int:
    """How many of its endpoints have been through all their steps."""
    steps = sum(step.each == "endpoint" for step in service.setup)
    return sum(done >= steps for done in account.done_of("endpoint"))


def why_not_again(kept: Kept, service: Service, urls: Sequence[str]) -> str:
    """Why what was kept is of no use for endpoints at these URLs; empty: it is."""
    was = kept.service
    if (was.setup, was.group, was.values, was.secret) != (service.setup, service.group, service.values, service.secret):
        return "its table sets up otherwise now"
    there = [values["url"] for values in kept.account.endpoints]
    if any(one != other for one, other in zip(there, urls, strict=False)):
        return "our receivers are elsewhere now"
    if len(there) != len(urls) and not is_countable(service):
        return f"its set-up is about all endpoints at once, and this run has {len(urls):,}, not {len(there):,}"
    return ""


def is_countable(service: Service) -> bool:
    """Whether endpoints can be added to those that are there, and left out."""
    last = "run"
    for step in service.setup:
        if step.lists or any("webhooks" in names_in(text) for _, text in step.texts()):
            return False
        if ("run", "group", "endpoint").index(step.each) < ("run", "group", "endpoint").index(last):
            return False  # it is done after what it is about: for one more it had to be done again
        last = step.each
    return service.publish.fan_out != "run"
