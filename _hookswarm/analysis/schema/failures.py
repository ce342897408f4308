"""Attempts that failed, as the reports tell them."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model


class Failure(Model):
    """Attempts of a run that failed alike; how many, by the journals."""

    attempts: int
    outcome: str = Field(description='"rejected": answered otherwise than wanted; "refused", "read_timeout" …')
    status: int | None = Field(description="HTTP's; null: there was no answer")
    text: str = Field(description="what the sender saw; empty where it did not live to tell")
    sample: str = Field(description="how one answer's body began (200 bytes), in one line, without our secrets")
    hint: str = Field(description="what to look at; empty where nothing is known, or the plan lets things fail")
    planned: bool = Field(
        description="of stages that plan faults: what our receivers were told to do is among them. Of publishes to a "
        "service: of stages that restart it, or publish again"
    )
    stages: dict[str, int] = Field(description="attempts by stage")
    first_s: float = Field(description="when the first of them ended, from the run's first stage on")
    last_s: float
