"""Attempts that failed alike, as a sending process tells them of a stage. The journals know best how many."""

from _hookswarm.records.manifest import Record


class FailureKind(Record):
    """They share outcome, status and text."""

    outcome: int
    status: int = 0
    """HTTP's; 0: there was no answer."""
    text: str
    """What the sender saw. Numbers in which they differ are left out: `…`."""
    count: int
    first_ns: int
    last_ns: int
    """When the first and the last of them ended, Unix nanoseconds."""
    sample: str = ""
    """How the body began that one of them was answered with: one line, without our secrets."""

    hint: str = ""
    """What to look at; empty where nothing is known, or the plan itself lets things fail."""

    def told(self) -> str:
        """For people: `status 401, answered "bad signature": look whether …`."""
        sample = f', answered "{self.sample}"' if self.sample else ""
        return ": ".join(filter(None, (f"{self.text}{sample}", self.hint)))
