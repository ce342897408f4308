"""What a delivery service says of itself, and how it is ended and started again in mid-run: keys of its table."""

import math
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from _hookswarm.senders.service.filling import unset_in

Redirects = Literal["not followed", "followed", "followed without a body"]
LONGEST_S = 1e7
"""Four months: no wait is longer."""
Seconds = Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]


class Part(BaseModel):
    """A table within a table. What stands below a key here is what docs/service-tables.md says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Retry(Part):
    """The law by which it says that it retries."""

    counts_from: Literal["end", "begin"] = "end"
    """From what a wait counts: the end of the attempt that failed, or its begin."""
    waits_s: tuple[Seconds, ...] = ()
    """Each wait by itself, the last one again where `attempts` are more; or else:"""
    first_s: Seconds | None = None
    """The first wait …"""
    factor: Annotated[float, Field(ge=1)] = 1.0
    """… by which each is longer than the one before it; 1: all are alike."""
    cap_s: Seconds | None = None
    """The longest of them."""
    attempts: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """In all, the first one included: retries and one. None: one more than `waits_s` has, or it never gives up."""
    gives_up_s: Seconds | None = None
    """After so long there is no other attempt."""
    spread: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Each wait may be so much shorter or longer, as a share of it."""
    added: Annotated[float, Field(ge=0)] = 0.0
    """Each wait may be longer by up to this share of it …"""
    added_least_s: Seconds = 0.0
    """… but by up to so much at least: alone, it is a jitter in seconds …"""
    added_most_s: Seconds | None = None
    """… and by so much at most."""
    clock_s: Seconds = 0.0
    """Waits are rounded up to the next tick of a clock of so many seconds."""
    delay_s: Seconds = 0.0
    """A wait before the first attempt."""

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with it."""
        if bool(self.waits_s) == (self.first_s is not None):
            yield "write either waits_s or first_s"

    def wait_s(self, retry: int) -> float:
        """The wait before a retry (1, 2 …) without what chance adds."""
        if self.waits_s:
            return self.waits_s[min(retry, len(self.waits_s)) - 1]
        assert self.first_s is not None
        doublings = min((retry - 1) * math.log2(self.factor), 1_000.0)  # more are beyond what a number holds
        wait_s: float = self.first_s * 2.0**doublings
        return min(wait_s, LONGEST_S if self.cap_s is None else self.cap_s)

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


class Promises(Part):
    """What else it says of itself. A key that is left out: it says nothing."""

    success: Literal["2xx", "below 400"] | None = None
    """Which answers it takes for delivered."""
    redirects: Redirects | None = None
    """What it does after a 301, 302 or 303: `followed` is with the body; many ask there with a GET, which has none."""
    redirects_307: Redirects | None = None
    """What it does after a 307 or 308, which want the body again. None: what `redirects` says, unless that is
    `followed without a body`, which says nothing of these.
    """
    retry_after: Literal["ignored", "obeyed", "obeyed on 429"] | None = None
    """What an answer's `Retry-After` does to its next wait."""
    gone: Literal["retried", "final", "disables"] | None = None
    """What it does after a 410 …"""
    throttled: Literal["retried", "final"] | None = None
    """… after a 429 …"""
    not_found: Literal["retried", "final"] | None = None
    """… after a 404."""
    timeout_s: Seconds | None = None
    """How long it waits for an answer."""
    timestamps: Literal["each attempt", "the first"] | None = None
    """Whether a retry is signed with a time of its own."""
    idempotency: Literal["id", "none"] | None = None
    """Whether an event that is published again with its id is delivered once."""
    idempotency_s: Seconds | None = None
    """For how long."""
    order: Literal["kept", "not kept"] | None = None
    """Whether an endpoint gets its events in the order in which they were published."""


class Restart(Part):
    """How the service, or one of its stores, is ended and started again in mid-run. `${VARIABLE}` in its texts is taken
    from the environment: where one is not set, this restart is skipped. Commands are run without a shell, where
    hookswarm was started.
    """

    stop: tuple[str, ...] = ()
    """A command; or else a signal to a process:"""
    signal: Literal["KILL", "TERM"] = "KILL"
    """Which one."""
    pid_file: str = ""
    """The file that holds the process's number …"""
    process: str = ""
    """… or its program's name."""
    start: tuple[str, ...] = ()
    """A command that returns, or goes on as the service itself; none: something else starts it again."""
    ready: str = ""
    """A URL that answers 2xx when it is back: `{api}/healthz`; or a port that then takes a connection:
    `tcp://127.0.0.1:5432`; none: it is back when `start` has returned, or goes on for 1 s."""
    ready_s: Seconds = 60.0
    """How long that may take."""
    down_s: Seconds = 0.0
    """How long it stays ended."""
    resumes_s: Seconds = 0.0
    """How long nothing may move once it is back, such as until its own clock looks for what is left: the drain of this
    restart waits as long."""

    def unset(self) -> list[str]:
        """The variables of the environment that it needs and that are not set."""
        return unset_in((*self.stop, self.pid_file, self.process, *self.start, self.ready))
