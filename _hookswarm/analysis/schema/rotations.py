"""What the rotation of a secret did (`--rotate-at`)."""

from pydantic import Field

from _hookswarm.analysis.schema.base import Model

UNVERIFIED = "of these, that no secret of the receiver verified; of a receiver that is not ours: that it did not accept"


class Rotation(Model):
    """One stage in which the secret changed. Counts are deliveries by when an attempt of theirs began."""

    stage: str
    at_s: float = Field(description="when the new secret signed alone, from the stage's start")
    before: int = Field(description="sent before that")
    unverified_before: int = Field(description=UNVERIFIED)
    after: int = Field(description="sent since then")
    unverified_after: int = Field(description=UNVERIFIED)

    def row(self) -> tuple[str, ...]:
        """A line of a table: see HEADER."""
        counts = (self.before, self.unverified_before, self.after, self.unverified_after)
        return (self.stage, f"{self.at_s:g}", *(f"{count:,}" for count in counts))


HEADER = ("secret rotated", "at s", "before", "not verified", "after", "not verified")
