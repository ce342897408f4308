"""What tells which resource of a stage gave out first, and what follows from it at once."""

from dataclasses import dataclass

from _hookswarm.common.limits import AWAITING_CLOSED_SHARE, BUSY_SHARE, LATE_MS, STARVED_SHARE


@dataclass(frozen=True)
class Evidence:
    """What a stage's processes and its machine tell; None is unknown. Shares are of the window."""

    waiting_limit: float = AWAITING_CLOSED_SHARE
    """From where on workers that await answers are kept waiting."""
    without_port: float | None = None
    """Attempts, of all, for which the sender's machine had no local port; None, too, where that befell none."""
    without_descriptor: float | None = None
    """The same of file descriptors …"""
    without_memory: float | None = None
    """… and of memory for a connection."""
    sender_busy: float | None = None
    """Of a core, the busiest sending process."""
    sender_starved: float | None = None
    """Ready to run, and without a CPU."""
    late_ms: float | None = None
    """How late idle workers woke for what was due (p99)."""
    receiver_busy: float | None = None
    """Of a core, the busiest receiving process; where the receiver is not ours, of those that were watched."""
    service_busy: float | None = None
    """Of a core, the busiest process that was watched, where a delivery service is tested …"""
    endpoints_busy: float | None = None
    """… and the busiest receiving process there, which is ours."""
    sender_fds: float | None = None
    """File descriptors of their limit, the process nearest to it."""
    receiver_fds: float | None = None
    overflows_per_s: float | None = None
    """Connections that found a listening socket's queue full."""
    connecting: float | None = None
    """Of the time in which workers awaited answers, that in which they still connected."""
    fsync_share: float | None = None
    """Of the time, in which a receiving process was in fdatasync."""
    disk_busy: float | None = None
    memory_pressure: float | None = None
    waited: float | None = None
    """Of the workers' time, awaiting answers."""
    inside_receiver: float | None = None
    """Of the attempts' time, from received to answered; None without a journal of the receiver's."""

    @property
    def kept_waiting(self) -> bool:
        """Whether workers were slowed down by the answers that they awaited."""
        return (self.waited or 0.0) >= self.waiting_limit

    @property
    def sender_ready(self) -> float | None:
        """Of the time in which the busiest sending process ran, or was ready to."""
        return None if self.sender_busy is None else self.sender_busy + (self.sender_starved or 0.0)

    @property
    def receiver_full(self) -> bool:
        """Whether a process of the target had all of a core."""
        return max(self.receiver_busy or 0.0, self.service_busy or 0.0) >= BUSY_SHARE

    @property
    def sender_full(self) -> bool:
        """Whether the sender's CPU, or its timers, were at their limit, and no receiver took it the core."""
        lacked = (self.sender_ready or 0.0) >= BUSY_SHARE or (self.sender_starved or 0.0) >= STARVED_SHARE
        late = (self.late_ms or 0.0) >= LATE_MS
        return (self.sender_busy or 0.0) >= BUSY_SHARE or late or (lacked and not self.receiver_full)
