"""What the scalability test has to say, as models. What could not be measured is null."""

from typing import Any, Literal

from pydantic import Field

from _hookswarm.analysis.schema.base import Model


class Estimate(Model):
    """A value and its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Peak(Model):
    """Where throughput is highest, and how high."""

    at: Estimate = Field(description="how many times the smallest stage")
    throughput_per_s: Estimate


class CurvePoint(Model):
    """What the law says of one factor."""

    factor: float
    throughput_per_s: Estimate


class Usl(Model):
    """The Universal Scalability Law fitted to one scenario; see docs/scalability.md.

    X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1)), where N is the factor.
    """

    skipped: str | None = Field(description="why nothing was fitted")
    points: int = Field(description="measured throughputs, repeats among them")
    alpha: Estimate | None = Field(description="contention: the share of the work that waits for its turn")
    beta: Estimate | None = Field(description="coherency: what each pair of N costs to agree")
    gamma: Estimate | None = Field(description="throughput of one, a second")
    peak: Peak | None = Field(description="null where there is none inside the measured range")
    curve: list[CurvePoint] = Field(
        default=[], description="the law over the measured range, each point with its own interval"
    )
    shape: str = Field(description="what the coefficients say of growth, in a sentence")
    residuals_ok: bool | None = Field(description="false where the law does not describe the data")
    residuals: str = Field(description="what is left of the data when the law is taken off, in a sentence")


class Limit(Model):
    """Which side kept a stage from being faster, and the evidence; see docs/scalability.md."""

    side: Literal["generator", "target", "neither"]
    message: str
    sender_cpu_share: float = Field(description="of one core, the busiest sending process")
    receiver_cpu_share: float | None = Field(description="of one core, the busiest receiving process")
    sender_us_per_delivery: float | None = Field(description="CPU time of all sending processes / deliveries")
    receiver_us_per_delivery: float | None
    idle_share: float | None = Field(description="of the workers' time, that in which they awaited no answer")
    queueing_ms: float | None = Field(description="due to sent, mean")
    response_ms: float | None = Field(description="sent to answered, mean")
    processes_needed: int | None = Field(
        description="sending processes, each with a core of its own, that the rate needs; null if they did"
    )


class Throughput(Model):
    """Of the repeats, a second."""

    median: float
    low: float
    high: float


class ScalingFactor(Model):
    """The stages of one size.

    Those that the generator limited are void, and in none of the figures; nor are those in which a receiver was out.
    """

    factor: int = Field(description="how many times the smallest")
    value: Any = Field(description="of the parameter that is scaled")
    repeats: int = Field(description="that count")
    void: list[str] = Field(description="stages that the generator limited")
    throughput_per_s: Throughput | None
    speedup: float | None = Field(description="throughput against the smallest, medians")
    efficiency: float | None = Field(description="speedup / factor; null where more is more work, not more strength")
    p50_ms: float | None = Field(description="due to acknowledged, median over the repeats")
    p99_ms: float | None
    sender_us_per_delivery: float | None = Field(description="CPU time, median over the repeats")
    receiver_us_per_delivery: float | None


class Scaling(Model):
    """One scenario: one parameter made larger, all else alike."""

    scenario: str
    parameter: str | None = Field(description="what is scaled; null where that cannot be told from the plan")
    factors: list[ScalingFactor]
    note: str | None = Field(description="what is missing, and why")


class Try(Model):
    """One stage of a search for capacity."""

    name: str
    rate_per_s: float = Field(description="offered")
    reached_per_s: float | None
    p99_ms: float | None
    error_rate: float | None
    held: bool | None = Field(description="null: a sender was late or starved, so it says nothing of the target")
    broke: Literal["generator", "queue", "error_rate", "p99_ms", "nothing_due"] | None = Field(
        description="what broke first"
    )


class Capacity(Model):
    """The highest sustained rate that keeps the limits; see docs/scalability.md."""

    scenario: str
    limits: dict[str, float]
    rate_per_s: float | None = Field(description="null where no rate held")
    low_per_s: float | None = Field(description="the highest rate that held")
    high_per_s: float | None = Field(description="the lowest rate that broke; null where none did")
    lower_bound: bool = Field(description="the target may do more: nothing broke, or the generator did")
    limited_by: str | None = Field(
        description="what broke first at the lowest rate that broke; `max_rate`: none broke up to that one"
    )
    tries: list[Try]
