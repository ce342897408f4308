"""What the scalability test has to say, as models. What could not be measured is null."""

from pydantic import Field

from analysis.models import Model


class Estimate(Model):
    """A value and its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Peak(Model):
    """Where throughput is highest, and how high."""

    at: Estimate = Field(description="how many times the smallest stage")
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
    shape: str = Field(description="what the coefficients say of growth, in a sentence; never an extrapolation")
    residuals_ok: bool | None = Field(description="false where the law does not describe the data")
    residuals: str = Field(description="what is left of the data when the law is taken off, in a sentence")
