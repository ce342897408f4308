"""Faults: what a receiver is asked to do wrong, told over its control API and played by every process alike.

What happens to an attempt is drawn from (seed, event, attempt) alone: the same seed gives the same faults, in
however many processes and in whatever order the attempts arrive.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate
from statistics import NormalDist
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import faults_of

MAX_S = 3600.0
"""The longest delay or hang."""
MIN_PERIOD_S = 0.01
MAX_WEBHOOKS = 1 << 32
"""As many as an event's name can tell apart."""

_FORBID = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Delay:
    """How long an answer is held back, in seconds.

    | kind        | is                                                        |
    |-------------|-----------------------------------------------------------|
    | fixed       | `mean_s`                                                  |
    | uniform     | from 0 to 2 x `mean_s`                                    |
    | exponential | with mean `mean_s`                                        |
    | lognormal   | with median `mean_s`, and `sigma` of its logarithm        |
    """

    __pydantic_config__ = _FORBID

    mean_s: float
    kind: Literal["fixed", "uniform", "exponential", "lognormal"] = "fixed"
    sigma: float = 0.5
    most_s: float = 60.0
    busy: bool = False
    """The handler computes for so long, as CPU time of its thread, and does not wait."""

    def at(self, u: float) -> float:
        """The distribution's quantile at `u`, 0 <= u < 1; never above `most_s`."""
        match self.kind:
            case "fixed":
                delay = self.mean_s
            case "uniform":
                delay = 2 * self.mean_s * u
            case "exponential":
                delay = -self.mean_s * math.log1p(-u)
            case "lognormal":
                delay = self.mean_s * math.exp(self.sigma * NormalDist().inv_cdf(max(u, 1e-12)))
        return min(delay, self.most_s)


@dataclass(frozen=True)
class Faults:
    """What goes wrong at a receiver. The probabilities are of an attempt, exclude each other, and sum to 1 at most.

    Made without checks, so that a plan can be read whole: `problems` names everything that is wrong with it.
    """

    __pydantic_config__ = _FORBID

    status: dict[int, float] = field(default_factory=dict)
    """Probability of each status (300 to 599) that is answered in the place of 204."""
    fail_first: int = 0
    """The first so many attempts of each event are answered `fail_status`. Other senders' attempts have no number."""
    fail_status: int = 503
    """0: they get no answer for `hang_s`."""
    retry_after_s: float | None = None
    """What 429 and 503 ask for in `Retry-After`."""
    retry_after_as: Literal["seconds", "date"] = "seconds"
    ack_lost: float = 0.0
    """Recorded, and then the connection ends before the whole answer is out: the true source of duplicates."""
    cut: float = 0.0
    """Recorded, and the connection ends inside the answer."""
    reset: float = 0.0
    """The connection is reset before a byte of the answer, and nothing is recorded as taken."""
    hang: float = 0.0
    """No answer for `hang_s`, and nothing is recorded as taken."""
    hang_s: float = 60.0
    delay: Delay | None = None
    """Held back before any answer."""
    answer: int | None = None
    """What those are answered that are taken: 200 to 299; None: what all are."""
    unhealthy: bool = False
    """`GET /health` is answered 503 meanwhile; else the health check is fine, whatever befalls webhooks."""
    seed: int = 0
    """0: the run's."""

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with these faults."""
        chances = {f"status {code}": chance for code, chance in self.status.items()}
        chances |= {name: getattr(self, name) for name in ("ack_lost", "cut", "reset", "hang")}
        outside = {name: chance for name, chance in chances.items() if not 0 <= chance <= 1}
        yield from (f"{name}: a probability of {chance:g} is outside 0..1" for name, chance in outside.items())
        if not outside and sum(chances.values()) > 1 + 1e-9:
            yield f"the probabilities sum to {sum(chances.values()):g}, more than 1"
        if self.answer is not None and not 200 <= self.answer <= 299:
            yield f"answer {self.answer} takes nothing: 200 to 299"
        for code in dict.fromkeys([*self.status, self.fail_status or 503]):
            if not 300 <= code <= 599:
                yield f"status {code} is not a failure: write 300 to 599"
        if not 0 <= self.fail_first < 1 << 16:
            yield "fail_first must lie in 0..65535"
        lengths = {"hang_s": self.hang_s, "retry_after_s": self.retry_after_s or 0.0}
        if self.delay:
            lengths |= {"delay.mean_s": self.delay.mean_s, "delay.most_s": self.delay.most_s}
            if not 0 <= self.delay.sigma <= 10:
                yield "delay.sigma must lie in 0..10"
        for name, seconds in lengths.items():
            if not 0 <= seconds <= MAX_S:
                yield f"{name} must lie in 0..{MAX_S:g} seconds"


@dataclass(frozen=True)
class WebhookFaults:
    """What the webhooks `first` to `first + count - 1` meet, in the place of all other faults."""

    __pydantic_config__ = _FORBID

    first: int
    count: int
    faults: Faults

    @property
    def end(self) -> int:
        """The first webhook after them."""
        return self.first + self.count

    @property
    def name(self) -> str:
        """As messages name them."""
        return f"webhooks {self.first}..{self.end - 1}"

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with them."""
        if self.first < 0 or self.count < 1 or self.end > MAX_WEBHOOKS:
            yield f"webhooks: first {self.first} and count {self.count} are no range within 0..{MAX_WEBHOOKS - 1}"
        yield from (f"{self.name}: {problem}" for problem in self.faults.problems())


