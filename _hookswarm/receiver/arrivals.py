"""The files that one data-plane process keeps of a run's arrivals: a journal, and what stands beside it."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from _hookswarm.receiver.bodies import BodyFile
from _hookswarm.receiver.config import Durability, ReceiverConfig
from _hookswarm.receiver.evidence import EvidenceFile
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import BufferedJournal, Header, Journal
from _hookswarm.records.rows import Flag, pack_row

_WRITTEN = int(Flag.WRITTEN)


class Opened(NamedTuple):
    """What a process writes of a run's arrivals."""

    journal: Journal
    bodies: BodyFile | None
    evidence: EvidenceFile | None


def open_arrivals(config: ReceiverConfig, run: str, clock: Clock) -> Opened:
    """A new journal, and what is kept beside it. Raises OSError, and then leaves nothing."""
    folder = config.results / run
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{config.region}-{os.getpid()}"

    def header(kind: str) -> Header:
        return Header(kind, run, name, clock.anchor_ns, config.region)

    # On a full disk every request comes here again: what stands beside a journal must not stay without it.
    with contextlib.ExitStack() as undo:
        bodies = evidence = None
        if config.bodies:
            beside = _unused(folder, f"bodies-{name}", ".ndjson")
            bodies = BodyFile(beside)
            undo.callback(beside.unlink)
        if config.evidence:
            beside = _unused(folder, f"evidence-{name}", ".ndjson")
            evidence = EvidenceFile(beside, config.port)
            undo.callback(beside.unlink)
        path = _unused(folder, f"arrivals-{name}")
        if config.durability is Durability.FSYNC:
            log = _unused(folder, f"fsyncs-{name}")
            timed = Journal(log, header("fsyncs"))
            undo.callback(log.unlink)
            journal: Journal = _TimedJournal(path, header("arrivals"), timed, clock.now)
        else:
            kind = BufferedJournal if config.durability is Durability.MEMORY else Journal
            journal = kind(path, header("arrivals"))
        undo.pop_all()
    return Opened(journal, bodies, evidence)


class _TimedJournal(Journal):
    """Tells another journal when each of its fdatasyncs began, and when it was done."""

    def __init__(self, path: Path, header: Header, log: Journal, now: Callable[[], int]) -> None:
        super().__init__(path, header)
        self._log = log
        self._now = now

    def _commit(self) -> None:
        began = self._now()
        super()._commit()
        with contextlib.suppress(OSError):  # a full disk: what was synced is safe all the same
            self._log.append(pack_row(start=began, done=self._now(), flags=_WRITTEN))


def _unused(folder: Path, stem: str, suffix: str = ".journal") -> Path:
    """A file's path that does not exist yet: a run may be set twice, and a pid comes round again.

    `<region>-<pid>.2`: with another "-" it would look like a file of the region `<region>-<pid>`.
    """
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}.{number}{suffix}"
    return path
