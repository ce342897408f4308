"""What a supervisor and its data-plane processes tell each other, through a folder they share.

The supervisor sets the `Setting` (which run is on, which faults are played); a mapped counter tells every process
at once that it changed. Each process leaves a `ProcessReport` for the statistics.
"""

import mmap
import os
from collections import Counter
from pathlib import Path

from pydantic import BaseModel

from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.protocol.served import MOST_CAUGHT, Caught, Served
from _hookswarm.receiver.config import ReceiverConfig


class Setting(BaseModel):
    """What every data-plane process is to follow."""

    generation: int = 0
    """Counts every change."""
    resets: int = 0
    """Counts the changes that begin new journals and new counts."""
    rests: int = 0
    """Counts the pauses in which memory that is free is given back."""
    run: str = NO_RUN
    order: FaultOrder = FaultOrder()
    served: int = 0
    """The number of the file that says what a delivery service delivers here; 0: none does."""


class Counts(BaseModel):
    """Arrivals taken, refusals by status, faults played by name."""

    arrivals: int = 0
    refused: Counter[int] = Counter()
    faults: Counter[str] = Counter()

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            arrivals=self.arrivals + other.arrivals,
            refused=self.refused + other.refused,
            faults=self.faults + other.faults,
        )


class ProcessReport(BaseModel):
    """What a data-plane process has counted; `generation` and `resets` are those of the setting that it follows."""

    pid: int
    generation: int
    resets: int
    counts: Counts
    """Since the last reset."""
    before: Counts
    """Until then."""


class StateWriter:
    """The supervisor's side."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counter = folder / "generation"
        self._counter.write_bytes(bytes(8))
        self._map = _map(self._counter)
        self._ended: list[ProcessReport] = []
        """Processes that ended since the last reset."""
        self._gone = Counts()
        """Of all processes that have ended."""
        self.setting = Setting()
        self.set_run(NO_RUN)

    def set_run(self, run: str) -> None:
        """Switch every data-plane process to the journals of `run`, with nothing going wrong, and no service."""
        self._set(run=run, order=FaultOrder(), resets=self.setting.resets + 1, served=0)

    def serve(self, served: Served) -> None:
        """Have every data-plane process take a service's deliveries in the run that is on."""
        number = self.setting.generation + 1  # of no file that is read now
        for path in self._folder.glob(_CAUGHT.format("*")):
            path.unlink(missing_ok=True)
        _replace_file(_served_file(self._folder, number), served.model_dump_json())
        self._set(served=number)

    def caught(self) -> list[Caught]:
        """What the data-plane processes caught since then, as it came."""
        files = self._folder.glob(_CAUGHT.format("*"))
        found = [Caught.model_validate_json(path.read_text()) for path in files]
        return sorted(found, key=lambda one: one.received_ns)

    def set_faults(self, order: FaultOrder) -> None:
        """Have every data-plane process play these faults, in the run that is on."""
        self._set(order=order)

    def rest(self) -> None:
        """Have every data-plane process give back what memory it can."""
        self._set(rests=self.setting.rests + 1)

    def _set(self, **changed: object) -> None:
        self.setting = self.setting.model_copy(update={"generation": self.setting.generation + 1, **changed})
        _replace_file(self._folder / "setting.json", self.setting.model_dump_json())
        self._map[:8] = self.setting.generation.to_bytes(8, "little")

    def reports(self) -> list[ProcessReport]:
        """What the data-plane processes that are alive have counted."""
        found: list[ProcessReport] = []
        for path in self._folder.glob("process-*.json"):
            # Asked before reading: what a dead process has left is its last word.
            alive = _alive(int(path.stem.removeprefix("process-")))
            report = ProcessReport.model_validate_json(path.read_text())
            (found if alive else self._ended).append(report)
            if not alive:
                self._gone += report.before + report.counts
                path.unlink()
        return found

    def counts(self) -> Counts:
        """What was counted since the last reset, also by processes that have ended."""
        resets = self.setting.resets
        reports = self.reports()
        self._ended = [report for report in self._ended if report.resets == resets]
        return sum((one.counts for one in [*self._ended, *reports] if one.resets == resets), Counts())

    def total(self) -> Counts:
        """What was counted since the start; exact also over a reset, before which a process counts on for a while."""
        reports = self.reports()
        return sum((one.before + one.counts for one in reports), self._gone)


class StateReader:
    """A data-plane process's side."""

    def __init__(self, config: ReceiverConfig) -> None:
        self._folder = config.state
        self._map = _map(self._folder / "generation")
        self._report = self._folder / f"process-{os.getpid()}.json"
        self._caught = Counter[bool]()
        """So far: of events that were published ahead of the load, and others."""

    def generation(self) -> int:
        """The number of the setting in force; cheap enough to ask at every request."""
        return int.from_bytes(self._map[:8], "little")

    def setting(self) -> Setting:
        """The setting in force. Its file is replaced before `generation` counts up, so it is never older than that."""
        return Setting.model_validate_json((self._folder / "setting.json").read_text())

    def served(self, number: int) -> Served:
        """What a service delivers, by the setting's `served`."""
        self._caught.clear()
        return Served.model_validate_json(_served_file(self._folder, number).read_text())

    def catch(self, one: Caught, ahead: bool) -> None:
        """Leave the supervisor a request that was caught; of very many the first. Those of events that were published
        `ahead` of the load keep their place beside whatever else comes. Raises OSError.
        """
        if self._caught[ahead] < MOST_CAUGHT:
            self._caught[ahead] += 1
            _replace_file(self._folder / _CAUGHT.format(f"{os.getpid()}-{one.received_ns}"), one.model_dump_json())

    def report(self, report: ProcessReport) -> None:
        """Leave the supervisor this process's counts, in the place of its last ones. Raises OSError."""
        _replace_file(self._report, report.model_dump_json())


_CAUGHT = "caught-{}.json"


def _served_file(folder: Path, number: int) -> Path:
    return folder / f"served-{number}.json"


def _replace_file(path: Path, text: str) -> None:
    """Swap a small file whole; unlike the reports it need not survive a power cut."""
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(text)
    draft.replace(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except ProcessLookupError:
        return False
    except OSError:  # no such files here
        return True
    return state != b"Z"  # killed, and nobody has asked after it yet


def _map(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 8)
