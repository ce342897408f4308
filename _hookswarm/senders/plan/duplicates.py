"""Events that are delivered twice on purpose: in which way, and how long after."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as model

from _hookswarm.senders.plan.arrivals import Arrivals, Constant, Poisson

NEWER = 3
"""Events that fall due, on average, between an event and its interleaved repeat, at least."""


@model(frozen=True, config={"extra": "forbid"})
class Duplicate:
    """How every event of a stage is delivered a second time; at the same instant it may be more often.

    | kind        | the second delivery                                                                   |
    |-------------|---------------------------------------------------------------------------------------|
    | later       | `after_s` after the first one was answered                                            |
    | at_once     | at the same instant, on another connection                                            |
    | ack_lost    | `after_s` after the sender broke off the first one, whose answer was there and unread |
    | interleaved | as `later`, and newer events go out in between                                        |
    """

    kind: Literal["later", "at_once", "ack_lost", "interleaved"]
    after_s: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.5
    times: Annotated[int, Field(ge=2, le=64)] = 2
    """Deliveries of each event in all; other kinds than `at_once` have two."""

    def pause_s(self, arrivals: Arrivals) -> float:
        """How long after; at a low rate an interleaved repeat waits until newer events have fallen due."""
        if self.kind == "interleaved" and isinstance(arrivals, Constant | Poisson):
            return max(self.after_s, NEWER / arrivals.rate)
        return self.after_s
