"""What deliveries that were repeated on purpose did at the receiver, as its owner's observer counts it."""

from typing import Literal

from pydantic import Field

from _hookswarm.analysis.schema.base import Model

Kind = Literal["later", "at_once", "ack_lost", "interleaved"]


class Duplicates(Model):
    """One stage that delivered every event twice. A handler of duplicates has one effect for each event."""

    stage: str
    kind: Kind = Field(description="docs/your-endpoint.md has them")
    events: int = Field(description="that were sent")
    acknowledged: int = Field(description="of these")
    repeated: int = Field(description="events that were sent a second time")
    apart_ms: float | None = Field(description="between both attempts' starts, the median")
    effects: float | None = Field(description="after the stage, less those before; null where the observer did not say")
    extra: float | None = Field(description="effects beyond one for each event: duplicates that got through")
    missing: float | None = Field(description="acknowledged events without an effect")
    fault: str = Field(default="", description="why effects is null")

    @property
    def passed(self) -> bool | None:
        """None: nothing is known. What had its effect twice got through, acknowledged or not."""
        if self.effects is None or not (self.acknowledged or self.extra):
            return None
        return not (self.extra or self.missing)