@dataclass(frozen=True)
class FaultOrder:
    """What `POST /faults` takes: faults, and when they hold (Unix nanoseconds; None: from now, or without end)."""

    __pydantic_config__ = _FORBID

    faults: Faults | None = None
    """None: nothing goes wrong."""
    begin_ns: int | None = None
    end_ns: int | None = None
    period_s: float | None = None
    """The faults hold in the first half of every so many seconds from their begin on; None: all the time."""
    otherwise: Faults | None = None
    """What holds before, after and in between; None: nothing goes wrong."""
    webhooks: tuple[WebhookFaults, ...] = ()
    """Those that meet faults of their own, before, in between and after."""

    def active(self, now_ns: int, webhook: int | None) -> Faults | None:
        """The faults that hold at an instant for a webhook; another sender's events have none."""
        if webhook is not None:
            for own in self.webhooks:
                if own.first <= webhook < own.end:
                    return own.faults
        return self.faults if self._holds(now_ns) else self.otherwise

    def _holds(self, now_ns: int) -> bool:
        begin_ns = self.begin_ns or 0
        if now_ns < begin_ns or (self.end_ns is not None and now_ns >= self.end_ns):
            return False
        return self.period_s is None or (now_ns - begin_ns) / 1e9 % self.period_s < self.period_s / 2

    def parts(self) -> list[Faults]:
        """All the faults in it."""
        return [*filter(None, (self.faults, self.otherwise)), *(own.faults for own in self.webhooks)]

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with this order."""
        for part in filter(None, (self.faults, self.otherwise)):
            yield from part.problems()
        for own in self.webhooks:
            yield from own.problems()
        ranges = sorted((own for own in self.webhooks if own.count > 0), key=lambda own: own.first)
        for one, other in zip(accumulate(ranges, _further), ranges[1:], strict=False):
            if other.first < one.end:
                yield f"{one.name} overlap {other.name}"
        if self.period_s is not None and not MIN_PERIOD_S <= self.period_s <= MAX_S:
            yield f"period_s must lie in {MIN_PERIOD_S:g}..{MAX_S:g} seconds"
        if self.begin_ns is not None and self.end_ns is not None and self.end_ns <= self.begin_ns:
            yield "end_ns must lie after begin_ns"


def _further(one: WebhookFaults, other: WebhookFaults) -> WebhookFaults:
    return max(one, other, key=lambda own: own.end)


_ORDER = TypeAdapter(FaultOrder)


def parse_order(text: bytes | str) -> FaultOrder:
    """The order in a JSON document. Raises ConfigError that names every fault of it."""
    try:
        order = _ORDER.validate_json(text)
    except ValidationError as error:
        raise ConfigError(faults_of(error)) from None
    if problems := list(order.problems()):
        raise ConfigError(problems)
    return order


def dump_order(order: FaultOrder) -> str:
    """An order as JSON, for `parse_order`."""
    return _ORDER.dump_json(order).decode()


def draws(seed: int, event: bytes, attempt: int) -> tuple[float, float]:
    """Two independent numbers, uniform in [0, 1): what befalls this attempt, and how long it takes.

    `event` names the event within its stage, whose `seed` this is: two runs with one seed meet the same faults.
    """
    digest = blake2b(b"%d|%b|%d" % (seed, event, attempt), digest_size=16).digest()
    first, second = int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")
    # The upper 53 bits: what a float holds exactly.
    return (first >> 11) / (1 << 53), (second >> 11) / (1 << 53)
