"""Whose clock is how far off: puts what other processes and hosts wrote on the senders' time."""

from collections.abc import Sequence

from _hookswarm.records.journal import Header
from _hookswarm.records.machine import MachineHeader
from _hookswarm.records.resources import ResourceHeader
from _hookswarm.records.timeline import ClockRead, Entry


class Clocks:
    """Puts what other processes wrote on the senders' clock.

    Processes since one boot share the monotonic clock, so their wall clocks differ by their anchors alone. Sending
    processes of other hosts have set theirs by the master's; how far ahead receivers' were was read before and after
    the stages: the mean of both readings counts, and half of their difference adds to the uncertainty.
    """

    def __init__(self, reference: Header | None, timeline: Sequence[Entry]) -> None:
        self._reference = reference
        read: dict[str, list[ClockRead]] = {}
        for entry in timeline:
            if isinstance(entry, ClockRead) and entry.uncertainty_ns:
                read.setdefault(entry.boot, []).append(entry)
        self._read = read

    def shift(self, header: Header | ResourceHeader | MachineHeader) -> int:
        """Nanoseconds to add; 0 where nothing is known."""
        if self._reference and self._reference.boot == header.boot != "":
            return self._reference.anchor_ns - header.anchor_ns
        readings = self._read.get(header.boot, [])
        if not readings:
            return 0
        return round(sum(map(_anchor_ns, readings)) / len(readings)) - header.anchor_ns

    @property
    def uncertainty_ns(self) -> int:
        """The most that any of them may be wrong by."""
        return max(map(_uncertainty_ns, self._read.values()), default=0)


def _anchor_ns(read: ClockRead) -> int:
    """What to add to that host's monotonic clock for the senders' time."""
    return read.anchor_ns - read.offset_ns


def _uncertainty_ns(readings: Sequence[ClockRead]) -> int:
    anchors = list(map(_anchor_ns, readings))
    return max(read.uncertainty_ns for read in readings) + (max(anchors) - min(anchors)) // 2
