"""How far a run has come, from its timeline: a bar where there is a terminal, a line a stage where there is none."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import filterfalse
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.common.wording import clock
from _hookswarm.records.manifest import CALIBRATION, Manifest, RunError
from _hookswarm.records.timeline import TIMELINE, Entry, Progress, StageEnded, StageStarted, parse_entry

TELL_EVERY_NS = 10_000_000_000
"""Where there is no terminal, a stage that is on says so often how it goes."""


class Follower:
    """Reads a timeline as it grows."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / TIMELINE
        self._offset = 0

    def new(self) -> Iterator[Entry]:
        """Entries written since the last call; a line still being written is left for the next."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:  # not there yet, or not any more
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):  # a damaged line is the analysis' affair; a display must not end the run
                yield parse_entry(line)


@dataclass
class _Ledger:
    """Of the stages that are over."""

    settled: int = 0
    failed: int = 0
    abandoned: int = 0

    def line(self, now: Progress | None) -> str:
        """With the stage that is on, if one is."""
        settled, failed, queued, retrying, in_flight = (
            (now.settled, now.failed, now.queued, now.retrying, now.in_flight) if now else (0,) * 5
        )
        counts = {
            "acknowledged": self.settled + settled - self.failed - failed,
            "failed": self.failed + failed,
            "abandoned": self.abandoned,
            "queued": queued,
            "retrying": retrying,
            "in flight": in_flight,
        }
        return "so far: " + ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


class Display:
    """Shows one test's run; a context manager."""

    def __init__(self, folder: Path, test: str, console: Console) -> None:
        self._follower = Follower(folder)
        self._folder = folder
        self._test = test
        self._console = console
        self._stages: Sequence[dict[str, Any]] = ()
        self._began_ns = self._told_ns = 0
        self._rate = _Rate()
        self._ledger = _Ledger()
        self._last: Progress | None = None
        """Of the stage that is on."""
        self._bar = _Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=40),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(test, total=None)
        self._bar.lines = ("starting",)

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self) -> None:
        """Show what the timeline holds by now."""
        for entry in self._follower.new():
            if getattr(entry, "stage", 0) >= len(self._stages):  # a search adds stages as it goes
                try:
                    self._stages = Manifest.load(self._folder).stages
                except RunError:  # gone meanwhile: whoever reports the run says so
                    return
                self._bar.update(self._task, total=sum(map(self._weight, self._stages)))
            if isinstance(entry, StageStarted):
                self._began_ns = self._told_ns = entry.at_ns
                self._last = None
                self._rate = _Rate(entry.at_ns)
                self._show(entry.stage, 0.0, entry.name)
            elif isinstance(entry, Progress):
                self._last = entry
                detail = self._describe(entry)
                self._show(entry.stage, self._share(entry), detail)
                self._tell(entry, detail)
            elif isinstance(entry, StageEnded):
                self._end(entry)

    def _tell(self, entry: Progress, detail: str) -> None:
        """In a log, now and then, with what is left of the test."""
        if self._console.is_terminal or entry.at_ns - self._told_ns < TELL_EVERY_NS:
            return
        self._told_ns = entry.at_ns
        left_s = self._left_s(entry)
        self._console.print(
            Text(printable(f"{self._test} {self._place(entry.stage)}  {detail}, about {clock(left_s)} left"))
        )

    def _left_s(self, entry: Progress) -> float:
        """Seconds until the test's end, as far as its plan tells."""
        later = [one for one in self._stages[entry.stage + 1 :] if not _is_calibration(one)]
        own = self._weight(self._stages[entry.stage]) * (1 - self._share(entry))
        return round(own + sum(map(self._weight, later)))

    def _end(self, entry: StageEnded) -> None:
        name, last = self._stages[entry.stage]["name"], self._last
        settled = sum(report.settled for report in entry.reports)
        self._ledger.settled += settled
        self._ledger.failed += last.failed if last else 0
        self._ledger.abandoned += sum(report.abandoned for report in entry.reports)
        self._last = None
        self._show(entry.stage, 1.0, name)
        if not self._console.is_terminal:
            idle = entry.reports and not any(report.due or report.settled for report in entry.reports)
            told = ["no event fell due" if idle else f"{settled:,} deliveries", *_figures(last)]
            line = f"{self._test} {self._place(entry.stage)}  {name}: {', '.join(told)}"
            self._console.print(Text(printable(line)))

    def _show(self, stage: int, share: float, detail: str) -> None:
        calibrations, earlier = _parted(self._stages[:stage])
        if not _is_calibration(self._stages[stage]):
            calibrations, _ = _parted(self._stages)
        else:
            earlier = []
        passed = sum(map(self._weight, [*calibrations, *earlier])) + share * self._weight(self._stages[stage])
        self._bar.lines = (f"{self._place(stage)}  {detail}", self._ledger.line(self._last))
        self._bar.update(self._task, completed=passed)

    def _place(self, stage: int) -> str:
        """The how manieth of how many it is; calibrations are played before the first, though they are added later."""
        _, until = _parted(self._stages[: stage + 1])
        place = 0 if _is_calibration(self._stages[stage]) else len(until)
        return f"{place}/{len(_parted(self._stages)[1])}"

    def _weight(self, plan: dict[str, Any]) -> float:
        """Seconds that a stage is planned to last; as many as others do on average, where only its events end it."""
        known = [length_s for one in self._stages if (length_s := _length_s(one))]
        return _length_s(plan) or (sum(known) / len(known) if known else 1.0)

    def _share(self, entry: Progress) -> float:
        plan = self._stages[entry.stage]
        by_events = entry.settled / plan["events"] if plan["events"] else 0.0
        length_s = _length_s(plan)
        by_time = (entry.at_ns - self._began_ns) / 1e9 / length_s if length_s else 0.0
        return min(max(by_events, by_time), 1.0)

    def _describe(self, entry: Progress) -> str:
        median = [f"p50 {entry.p50_ms:g} ms"] if entry.p50_ms is not None else []
        told = [f"{self._rate.of(entry):,.0f}/s", *median, *_figures(entry)]
        return f"{self._stages[entry.stage]['name']}  {', '.join(told)}"


class _Bar(Bar):
    """With lines of text under it."""

    lines: Sequence[str] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield from (Text("  " + printable(line), no_wrap=True, overflow="ellipsis") for line in self.lines)


def _is_calibration(plan: dict[str, Any]) -> bool:
    return bool(plan["scenario"] == CALIBRATION)


def _parted(stages: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Calibrations, and all others."""
    return [*filter(_is_calibration, stages)], [*filterfalse(_is_calibration, stages)]


def _length_s(plan: dict[str, Any]) -> float:
    return float(plan["warmup_s"] + plan["duration_s"]) if plan["duration_s"] else 0.0


def _figures(entry: Progress | None) -> Iterator[str]:
    """The slowest of the stage so far, and its errors, once there are some."""
    if entry and entry.p99_ms is not None:
        yield f"p99 {entry.p99_ms:g} ms"
    if entry and entry.failed:
        yield f"{entry.failed / max(entry.settled, 1):.1%} failed"


class _Rate:
    """Deliveries a second since the progress entry before, or since the stage's start."""

    def __init__(self, began_ns: int = 0) -> None:
        self._at_ns, self._settled = began_ns, 0

    def of(self, entry: Progress) -> float:
        passed_s, settled = (entry.at_ns - self._at_ns) / 1e9, entry.settled - self._settled
        self._at_ns, self._settled = entry.at_ns, entry.settled
        return settled / passed_s if passed_s > 0 else 0.0
