"""What a delivery service's healthy endpoints feel of those that are slow, fail, or hang."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model
from _hookswarm.common.wording import figure

FELT = "delivery latency of the healthy endpoints, less the same in the stage without trouble, ms"
FIFO = "what they would wait in a first-in-first-out queue of as many workers, on the same arrivals and answers, ms"


class Hold(Model):
    """Deliveries to healthy endpoints that waited while those of a class were open, and nothing arrived."""

    name: str = Field(description="the class")
    seconds: float = Field(description="the longest time")


class Isolation(Model):
    """One stage beside its baseline. Delays are of healthy endpoints' events that fell due in the window."""

    stage: str
    baseline: str = Field(description="the stage with the same arrivals and without trouble")
    number: float | None = Field(
        description="1 - felt / fifo at p99, within 0..1: 1 is perfect, 0 is no better than a queue; null: nothing "
        "arrived at the troubled endpoints, `told` says why"
    )
    felt_p50_ms: float = Field(description=FELT)
    felt_p99_ms: float = Field(description=FELT)
    fifo_p50_ms: float = Field(description=FIFO)
    fifo_p99_ms: float = Field(description=FIFO)
    concurrency: int = Field(description="most arrivals open at once: as many workers the queue has")
    gave_up_s: float | None = Field(description="how long it waits for an answer that does not come; null: none hung")
    events: int = Field(description="of healthy endpoints, that were compared")
    undelivered: int = Field(description="of these, that had not arrived after the drain: they count as long as that")
    holds: list[Hold] = Field(description="classes that held up healthy endpoints, the worst first")
    told: str = Field(description="the same in words")

    def row(self) -> tuple[str, ...]:
        """A line of a table: see HEADER."""
        delays = (self.felt_p50_ms, self.felt_p99_ms, self.fifo_p50_ms, self.fifo_p99_ms)
        number = "-" if self.number is None else f"{self.number:.2f}"
        return (self.stage, number, *map(figure, delays), f"{self.concurrency:,}")


HEADER = ("isolation", "0 to 1", "felt p50 ms", "p99 ms", "FIFO p50 ms", "p99 ms", "at once")
