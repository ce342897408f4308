"""Sets an account up at a service and takes it down, step by step: what is done already is not done again."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import groupby
from typing import Protocol

from gevent.lock import RLock

from _hookswarm.common.toml_lines import Place
from _hookswarm.common.wording import with_remedy
from _hookswarm.senders.service.account import Account
from _hookswarm.senders.service.filling import fill, in_json, names_in
from _hookswarm.senders.service.side_by_side import side_by_side
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import Level, Service, Step

AT_ONCE = 8
"""Endpoints that are set up side by side."""
USED_SHARE = 0.8
"""Of the time that a token is good for: after that another one is fetched."""


class Book(Protocol):
    """Where what was made is written down before more is made. Both raise OSError."""

    def save(self, account: Account, /) -> None:
        """All of it."""

    def add(self, account: Account, level: Level, place: int, /) -> None:
        """What has changed of one of a level."""


class Keeper:
    """Sets an account up and takes it down, step by step."""

    def __init__(
        self,
        service: Service,
        account: Account,
        steps: Steps,
        say: Callable[[str], object],
        book: Book | None = None,
        stopped: Callable[[], bool] = lambda: False,
        advice: str = "",
        at_once: int = AT_ONCE,
    ) -> None:
        """`stopped` tells whether somebody wants it to end; `advice` is what to say of a set-up that takes long;
        `at_once` endpoints are set up side by side.
        """
        self._service = service
        self._account = account
        self._steps = steps
        self._say = say
        self._book = book
        self._stopped = stopped
        self._advice = advice
        self._at_once = at_once
        self._done_at: dict[int, float] = {}
        """When steps whose answers are good for a while were done last."""
        self._renewing = RLock()
        self.removed: Counter[str] = Counter()
        """How often each step of the teardown was done, by what it is called."""
        self._untried = 0
        self._away = False

    def set_up(self) -> None:
        """Do the steps of the set-up that were not done yet. Raises StepError, and then `tear_down` removes what was
        made; OSError.
        """
        self._steps.stopped = self._stopped
        if self._book:
            self._book.save(self._account)
        self._renewable()
        counted: Counter[Level] = Counter()
        try:
            for level, steps in _blocks(self._service.setup):
                block = list(steps)
                self._make(block, level, before=counted[level])
                counted[level] += len(block)
        finally:
            if self._book:
                self._book.save(self._account)
            self._steps.stopped = lambda: False  # what was made is taken down, however long the service has us wait

    def tear_down(self) -> list[str]:
        """Do all steps of the teardown, also those after one that failed; returns what failed.

        Of a service that does not answer any more, no more is asked.
        """
        failed: list[str] = []
        self._renewable()
        for level, steps in _blocks(self._service.teardown):
            failed += self._remove(list(steps), level)
        if self._untried:
            failed.append(f"{self._untried:,} more requests were not tried, because the service does not answer")
        return failed

    def forget(self, webhooks: Iterable[int]) -> list[str]:
        """Remove these endpoints, as far as the teardown has steps for single ones; returns what failed.

        The next set-up makes them anew.
        """
        failed: list[str] = []
        self._renewable()
        for webhook in webhooks:
            item = self._account.endpoints[webhook]
            for step in self._service.teardown:
                if step.each != "endpoint":
                    continue
                try:
                    self._do(step, item, "endpoint", webhook)
                except (StepError, KeyError) as error:
                    if isinstance(error, StepError) and error.status not in (404, 410):
                        failed.append(str(error))
            made = {name for step in self._service.setup if step.each == "endpoint" for name in step.keep}
            for name in made - {"secret"}:
                item.pop(name, None)
            self._account.done_of("endpoint")[webhook] = 0
        return failed

    def _renewable(self) -> None:
        """What was kept by another process, or too long ago, is not known to be good still."""
        for step in self._service.setup:
            if step.lasts_s is not None and {*step.keep} <= {*self._account.run}:
                self._done_at.setdefault(id(step), -math.inf)

    def _make(self, steps: list[Step], level: Level, before: int) -> None:
        """Do steps for each one of a level, as far as they were not done yet; `before`: how many steps of that level
        come before them. Raises what fails first, and lets what has begun end.
        """
        items, been = self._account.of(level), self._account.done_of(level)
        wanted = [place for place in range(len(items)) if been[place] < before + len(steps)]
        failed: list[Exception] = []

        def given_up() -> bool:
            return bool(failed) or self._stopped()

        def one(place: int) -> bool:
            if given_up():
                return False
            for nth, step in enumerate(steps, before + 1):
                if nth <= been[place]:
                    continue
                try:
                    self._do(step, items[place], level, place, nth)
                except OSError as error:  # what was made cannot be written down
                    failed.append(StepError(f"cannot write {with_remedy(error)}"))
                    return False
                except KeyError as missing:
                    failed.append(StepError(f"{step.told}: {missing} has no value yet: let an earlier step keep it"))
                    return False
                except Exception as error:  # a fault of ours, too: a greenlet would print it, and all would go on
                    failed.append(error)
                    return False
            return True

        self._each(level, wanted, one, "set up", self._advice, given_up)
        if failed:
            raise failed[0]

    def _remove(self, steps: list[Step], level: Level) -> list[str]:
        """Do steps of the teardown for each one of a level; returns what failed."""
        items = self._account.of(level)
        failed: list[str] = []

        def one(place: int) -> bool:
            for step in steps:
                if self._away:
                    self._untried += 1
                    continue
                try:
                    self._do(step, items[place], level, place)
                    self.removed[step.told] += 1
                except OSError as error:  # that it was renewed cannot be written down
                    failed.append(f"cannot write {with_remedy(error)}")
                except KeyError:
                    pass  # the set-up did not come so far
                except StepError as error:
                    if error.status not in (404, 410):
                        failed.append(str(error))
                    self._away |= error.status is None and bool(step.request)
                except Exception as error:  # a fault of ours: a greenlet would print it
                    failed.append(f"{step.told}: {error!r}")
            return True

        self._each(level, range(len(items)), one, "taken down")
        return failed

    def _each(
        self,
        level: Level,
        places: Sequence[int],
        one: Callable[[int], bool],
        told: str,
        advice: str = "",
        given_up: Callable[[], bool] = lambda: False,
    ) -> None:
        """Of a level: endpoints side by side, else one after the other."""
        at_once = self._at_once if level == "endpoint" else 1
        text = f"{self._service.name}: {told} {{}} of {len(places):,} {level}s"
        side_by_side(places, one, at_once, text, self._say, advice and f"{self._service.name}: {advice}", given_up)

    def _do(self, step: Step, item: dict[str, str], level: Level, place: int, nth: int | None = None) -> None:
        """Do a step, the nth of the set-up at its level; None: of the teardown."""
        values = self._values(item, level, place)
        if self._renew(_names_of(step.texts()), step):
            values = self._values(item, level, place)
        item.update(self._steps.do(step, values, self._body(step, values, level, place)))
        if step.lasts_s is not None:
            self._done_at[id(step)] = time.monotonic()
        if nth is not None:
            self._account.done_of(level)[place] = nth
            if self._book:
                self._book.add(self._account, level, place)

    def renew(self) -> bool:
        """Do steps again whose answers publishing uses, and which run out; whether there were any. Raises StepError."""
        return self._renew(_names_of(self._service.publish.texts()))

    def lasts_s(self) -> float | None:
        """How long it takes until `renew` has something to do; None: for ever."""
        used = _names_of(self._service.publish.texts())
        left = [
            step.lasts_s * USED_SHARE - (time.monotonic() - self._done_at.get(id(step), -math.inf))
            for step in self._service.setup
            if step.lasts_s is not None and used & {*step.keep}
        ]
        return max(min(left), 0.0) if left else None

    def _run_out(self, used: Set[str], of: Step | None) -> list[Step]:
        """Steps that must be done again before others use these names."""
        now = time.monotonic()
        return [
            step
            for step in self._service.setup
            if step is not of
            and step.lasts_s is not None
            and id(step) in self._done_at
            and used & {*step.keep}
            and now - self._done_at[id(step)] > step.lasts_s * USED_SHARE
        ]

    def _renew(self, used: Set[str], of: Step | None = None) -> bool:
        """Do steps again whose answers have these names, and run out. Others who want the same wait for it."""
        if not self._run_out(used, of):
            return False
        with self._renewing:
            for step in self._run_out(used, of):
                self._account.run.update(self._steps.do(step, self._account.run))
                self._done_at[id(step)] = time.monotonic()
            if self._book:
                self._book.add(self._account, "run", 0)
        return True

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


def _names_of(texts: Iterable[tuple[Place, str]]) -> set[str]:
    """The names that stand in texts."""
    return {name for _, text in texts for name in names_in(text)}


def _blocks(steps: Iterable[Step]) -> Iterator[tuple[Level, Iterator[Step]]]:
    """Steps that follow each other at one level: each endpoint goes through all of them."""
    return groupby(steps, key=lambda step: step.each)
