"""How a delivery service came through an outage of some of the regions that it delivers to."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model
from _hookswarm.common.wording import figure

HEADER = ("outage", "backlog", "back s", "drained s", "herd a second", "offered", "reordered", "missing", "others ms")


class Outage(Model):
    """Of a stage in which something befell regions. Events are counted once for each endpoint that gets them."""

    stage: str
    faults: list[str]
    regions: list[str] = Field(description="that it befell")
    began_at_s: float = Field(description="after the stage's start")
    lasted_s: float
    offered: int = Field(description="events for endpoints there that fell due while it lasted")
    offered_per_s: float = Field(description="for endpoints there, over the whole stage")
    backlog: int = Field(description="the most events for endpoints there that were accepted and not yet taken")
    back_s: float | None = Field(description="from its end to the first delivery that was taken there; null: none was")
    drained_s: float | None = Field(
        description="from its end until all that was offered before that had been taken; null: some never was"
    )
    herd_per_s: int = Field(description="after its end, the most requests that came there within a second")
    reordered: int = Field(
        description="events there, offered while it lasted, that came after a later one of their endpoint"
    )
    missing: int = Field(description="events there, accepted until its end, that were never taken")
    others_p99_before_ms: float | None = Field(
        description="offered to taken, at the regions that it spared; null: none"
    )
    others_p99_during_ms: float | None
    held: int = Field(
        default=0, description="events that it kept from arriving: they waited longer for that than any it spared"
    )
    pickup_p99_spared_ms: float | None = Field(
        default=None, description="accepted to first arrival, of the events that it spared; null: there are none"
    )

    def told(self) -> str:
        """What the stage's pickup has of it, in a sentence; empty: nothing."""
        if not self.held:
            return ""
        waited = f"{self.held:,} events waited for a retry, or until their region was back"
        spared = figure(self.pickup_p99_spared_ms)
        return f"{self.stage}: {waited}: that wait is in its pickup p99, which is {spared} ms for those it spared"

    def row(self) -> tuple[str, ...]:
        """Its line, under HEADER."""
        others = (self.others_p99_before_ms, self.others_p99_during_ms)
        return (
            self.stage,
            f"{self.backlog:,}",
            _seconds(self.back_s),
            _seconds(self.drained_s),
            f"{self.herd_per_s:,}",
            f"{figure(self.offered_per_s)}/s",
            f"{self.reordered:,}",
            f"{self.missing:,}",
            "-" if None in others else " to ".join(map(figure, others)),
        )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f}"
