"""What a stage that was published through a delivery service has to say of it."""

from typing import Literal

from pydantic import Field

from _hookswarm.analysis.schema.base import Model, Quantiles
from _hookswarm.analysis.schema.drains import Drain
from _hookswarm.analysis.schema.isolation import Isolation
from _hookswarm.analysis.schema.outages import Outage
from _hookswarm.analysis.schema.restarts import Restarted


class ServiceLatencies(Model):
    """Beside `delivery`, which is from offered to the first arrival that was taken."""

    publish: Quantiles = Field(description="from offered to accepted by the service")
    pickup: Quantiles = Field(description="from accepted to the first arrival; negative where that came first")
    receiving: Quantiles | None = Field(
        default=None, description="from received to answered by our receivers, planned delays included"
    )


class Through(Model):
    """Events, once for each endpoint that gets them, and arrivals."""

    published: int = Field(default=0, description="events that fell due, each once, whoever gets it")
    unpublished: int = Field(default=0, description="of them those that were never handed over")
    unaccepted: int = Field(
        default=0, description="of those that were handed over: neither accepted, nor, where that is in doubt, arrived"
    )
    unaccepted_rate: float | None = Field(default=None, description="their share of those that were handed over")
    accepted: int = Field(description="events that the service said it would deliver")
    arrived: int = Field(description="of all events, those of which anything arrived, taken or not")
    untaken: int = Field(description="accepted, and answered a failure by our receivers every time they arrived")
    retries: int = Field(description="arrivals after earlier ones of their event that were all answered a failure")
    missing: int = Field(
        default=0, description="accepted, and not arrived after `quiet_s`: the service may still deliver, by its law"
    )
    overdue: int = Field(
        default=0, description="of `ledger.late`, those that the stage's drain had waited for as long as `allowed_s`"
    )
    dropped: int = Field(default=0, description="accepted, and never arrived: the endpoint had answered 410")
    misdelivered: int = Field(
        default=0, description="arrivals at an endpoint that does not get the event; of `ledger.unexpected`"
    )
    foreign: int = Field(
        default=0, description="requests that name no event that was published to it; of `ledger.unexpected`"
    )
    refused: int = Field(
        default=0, description="arrivals of events that it had not accepted, by its answer; of `ledger.unexpected`"
    )
    valueless: int = Field(
        default=0, description="arrivals with the event's id and no payload, where no other has one: nothing to compare"
    )
    rewritten: int = Field(description="arrivals with the published value in other bytes")
    unverified: int = Field(description="arrivals whose signature was not right, or whose time was not recent")
    bodiless: int = Field(description="requests without a body, such as a GET that follows a redirect: no arrivals")
    waited_s: float | None = Field(description="after the stage, for what was on its way; null: the run ended before")
    quiet_s: float | None = Field(
        default=None, description="from the stage's last arrival until the run's last drain ended; null: there was none"
    )
    allowed_s: float | None = Field(default=None, description="how long a delivery may take, by the service's word")
    latency_ms: ServiceLatencies


Judgement = Literal["kept", "broken", "not promised", "not observed"]


class Rule(Model):
    """One thing that a service does, beside what it promises: a row of the conformance table."""

    rule: str = Field(description='what it is about, such as "after a 410"')
    promised: str | None = Field(description="null: its table says nothing")
    observed: str = Field(
        description="what it did, in a few words with numbers; what the law is where none is promised"
    )
    verdict: Judgement
    evidence: str = Field(description="how often, in which stages, or why it could not be seen")


class Calibration(Model):
    """What it did when it was published to as fast as it accepted, before the first stage."""

    accepts_per_s: float = Field(description="events")
    delivers_per_s: float = Field(description="arrivals: an event that goes to several endpoints has several")
    at_most_per_s: float = Field(description="the rate at which stages with a rate ran at most")


class ServiceReport(Model):
    """The delivery service that a run was published to."""

    name: str
    tried: str = Field(description="the version and date that its table was tried with, or not run")
    endpoints: int
    fan_out: Literal["endpoint", "group", "run"]
    calibration: Calibration | None = Field(default=None, description="null: rates were given")
    outages: list[Outage] = Field(default=[], description="stages in which something befell regions")
    conformance: list[Rule] = Field(default=[], description="its law and its manners, seen from outside")
    isolation: list[Isolation] = Field(default=[], description="stages in which some endpoints troubled it")
    drains: list[Drain] = Field(default=[], description="stages in which it accepted more than it delivered")
    restarts: list[Restarted] = Field(default=[], description="of itself, and of its stores")
