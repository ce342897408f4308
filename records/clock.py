"""Wall-clock nanoseconds that never step: one anchor plus the monotonic clock."""

import time
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
