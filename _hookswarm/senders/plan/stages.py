"""A test's plan: a sequence of stages, each with fixed parameters."""

from collections.abc import Sequence
from dataclasses import field, replace
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass as model

from _hookswarm.protocol.faults import Delay, FaultOrder, Faults, WebhookFaults
from _hookswarm.protocol.setup import MAX_BACKLOG, MAX_THREADS, MAX_WORKERS, Setup
from _hookswarm.senders.plan.arrivals import Arrivals, Closed
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.health import HealthLaw
from _hookswarm.senders.plan.retry import RetryLaw

CUTS = ("cut", "cut_back")
"""Incidents that befall links, not receivers."""

Count = Annotated[int, Field(ge=1, lt=1 << 32)]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


@model(frozen=True, config={"extra": "forbid"})
class WebhookClass:
    """Webhooks `first` to `first + count - 1`, which our receivers treat in their own way, and reports tell apart."""

    name: str
    first: Annotated[int, Field(ge=0, lt=1 << 32)]
    count: Count
    faults: Faults | None = None
    """In the place of the stage's, for its whole length."""


@model(frozen=True, config={"extra": "forbid"})
class Limits:
    """What a capacity search keeps: the highest rate that breaks none of them is the capacity."""

    p99_ms: Annotated[float, Field(gt=0, le=1e7)] = 500.0
    """99th percentile from due to acknowledged."""
    over_idle_ms: Annotated[float, Field(ge=0, le=1e7)] = 0.0
    """Through a delivery service, in the place of `p99_ms`: so much above that of the service at a tenth of the first
    rate. 0: `p99_ms` holds there, too.
    """
    error_rate: Annotated[float, Field(ge=0, le=1)] = 0.01
    tolerance: Annotated[float, Field(gt=0, le=1)] = 0.05
    """How near the rates that hold and that break must come, as a share."""
    repeats: Annotated[int, Field(ge=1, le=99)] = 3
    """Tries of a rate; the majority decides."""


@model(frozen=True, config={"extra": "forbid"})
class Incident:
    """Something that befalls regions for a while; they are named by their place in the table, from 0."""

    fault: Literal["refused", "frozen", "slow", "errors", "flapping", "grey", "cut", "cut_back"]
    """As `records.timeline.IncidentPlayed` tells them."""
    from_s: Seconds
    for_s: Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)]
    regions: tuple[Annotated[int, Field(ge=0, lt=254)], ...] = (0,)
    """Empty: all of the table."""
    origins: tuple[Annotated[int, Field(ge=0, lt=254)], ...] = ()
    """Of a cut: who notices; empty: all."""
    delay: Delay = Delay(1.0, "exponential")
    """Of `slow`."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Of attempts that errors, flapping and grey answer 503."""
    period_s: Annotated[float, Field(ge=0.01, le=3600)] = 1.0
    """Of flapping."""

    @property
    def faults(self) -> Faults | None:
        """What its regions' receivers are told; None where it takes more than an answer."""
        match self.fault:
            case "slow":
                return Faults(delay=self.delay)
            case "errors" | "flapping":
                return Faults({503: self.share}, unhealthy=True)
            case "grey":
                return Faults({503: self.share})
        return None


