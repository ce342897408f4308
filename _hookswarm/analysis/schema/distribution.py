"""What the distribution test has to say of regions and strategies, as models. What could not be measured is null."""

from typing import Literal

from pydantic import Field

from _hookswarm.analysis.schema.base import Model, Quantiles


class RegionPair(Model):
    """What one region sent to another."""

    origin: str
    target: str
    attempts: int
    acknowledged: int = Field(description="attempts that were accepted")
    error_rate: float = Field(description="share of the attempts that were not acknowledged")
    throughput_per_s: float | None = Field(description="events acknowledged in the window by the target / its length")
    latency_ms: Quantiles = Field(description="of attempts, sent to answered, of what fell due in the window")
    rtt_ms: float | None = Field(description="round trip by the table of regions")


class RegionOrigin(Model):
    """What befell the events of one region."""

    origin: str
    due: int = Field(description="events")
    error_rate: float | None = Field(description="share of its due events that were not acknowledged")
    latency_ms: Quantiles = Field(description="due to acknowledged, of what fell due in the window")
    attempts: int
    cross_region_share: float | None = Field(
        description="of the attempts, those to a region farther than the nearest; without a table, to any but its own"
    )
    rtt_above_nearest_ms: float | None = Field(
        description="mean over the attempts: round trip to the region that was chosen less that to the nearest"
    )


class RegionTarget(Model):
    """What one region was sent, and how it answered."""

    target: str
    weight: float | None = Field(description="what it can take, beside the others")
    attempts: int
    load: float | None = Field(description="attempts / weight")
    error_rate: float | None = Field(default=None, description="share of the attempts that were not acknowledged")
    latency_ms: Quantiles | None = Field(
        default=None, description="of attempts, sent to answered, of what fell due in the window"
    )


class Regions(Model):
    """One stage by its regions; see docs/distribution.md. Counts and error rates are of the whole stage."""

    stage: str
    scenario: str
    pairs: list[RegionPair] = Field(description="those between which there was an attempt")
    origins: list[RegionOrigin] = Field(description="those that had an event")
    targets: list[RegionTarget] = Field(description="all of the run")


class Strategy(Model):
    """One strategy's figures, over all its repeats: of events that fell due in the window, and of their attempts."""

    strategy: str
    rank: int = Field(description="1 + how many are in the ranks before: strategies of one rank cannot be told apart")
    objective_ms: float | None = Field(description="what is ranked by; null: infinite")
    events: int = Field(description="that fell due")
    p50_ms: float | None = Field(description="due to acknowledged, of the acknowledged")
    p99_ms: float | None
    p999_ms: float | None
    error_rate: float | None = Field(description="share of the events that were never acknowledged")
    goodput_per_s: float | None = Field(
        description="events acknowledged within on_time_ms, each once / the window's length"
    )
    amplification: float | None = Field(description="attempts / events that were sent at least once")
    jain: float | None = Field(description="Jain's index of the regions' load / weight: 1 is even, 1 / n is all on one")
    peak_to_mean: float | None = Field(description="of the regions' load / weight")
    cross_region_share: float | None = Field(description="of the attempts: see regions")
    rtt_above_nearest_ms: float | None
    degraded_share: float | None = Field(
        description="of the attempts begun during an incident, those sent to a region that it befell"
    )


class Difference(Model):
    """How far a strategy is behind a better one, with an interval; null is infinite."""

    better: str
    worse: str
    of: Literal["objective_ms", "error_rate"] = Field(
        description="error_rate: where the objective is infinite for both"
    )
    value: float | None
    low: float | None
    high: float | None
    chance: float | None = Field(
        description="how often so large a difference comes about if chance deals out the slices of time; "
        "null where the interval reaches 0, or the difference is too small to matter"
    )
    different: bool = Field(description="certain, and large enough to matter: see docs/distribution.md")
    message: str


class Strategies(Model):
    """The strategies of one scenario, which met the same arrivals and the same faults, the best first."""

    scenario: str
    stages: list[str] = Field(description="that were compared")
    left_out: list[str] = Field(
        default=[], description="stages in which a receiver of ours was out though nobody had planned it"
    )
    repeats: int = Field(description="of each strategy")
    objective: str
    on_time_ms: float
    method: str = Field(description="how the intervals were made, and what a difference is")
    strategies: list[Strategy]
    differences: list[Difference] = Field(
        description="of neighbours, of each from the best, and of each from the first of its rank or of the one before"
    )
