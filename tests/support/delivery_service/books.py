"""What became of every delivery: the answers that a test must come to."""

from collections.abc import Iterable
from typing import Literal, get_args

from tests.support.delivery_service.store import Store

Entry = tuple[str, str, str]
"""A name, an event's id, and an endpoint's."""

End = Literal["delivered", "gave_up", "dropped", "forgotten", "unsettled", "lost"]
"""How a delivery ends, in one of these ways only:

| delivered | its endpoint answered 2xx                                            |
| gave_up   | its last attempt failed, or it was the one that its endpoint refused for ever |
| dropped   | its endpoint was disabled or deleted before                          |
| forgotten | by a fault                                                           |
| unsettled | its endpoint was too young                                           |
| lost      | in a restart                                                         |
"""
Note = Literal[
    "accepted", "duplicates", "unmatched", "late", "doubled", "swapped", "corrupted", "misdelivered", "bodiless"
]  # fmt: skip
"""What else is counted:

| accepted   | a delivery was promised; at rest, as many as there are ends            |
| duplicates | an event whose id was known; its endpoint is ""                        |
| unmatched  | an event that no endpoint is there for; its endpoint is ""             |
| late       | an event that was answered late; its endpoint is ""                    |
| doubled    | a delivery that was delivered, and then again                          |
| swapped    | a delivery that the next one of its endpoint overtook                  |
| corrupted  | a delivery that was delivered with another body                        |
| misdelivered | a delivery that went to another tenant's endpoint, which is named    |
| bodiless   | a delivery whose success was the answer to a GET, after a redirect     |
"""
ENDS: tuple[End, ...] = get_args(End)
NOTES: tuple[Note, ...] = get_args(Note)


class Books:
    """Counts, each with the `(event id, endpoint id)` that it counts; kept in the store, but for the attempts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.attempts = 0
        """Of this life only."""
        self.told: dict[str, list[tuple[str, str]]] = {name: [] for name in (*NOTES, *ENDS)}

    def promise(self, event_id: str, now: float, endpoint_ids: list[str], body: bytes) -> None:
        """An event was accepted for these endpoints."""
        self._store.append("event", event_id, now, endpoint_ids, body.decode())
        self.restore(promised(event_id, endpoint_ids))

    def note(self, name: Note | End, event_id: str, endpoint_id: str = "") -> None:
        self._store.append("note", name, event_id, endpoint_id)
        self.told[name].append((event_id, endpoint_id))

    def restore(self, entries: Iterable[Entry]) -> None:
        """Entries that the store knows already."""
        for name, event_id, endpoint_id in entries:
            self.told[name].append((event_id, endpoint_id))

    def counts(self) -> dict[str, int]:
        return {"attempts": self.attempts, **{name: len(pairs) for name, pairs in self.told.items()}}


def promised(event_id: str, endpoint_ids: list[str]) -> list[Entry]:
    """What an accepted event is in the books."""
    return [("accepted", event_id, endpoint_id) for endpoint_id in endpoint_ids] or [("unmatched", event_id, "")]
