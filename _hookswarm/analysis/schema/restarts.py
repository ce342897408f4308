"""What became of a delivery service's deliveries when it, or a store of it, was ended and started again."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model
from _hookswarm.common.wording import figure


class Restarted(Model):
    """One restart. Events count once for each endpoint that gets them; times are seconds since it was told to end."""

    stage: str
    name: str = Field(description="[restart.NAME] of the service's table")
    how: str = Field(description="by which signal to which process, or by which command")
    at_s: float = Field(description="when it was told to end, from the stage's start")
    gone_s: float | None = Field(description="until it had ended; null: it did not")
    ready_s: float | None = Field(description="until it was back; null: it was not, or nothing tells")
    waiting: int | None = Field(
        default=None, description="accepted, and not arrived, when it was told to end; null in older files"
    )
    accepted_before: int = Field(description="until it had ended")
    lost_before: int = Field(description="of these, that never arrived")
    accepted_after: int = Field(description="after that: most of them once it was back")
    lost_after: int = Field(description="of these, that never arrived")
    missing: int = Field(default=0, description="accepted, and not arrived: by its word it may still deliver them")
    late: int = Field(description="arrived after the drain had given them up: not lost")
    twice: int = Field(description="arrivals after one that was taken; what cannot know that it was may do so")
    refused: int = Field(description="publishes that it did not accept")
    in_doubt: int = Field(description="publishes that nobody answered: neither lost nor unexpected")
    in_doubt_arrived: int
    nothing_moved_s: float | None = Field(description="the longest time without an arrival; null: none came again")
    resumed_s: float | None = Field(description="until deliveries came again after that")
    backlog_gone_s: float | None = Field(description="until no more waited than before; null: never in this stage")
    fault: str = Field(description="what went wrong with the restart itself; empty: nothing")
    due_before: int = Field(default=0, description="events that fell due until it had ended, accepted or not")
    untested: str = Field(default="", description="why nothing was accepted before it; empty: something was")

    @property
    def lost(self) -> int:
        """Accepted, and never arrived."""
        return self.lost_before + self.lost_after

    def row(self) -> tuple[str, ...]:
        """A line of a table: see HEADER."""
        counts = (self.lost, self.missing, self.late, self.twice, self.refused, self.in_doubt)
        times = (self.ready_s, self.nothing_moved_s, self.backlog_gone_s)
        return (self.stage, *(f"{count:,}" for count in counts), *map(figure, times))


HEADER = ("restart", "lost", "missing", "late", "twice", "refused", "in doubt", "back s", "still s", "drained s")
