"""How far a run has come, from its timeline: a bar where there is a terminal, a line a stage where there is none."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from analysis.summary import printable
from records import run
from records.run import Entry, StageEnded, StageStarted


class Follower:
    """Reads a timeline as it grows."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / run.TIMELINE
        self._offset = 0

    def new(self) -> Iterator[Entry]:
        """Entries written since the last call; a line still being written is left for the next."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):  # a damaged line is the analysis' affair; a display must not end the run
                yield run.parse_entry(line)


class Display:
    """Shows one test's run; a context manager."""

    def __init__(self, folder: Path, test: str, console: Console) -> None:
        self._follower = Follower(folder)
        self._folder = folder
        self._test = test
        self._console = console
        self._stages: Sequence[dict[str, Any]] = ()
        self._began_ns = 0
        self._rate = _Rate()
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(test, total=None, detail="starting")

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self) -> None:
        """Show what the timeline holds by now."""
        for entry in self._follower.new():
            if getattr(entry, "stage", 0) >= len(self._stages):  # a search adds stages as it goes
                self._stages = run.Manifest.load(self._folder).stages
                self._bar.update(self._task, total=len(self._stages))
            if isinstance(entry, StageStarted):
                self._began_ns = entry.at_ns
                self._rate = _Rate(entry.at_ns)
                self._advance(entry.stage, entry.name)
            elif isinstance(entry, run.Progress):
                self._advance(entry.stage + self._share(entry), self._describe(entry))
            elif isinstance(entry, StageEnded):
                self._advance(entry.stage + 1, self._stages[entry.stage]["name"])
                if not self._console.is_terminal:
                    settled = sum(report.settled for report in entry.reports)
                    name = self._stages[entry.stage]["name"]
                    line = f"{self._test} {entry.stage + 1}/{len(self._stages)}  {name}: {settled:,} deliveries"
                    self._console.print(Text(printable(line)))

    def _advance(self, completed: float, detail: str) -> None:
        self._bar.update(self._task, completed=completed, detail=printable(detail))

    def _share(self, entry: run.Progress) -> float:
        plan = self._stages[entry.stage]
        by_events = entry.settled / plan["events"] if plan["events"] else 0.0
        length_s = plan["warmup_s"] + (plan["duration_s"] or 0)
        by_time = (entry.at_ns - self._began_ns) / 1e9 / length_s if plan["duration_s"] else 0.0
        return min(max(by_events, by_time), 1.0)

    def _describe(self, entry: run.Progress) -> str:
        text = f"{self._stages[entry.stage]['name']}  {self._rate.of(entry):,.0f}/s"
        return text + (f"  {entry.failed:,} failed" if entry.failed else "")


class _Rate:
    """Deliveries a second since the progress entry before, or since the stage's start."""

    def __init__(self, began_ns: int = 0) -> None:
        self._at_ns, self._settled = began_ns, 0

    def of(self, entry: run.Progress) -> float:
        passed_s, settled = (entry.at_ns - self._at_ns) / 1e9, entry.settled - self._settled
        self._at_ns, self._settled = entry.at_ns, entry.settled
        return settled / passed_s if passed_s > 0 else 0.0
