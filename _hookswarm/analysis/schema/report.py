"""The reports, as models: the one definition, from which `docs/schemas/` is written.

Rates are per second, latencies milliseconds, windows seconds. What could not be measured is null.
"""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from _hookswarm.analysis.schema.base import VERSION, Model, Quantiles, Version
from _hookswarm.analysis.schema.curves import Watched
from _hookswarm.analysis.schema.distribution import Regions, Strategies
from _hookswarm.analysis.schema.duplicates import Duplicates
from _hookswarm.analysis.schema.failover import Failover
from _hookswarm.analysis.schema.failures import Failure
from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.rotations import Rotation
from _hookswarm.analysis.schema.scalability import Capacity, Limit, Scaling, Usl
from _hookswarm.analysis.schema.service import ServiceReport, Through
from _hookswarm.analysis.schema.verdict import DefaultCheck, JudgedCheck, Reason, Verdict


class Deliveries(Model):
    """Every event of the stage, once: `due = acknowledged + failed + in_doubt + abandoned`."""

    due: int
    acknowledged: int
    failed: int
    in_doubt: int
    abandoned: int


class Latencies(Model):
    """Of what fell due in the window."""

    delivery: Quantiles = Field(description="due to acknowledged")
    attempt: Quantiles = Field(description="sent to answered")
    queueing: Quantiles = Field(description="due to sent: waiting for a free worker")
    lower_bound: bool = Field(
        default=False, description="workers that got no answer measured nothing meanwhile: it was this much at least"
    )

    @property
    def sign(self) -> str:
        """What stands before the 99th percentile."""
        return "\N{GREATER-THAN OR EQUAL TO}" if self.lower_bound else ""


class ClassLatencies(Model):
    """Of what fell due in the window."""

    delivery: Quantiles = Field(description="due to acknowledged")


class Attempts(Model):
    """What was sent in the whole stage, retries among it, and how it ended."""

    total: int
    per_delivery: float | None = Field(description="attempts / events that were sent at least once")
    by_outcome: dict[str, int]


class Ledger(Model):
    """Attempts against arrivals: `received = seen + duplicated + unexpected`.

    Null where the receiver keeps no journal for us (`--target`).
    """

    received: int | None = Field(description="arrivals that were taken (answered 2xx)")
    turned_away: int | None = Field(description="arrivals that the receiver did not take: another status, a reset")
    seen: int | None = Field(description="events that were taken at least once")
    lost: int | None = Field(description="acknowledged events that were never taken")
    recovered: int | None = Field(description="events that were taken and never acknowledged")
    duplicated: int | None = Field(description="arrivals of an event beyond its first: harmless + spurious")
    duplicated_harmless: int | None = Field(
        description="of an attempt made while no earlier one was acknowledged, or that the plan asks for"
    )
    duplicated_spurious: int | None = Field(
        description="of an attempt made after an acknowledgement, or that had arrived already"
    )
    reordered: int | None = Field(description="events first seen after a later one of their webhook")
    inversions: int | None = Field(description="pairs of a webhook's events first seen in the wrong order")
    displacement: int | None = Field(description="most places between an event's turn and its first arrival")
    late: int | None = Field(description="arrivals after the sender had given up waiting")
    unexpected: int | None = Field(description="arrivals that nobody sent")
    corrupt: int | None = Field(description="arrivals whose body differs from what was sent")
    balanced: bool


class Conformance(Model):
    """Waits between an event's attempts against the declared retry law; see docs/numbers.md."""

    checked: int = Field(description="waits from the end of an attempt to the next one of its event")
    early: int = Field(description="shorter than the law allows")
    late: int | None = Field(description="longer than the law allows; null where queueing would look the same")
    most_early_ms: float | None
    most_late_ms: float | None
    too_many: int = Field(description="events with more attempts than retries + 1")
    after_gone: int = Field(description="attempts of an event that had been answered 410")
    ks_statistic: float | None = Field(description="Kolmogorov and Smirnov's, of the jitter; null of under 20 waits")
    ks_p: float | None = Field(description="how probable so large a statistic is under the declared jitter")
    kept: bool


