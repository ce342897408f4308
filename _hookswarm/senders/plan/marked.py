"""Payloads that carry their event's mark: what is published to a service has to be known again when it arrives."""

from functools import lru_cache

from _hookswarm.protocol.marks import mark, mark_after_id
from _hookswarm.senders.plan.payloads import Payloads

KEPT = 1024
"""Bodies whose marks are remembered: as many as are made up of any size, and most users' own."""


class Marked:
    """The same members, with the mark as the first. They are JSON objects."""

    def __init__(self, payloads: Payloads) -> None:
        self._payloads = payloads
        self._after_id = lru_cache(KEPT)(mark_after_id)
        self.kind = payloads.kind

    def body(self, event_id: bytes, n: int) -> bytes:
        # Without its id a body is the same for many events: what depends on it alone is computed once.
        return mark(event_id, self._after_id(self._payloads.body(b"", n)))
