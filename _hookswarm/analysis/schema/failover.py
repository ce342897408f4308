"""What is told of a regional failover, as models; see docs/failover.md.

Seconds count from the fault's beginning, unless told otherwise. What did not happen or cannot be known is null.
"""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model


class OriginFailover(Model):
    """What one origin made of a fault."""

    origin: str
    regions: list[str] = Field(description="that were out of order for this origin")
    first_failure_s: float | None = Field(description="end of the first failed attempt there that the fault met")
    detected_first_s: float | None = Field(description="the first sending process ceased to send there")
    detected_s: float | None = Field(description="the last one did, of those that did")
    detected_by: str | None = Field(description="what told the first: failures, probes, trial")
    detected_processes: int = Field(description="sending processes that ceased to send there")
    bound_s: float | None = Field(description="by when it should be detected, by the plan and the rate before")
    within_bound: bool | None = Field(description="detected_s against bound_s, with some slack")
    first_success_elsewhere_s: float | None = Field(
        description="first acknowledgement by another region, of an event that had failed or fell due after a failure"
    )
    recovered_s: float | None = Field(description="from then on events were acknowledged in time again, for hold_s")
    hold_s: float = Field(description="how long that was looked at")
    longest_gap_s: float = Field(description="without an acknowledgement, until recovered or the end")
    home_share: float | None = Field(description="of its attempts, to these regions before the fault")
    failback_started_s: float | None = Field(description="from the heal to the first attempt there that succeeded")
    failed_back_s: float | None = Field(description="from the heal to 95 % of the home share, for hold_s")
    flips: int = Field(description="its processes changed their minds of these regions, either way")


class Survivor(Model):
    """A region that was in order, and what it took on."""

    region: str
    before_per_s: float | None = Field(description="arrivals, mean; attempts where there is no journal of arrivals")
    peak_per_s: float | None = Field(description="in the busiest second of the fault")
    overshoot: float | None = Field(description="peak / before")
    of_fair_share: float | None = Field(
        description="peak / what falls to it by weight if the survivors take all that came before"
    )


class ReceiversView(Model):
    """What the regions that were out of order took from the origins that should notice, by their own journals."""

    arrived: int = Field(description="arrivals during the fault, however they were answered")
    taken: int = Field(description="those of them that were taken (answered 2xx)")
    last_taken_s: float | None = Field(description="the last one that was taken during the fault")
    first_taken_after_s: float | None = Field(description="from the heal to the first one that was taken")
    failed: int = Field(description="attempts sent there during the fault that the senders call failed")
    failed_but_taken: int = Field(description="those of them that were taken, be it after the heal")
    views_differ: str | None = Field(description="what each side saw, in a sentence, where it is not the same")


class Failover(Model):
    """One fault of a stage: incidents that overlap are one."""

    stage: str
    faults: list[str]
    regions: list[str] = Field(description="that it befell")
    origins: list[str] = Field(description="that should notice, and sent anything")
    began_at_s: float = Field(description="from the stage's start")
    lasted_s: float
    healed: bool = Field(description="it ended before the stage's window did")
    slo: float = Field(description="share of the events that must be acknowledged within deadline_s")
    deadline_s: float = Field(description="from due to acknowledged")
    by_origin: list[OriginFailover]
    recovered_s: float | None = Field(description="the last of the origins; null if any did not")
    due: int = Field(description="events that fell due from the fault until recovered, or until the end")
    failed: int = Field(description="of these, never acknowledged")
    late: int = Field(description="acknowledged after the deadline")
    lost: int | None = Field(description="acknowledged, and never taken by a receiver")
    duplicated: int | None = Field(description="arrivals of an event beyond its first")
    reordered: int | None = Field(description="events first taken after a later one of their webhook")
    budget_burned: float | None = Field(description="(failed + late) / the bad events that the SLO grants the stage")
    survivors: list[Survivor]
    p99_before_ms: float | None = Field(description="due to acknowledged, of what fell due before the first fault")
    p99_during_ms: float | None
    p99_after_ms: float | None
    flips: int = Field(description="of all origins and processes, of the regions that it befell")
    false_alarms: int = Field(description="flips to unhealthy of regions that were in order")
    backlog_peak: int = Field(description="most events at once that were due and not finished")
    drain_s: float | None = Field(description="from the heal until no more of them were than before the first fault")
    metastable: bool | None = Field(description="not recovered though the cause was long gone")
    receivers: ReceiversView | None = Field(description="null where none of the regions keeps a journal for us")