class RetryConformance(Model):
    """The same law, held against two records of the same retries."""

    scheduled: Conformance = Field(description="of attempts, as the sender planned them")
    observed: Conformance | None = Field(description="of arrivals, as a receiver sees any sender")


class Retry(Model):
    """What retries brought and what they cost, over the whole stage."""

    share_delivered: float | None = Field(description="acknowledged / due")
    amplification: float | None = Field(description="attempts / events that were sent at least once")
    time_to_deliver_ms: Quantiles = Field(description="first due to acknowledged, of all acknowledged events")
    retried: int = Field(description="events with more than one attempt")
    given_up: int = Field(description="events whose last attempt failed, those in doubt among them")
    drain_s: float | None = Field(
        description="from the faults' end until no more events were unfinished than before the faults"
    )
    peak_queue: int = Field(description="most events at once that were due, and neither acknowledged nor given up")
    duplicates: int | None = Field(description="arrivals of an event beyond its first")
    conformance: RetryConformance


class Class(Model):
    """Webhooks that the plan tells apart from the others, or "others": all the rest."""

    name: str
    deliveries: Deliveries
    error_rate: float | None
    throughput_per_s: float | None
    latency_ms: ClassLatencies
    attempts_per_delivery: float | None


class Against(Model):
    """The others beside the stage's classes, over the same webhooks in the stage without them."""

    stage: str = Field(description='the one compared with: its scenario is this one\'s name and " baseline"')
    p50_ratio: float | None
    p99_ratio: float | None


class Unanswered(Model):
    """Workers of a closed loop whose attempts nothing came back to; see docs/numbers.md."""

    workers: int = Field(description="most at once")
    of: int = Field(description="users of the stage")
    each_s: float = Field(description="seconds of the window that each of them waited so, on average")
    share: float = Field(description="of all workers' time in the window")


class Generator(Model):
    """Whether the sending side kept up; see docs/numbers.md."""

    cpu_share: float | None = Field(description="of one core, the busiest process")
    starved_share: float | None = Field(
        description="of the stage, how long a process was ready to run and had no CPU; the worst"
    )
    lag_p99_ms: float | None = Field(description="how late the event loop ran a timer, the worst process")
    late_p99_ms: float | None = Field(description="how late idle workers woke for a due event (open arrivals)")


class Machine(Model):
    """What kept the machine from being what it seems; see docs/resource.md. Shares of all cores' time in the window."""

    steal_share: float | None = Field(description="what the host of a virtual machine gave to others")
    throttled_share: float | None = Field(description="share of the time that a quota held our processes back")
    throttled_unknown: str | None = Field(default=None, description="why throttled_share is null")
    slowed_share: float | None = Field(description="how far the cores' clock was below the fastest of the run")
    others_share: float | None = Field(
        description="had by processes that take no part; null: not all of ours are known"
    )
    waited_share: float | None = Field(description="share of the time that some process waited for a CPU")


class Outage(Model):
    """A receiver of ours that was gone, or stood still, though nobody had planned it; to half a second, by its samples.

    `machine_stalled`: all other processes stood still, too.
    """

    region: str
    kind: Literal["died", "stalled", "machine_stalled"]
    from_s: float = Field(description="its last sign of life, from the stage's start")
    lasted_s: float = Field(description="until its next one, or the stage's end")
    back: bool = Field(description="whether it gave one before the stage's end")


