"""Wall-clock nanoseconds that never step: one anchor plus the monotonic clock."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


def _anchor() -> int:
    return time.time_ns() - time.monotonic_ns()


@dataclass(frozen=True, slots=True)
class Clock:
    """`now()` is `anchor_ns` plus CLOCK_MONOTONIC, which all processes since one boot share."""

    anchor_ns: int = field(default_factory=_anchor)

    def now(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return self.anchor_ns + time.monotonic_ns()


def boot_id() -> str:
    """Names this boot of this machine; empty where the kernel does not tell (then clocks are not comparable)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Offset:
    """How far another clock is ahead of ours, and how wrong that may be."""

    ns: int
    uncertainty_ns: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question to another clock: asked and answered by ours, `told_ns` by the other in between."""

    asked_ns: int
    told_ns: int
    answered_ns: int

    @property
    def round_trip_ns(self) -> int:
        """By our clock."""
        return self.answered_ns - self.asked_ns


def measure_offset(exchanges: Iterable[Exchange]) -> Offset:
    """By the exchange of the shortest round trip (RFC 5905, section 10): the other clock was read somewhere inside it.

    Whatever part of the trip was the way there, the error is half of the round trip at most.
    """
    best = min(exchanges, key=lambda exchange: exchange.round_trip_ns)
    return Offset(best.told_ns - (best.asked_ns + best.answered_ns) // 2, best.round_trip_ns // 2)
