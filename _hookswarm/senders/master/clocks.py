"""Whose clocks a run has, and how far each is from the master's."""

from collections.abc import Iterable

from _hookswarm.records.manifest import HostRecord
from _hookswarm.senders.exchange.messages import Ready
from _hookswarm.senders.master.run import Run


def read_clocks(run: Run, senders: Iterable[Ready]) -> None:
    """Those of receivers of other hosts drift: what they wrote in between is put right by both readings.

    Raises ControlError, OSError.
    """
    read = run.controls.read_clocks(run.clock)
    for one in read:
        run.folder.timeline.add(one)
    run.folder.manifest.hosts = [
        *(ready.record() for ready in senders),
        *(
            HostRecord(
                role="receiver",
                name=one.region,
                host=one.host,
                offset_ns=one.offset_ns,
                uncertainty_ns=one.uncertainty_ns,
            )
            for one in read
        ),
    ]