class Stage(Model):
    """One stage as it was played. Counts and error rates are of all of it, throughput and latencies of its window."""

    name: str
    scenario: str
    parameters: dict[str, Any]
    window_s: float
    deliveries: Deliveries
    throughput_per_s: float | None = Field(description="acknowledged in the window / the window's length")
    error_rate: float | None = Field(description="share of due events that were not acknowledged")
    latency_ms: Latencies
    attempts: Attempts
    ledger: Ledger
    retry: Retry | None = Field(description="null where neither retries nor faults were planned, and none was retried")
    classes: list[Class] | None = Field(description="null where the plan tells no webhooks apart")
    through: Through | None = Field(default=None, description="null where our senders delivered themselves")
    against: Against | None = Field(description="null without classes, or without a stage to compare with")
    unanswered: Unanswered | None = Field(
        default=None, description="null where arrivals are not closed, and below 1 % of the workers' time"
    )
    generator: Generator
    machine: Machine | None = Field(default=None, description="what disturbed it, if anything; null in older files")
    limit: Limit | None = Field(description="null where there is too little evidence")
    disturbed: list[Reason] = Field(
        default=[], description="why its figures say nothing of the target, and are null; it ranks nowhere"
    )
    outages: list[Outage] = Field(default=[], description="of our own receivers, that nobody had planned")

    @property
    def plans_faults(self) -> bool:
        """Whether it was planned that something goes wrong."""
        plan = self.parameters
        classes = plan.get("classes") or ()
        told = plan.get("faults") or plan.get("incidents") or plan.get("restart")
        return bool(told or any(one.get("faults") for one in classes))

    @property
    def plans_redirects(self) -> bool:
        """Whether receivers were to answer 3xx."""
        parts = [self.parameters, *(self.parameters.get("classes") or ())]
        faults = [part.get("faults") or {} for part in parts]
        statuses = [status for one in faults for status in (*(one.get("status") or {}), one.get("answer"))]
        statuses += [one.get("fail_status") for one in faults if one.get("fail_first")]
        return any(str(status).startswith("3") for status in statuses)


class Series(Model):
    """A stage over time, from its start, in equal steps; `series.csv` in the run's folder has every second.

    A stage of more than 1,000 seconds is told in steps of more: counts are sums over the step, quantiles those of
    all its deliveries, and what is waiting is told for its end.
    """

    stage: str
    step_s: int
    columns: dict[str, list[int | float | None]] = Field(description="see docs/numbers.md")


class Run(Model):
    """Which run this is, as its manifest (`run.json`) has it."""

    id: str
    started_at: datetime
    ended_at: datetime | None = Field(default=None, description="null: it has no end, or the file is of version 1")
    seed: int
    test: str
    options: dict[str, Any]
    left_out: dict[str, str] = Field(default={}, description="stages that were not played, by name: what they need")
    environment: dict[str, Any]


class Section(Model):
    """One test's part of a report."""

    run: Run
    verdict: Verdict
    stages: list[Stage]
    series: list[Series] | None = Field(description='of the test "load"; null of the others')
    scaling: list[Scaling] | None = Field(description='of the test "scalability"; null of the others')
    usl: dict[str, Usl] | None = Field(description="the same, by scenario: where a side was made stronger")
    capacity: list[Capacity] | None = Field(description="the same: what each search found")
    regions: list[Regions] | None = Field(default=None, description='of the test "distribution"; null of the others')
    strategies: list[Strategies] | None = Field(default=None, description="the same: scenarios of several strategies")
    clock_uncertainty_ms: float = Field(default=0, description="times of different hosts may be so wrong; 0: one host")
    failovers: list[Failover] | None = Field(default=None, description="the same: every fault of every stage")
    duplicates: list[Duplicates] | None = Field(
        default=None, description="stages that delivered every event twice; null where there is none"
    )
    rotations: list[Rotation] | None = Field(
        default=None, description="stages in which the secret changed; null without `--rotate-at`"
    )
    service: ServiceReport | None = Field(default=None, description="null where our senders delivered themselves")
    default_checks: list[DefaultCheck] | None = Field(
        default=None, description="null with `--no-default-checks`, and in older files"
    )
    checks: list[JudgedCheck] = Field(default=[], description="that somebody asked for, and that are about this test")
    findings: list[Finding] = Field(default=[], description="the answers to the test's questions, in sentences")
    failures: list[Failure] | None = Field(
        default=None, description="attempts that failed, those that nobody planned first; null in older files"
    )
    watched: list[Watched] = Field(default=[], description="what `--watch` and `--watch-name` logged, busiest first")


class PerformanceReport(Model):
    """`webhook_performance_results.json`: a section for each test that was run, each with its own run."""

    schema_version: Version = VERSION
    sections: dict[str, Section] = Field(default={})