@model(frozen=True, config={"extra": "forbid"})
class Stage:
    """A stretch of a test.

    It delivers `events` events, or lasts `warmup_s + duration_s`; with both, whichever ends first. Only the
    window after the warm-up counts for rates and latencies. What is still queued `drain_s` later is abandoned.
    """

    scenario: str
    users: Count = 1
    """Delivery workers over all processes: the concurrency."""
    webhooks: Count = 1
    """Subscriptions that the events go to."""
    zipf: Annotated[float, Field(ge=0, le=5)] = 0.0
    """How unlike they are: webhook k gets a share that goes as 1 / (k + 1) ^ zipf. 0: events go to them in turn."""
    events: Count | None = None
    duration_s: Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)] | None = None
    warmup_s: Seconds = 0
    drain_s: Seconds = 5
    arrivals: Arrivals = field(default_factory=Closed)
    payload: str | Annotated[int, Field(ge=1, le=1 << 24)] = "stripe"
    """A distribution of body sizes: see `senders.plan.payloads`; or a number of bytes."""
    retry: RetryLaw = field(default_factory=RetryLaw)
    """How a failed attempt is repeated; by default it is not."""
    duplicate: Duplicate | None = None
    """Every event is delivered a second time, in this way; an observer counts the effects. None: it is not."""
    faults: Faults | None = None
    """What our receivers are told to do wrong. A stage with faults is left out where the receivers are not ours."""
    faults_from_s: Seconds = 0
    faults_for_s: Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)] | None = None
    """When the faults hold, from the stage's start; None: to its end."""
    incidents: tuple[Incident, ...] = ()
    """What befalls single regions, in the place of `faults`."""
    strategy: str = "nearest"
    """How senders pick the target: a name of `senders.plan.strategies`."""
    links: bool = True
    """False: no distances are modelled. What is compared with a load balancer must be as near as that is,
    and is played where there is one."""
    health: HealthLaw = field(default_factory=HealthLaw)
    """When senders believe that a region is not to be used; for runs of several regions."""
    least_regions: Count = 1
    """Of a table that has fewer it is left out. A fault on a region that the table doesn't have is an error."""
    course: str = ""
    """Stages of one course and repeat meet the same arrivals, and the same draws of faults: they can be compared."""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] | None = None
    """In the place of `--connect-timeout` and `--response-timeout`."""
    response: Delay | None = None
    """How long our receivers take to answer, faults or none; None: no longer than they must."""
    classes: tuple[WebhookClass, ...] = ()
    """Webhooks that are unlike the others, apart from each other; at receivers that are not ours, none is."""
    ours: bool = False
    """Whether it is about our receivers: left out where there are others. So is what is swept over their set-up; any
    other stage is played there without a response time, a set-up and classes."""
    service: bool = False
    """Whether it is about a delivery service (`--service`): left out without one."""
    trouble_ends: bool = False
    """Whether classes end their faults with the load: what they hold up at a service goes on in the drain, and is no
    burden to the next stage."""
    restart: str = ""
    """What of the service is ended, and started again, in the middle third: a name of its table's [restart.NAME]; `*`
    stands for a stage of each. Empty: nothing."""
    stretch: bool = False
    """Whether `--duration` sets how long it lasts."""
    max_rate: Annotated[float, Field(ge=1e-2, le=1e6)] | None = None
    """Attempts a second at most, retries too, over all workers; None: as many as come of the rest."""
    overload_s: Annotated[float, Field(gt=0, le=1e7)] | None = None
    """A queue that has grown for so long ends the stage: its load is more than is delivered. None: it goes on."""
    processes: Count | None = None
    """How many sending processes take part; None: all there are."""
    receiver_workers: Annotated[int, Field(ge=1, le=MAX_WORKERS)] | None = None
    receiver_threads: Annotated[int, Field(ge=1, le=MAX_THREADS)] | None = None
    backlog: Annotated[int, Field(ge=1, le=MAX_BACKLOG)] | None = None
    durability: Literal["memory", "os", "fsync"] | None = None
    bodies: bool | None = None
    evidence: bool | None = None
    """All these of our receivers, as `protocol.setup` describes them; None: as they were started."""
    reuse: bool = True
    """False: every attempt opens a connection of its own."""
    factor: Count = 1
    """How many times the smallest of its scenario this stage is."""
    repeat: Count = 1
    limits: Limits | None = None
    """Makes this stage a search for capacity: it is played again and again at other rates, until they are found."""
    settle_s: Seconds = 0
    """Pause after the stage in which nothing is sent: the memory that stays is read at its end."""
    replay_of: int | None = None
    """The number of the disturbed stage that is played once more; its draws are the same."""
    name: str = ""
    """What it goes by in messages, statistics and reports: unique in its test. `sweep` makes it of the scenario and the
    swept parameters; a plan gives the others their scenario's."""

    @property
    def length_s(self) -> float | None:
        """Warm-up and window together, or None where only its events end it."""
        return None if self.duration_s is None else self.warmup_s + self.duration_s

    def faults_at(self, seconds: float) -> tuple[str, ...]:
        """Names of what goes wrong so long after the stage's start."""
        named: list[str] = [one.fault for one in self.incidents if one.from_s <= seconds < one.from_s + one.for_s]
        ends = float("inf") if self.faults_for_s is None else self.faults_from_s + self.faults_for_s
        if self.faults and self.faults_from_s <= seconds < ends:
            named.append("faults")
        return tuple(named)

    @property
    def plans_faults(self) -> bool:
        """Whether something is to go wrong in it."""
        return bool(self.faults or self.incidents or self.restart or any(own.faults for own in self.classes))

    def may_fail(self, published: bool) -> bool:
        """Whether what is sent may fail by plan. `published`: to a delivery service, which takes events whatever our
        receivers answer, unless it is restarted, or is given again what it has.
        """
        return bool(self.restart or self.duplicate) if published else self.plans_faults

    @property
    def setup(self) -> Setup:
        """How our receivers are to serve."""
        return Setup(
            workers=self.receiver_workers,
            threads=self.receiver_threads,
            backlog=self.backlog,
            durability=self.durability,
            bodies=self.bodies,
            evidence=self.evidence,
        )

    def order(self, begin_ns: int | None = None, end_ns: int | None = None) -> FaultOrder:
        """What our receivers are told; the stage's faults hold between two instants (Unix nanoseconds)."""
        slow = Faults(delay=self.response) if self.response else None
        webhooks = tuple(
            WebhookFaults(own.first, own.count, self._as_slow(own.faults)) for own in self.classes if own.faults
        )
        faults = self._as_slow(self.faults) if self.faults else slow
        return FaultOrder(faults, begin_ns, end_ns, otherwise=slow, webhooks=webhooks)

    def _as_slow(self, faults: Faults) -> Faults:
        return replace(faults, delay=faults.delay or self.response)


_STAGE: TypeAdapter[Stage] = TypeAdapter(Stage)


def named(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages by the names that they go by: those without one by their scenarios'."""
    return tuple(replace(stage, name=stage.name or stage.scenario) for stage in stages)


def to_plain(stage: Stage) -> dict[str, Any]:
    """A stage as plain data: for run.json, and for a message to a worker."""
    plain: dict[str, Any] = _STAGE.dump_python(stage, mode="json")
    return plain


def from_plain(plain: dict[str, Any]) -> Stage:
    """The stage that `to_plain` was given. Raises pydantic's ValidationError."""
    return _STAGE.validate_python(plain)
