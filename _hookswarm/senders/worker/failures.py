"""Which attempts of a stage failed, and how: what one process tells of them beside its journal, which has no texts."""

import re
from collections.abc import Callable, Sequence

from _hookswarm.common.wording import one_line
from _hookswarm.protocol.credentials import masked
from _hookswarm.records.failures import FailureKind
from _hookswarm.records.rows import Outcome

MOST_KINDS = 100
"""Of a stage, in one process; the journals count what goes beyond."""
_NUMBER = re.compile(r"0x[0-9a-f]+|\d+")


class Failures:
    """Counts them by outcome, status and text. Texts that differ in numbers alone are of one kind."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Outcome, int, str], _Kind] = {}
        """By the text as it first was: nearly all that come have been seen before."""
        self._kinds: dict[tuple[Outcome, int, str], _Kind] = {}
        """By the text without its numbers."""
        self._beyond = _Kind("")

    def note(self, outcome: Outcome, status: int, text: str, answer: bytes, webhook: int, done_ns: int) -> None:
        """One more, which ended at `done_ns`; `answer`: how the body of its webhook's endpoint began."""
        kind = self._seen.get((outcome, status, text)) or self._find(outcome, status, text)
        kind.count += 1
        kind.first_ns = kind.first_ns or done_ns
        kind.last_ns = done_ns
        if answer and not kind.answer:
            kind.answer, kind.webhook = answer, webhook

    def _find(self, outcome: Outcome, status: int, text: str) -> "_Kind":
        plain = _NUMBER.sub("…", text)
        alike = outcome, status, plain
        if found := self._kinds.get(alike):
            found.text = plain
            return found
        if len(self._kinds) == MOST_KINDS:
            return self._beyond
        kind = self._kinds[alike] = self._seen[outcome, status, text] = _Kind(text)
        return kind

    def told(self, hidden: Callable[[int], Sequence[bytes]]) -> list[FailureKind]:
        """All kinds, without what answers hold of the secrets of a webhook's endpoint, which are `hidden`."""
        return [kind.told(outcome, status, hidden(kind.webhook)) for (outcome, status, _), kind in self._kinds.items()]


class _Kind:
    __slots__ = ("answer", "count", "first_ns", "last_ns", "text", "webhook")

    def __init__(self, text: str) -> None:
        self.text = text
        self.count = self.first_ns = self.last_ns = self.webhook = 0
        self.answer = b""

    def told(self, outcome: Outcome, status: int, secrets: Sequence[bytes]) -> FailureKind:
        text = self.text.removeprefix(f"{outcome.name.lower()}: ").encode(errors="replace")
        return FailureKind(
            outcome=outcome,
            status=status,
            text=one_line(masked(text, secrets)),
            count=self.count,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
            sample=one_line(masked(self.answer, secrets)),
        )
