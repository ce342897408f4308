"""What a stage that was published through a delivery service has to say of it."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model, Quantiles


class ServiceLatencies(Model):
    """Beside `delivery`, which is from offered to the first arrival that was taken."""

    publish: Quantiles = Field(description="from offered to accepted by the service")
    pickup: Quantiles = Field(description="from accepted to the first arrival; negative where that came first")


class Through(Model):
    """Events, once for each endpoint that gets them, and arrivals."""

    accepted: int = Field(description="events that the service said it would deliver")
    arrived: int = Field(description="of all events, those of which anything arrived, taken or not")
    untaken: int = Field(description="accepted, and answered a failure by our receivers every time they arrived")
    retries: int = Field(description="arrivals after earlier ones of their event that were all answered a failure")
    rewritten: int = Field(description="arrivals with the published value in other bytes")
    unverified: int = Field(description="arrivals whose signature was not right, or whose time was not recent")
    bodiless: int = Field(description="requests without a body, such as a GET that follows a redirect: no arrivals")
    waited_s: float | None = Field(description="after the stage, for what was on its way; null: the run ended before")
    latency_ms: ServiceLatencies
