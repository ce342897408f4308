"""How fast a delivery service accepts, how fast it delivers, and what a burst makes of both."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model
from _hookswarm.common.wording import figure


class Drain(Model):
    """One stage in which accepted events piled up."""

    stage: str
    accept_per_s: float = Field(description="accepted a second while more and more waited")
    drain_per_s: float = Field(
        description="first attempts that arrived a second while a tenth of the most, or more, waited"
    )
    most_waiting: int = Field(description="events accepted that had not arrived, at most")
    waited_s: float = Field(description="for how long a tenth of the most, or more, waited")
    burst_s: float = Field(description="a burst at accept_per_s that lasts so long …")
    drains_in_s: float = Field(description="… is delivered so long after its end; its last event waits as long")
    expire: list[str] = Field(description="clocks that run out before that event arrives")

    def row(self) -> tuple[str, ...]:
        """A line of a table: see HEADER."""
        rates = (self.accept_per_s, self.drain_per_s)
        hours = f"{figure(self.drains_in_s / 3600)} h"
        return (self.stage, *map(figure, rates), f"{self.most_waiting:,}", figure(self.waited_s), hours)

    def told(self) -> str:
        """What a burst makes run out, in words; empty: nothing."""
        if not self.expire:
            return ""
        lasts, drains = (f"{figure(seconds / 3600)} h" for seconds in (self.burst_s, self.drains_in_s))
        return f"after a burst of {lasts} its last event waits {drains}, which is longer than: {', '.join(self.expire)}"


HEADER = ("drain", "accepts a second", "delivers a second", "most waiting", "for s", "1 h drains in")
