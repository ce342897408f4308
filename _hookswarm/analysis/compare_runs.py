"""`python -m hookswarm.analysis compare BASE NEW`: runs from disk, and the differences on screen."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reporting import summary
from _hookswarm.analysis.reporting.summary import printable
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Status
from _hookswarm.analysis.verdicts import compare, measures
from _hookswarm.analysis.verdicts.compare import NumberDifference
from _hookswarm.analysis.verdicts.measures import Number
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import MANIFEST, RunError

STYLES = {"worse": "bold red", "better": "bold green", "same": "dim", "unknown": "bold yellow"}


def main(argv: Sequence[str]) -> Exit:
    """Raises RunError, JournalError, OSError."""
    parser = argparse.ArgumentParser(
        prog="python -m hookswarm.analysis compare",
        description="Compare two sets of runs of one test; the unit is the run, so give several of each.",
        epilog="Exit codes: 0 no regression that these runs can show, 1 a regression, 2 usage.",
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="a run's folder, or a folder of runs")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument(
        "--threshold", type=float, default=compare.THRESHOLD * 100, metavar="%", help="what matters (default: 10)"
    )
    options = parser.parse_args(argv)
    if not 0 <= options.threshold < 1000:
        raise RunError("--threshold must lie in 0..1000 per cent")
    console = summary.make_console()
    sides = _runs_in(options.base), _runs_in(options.new)
    _check_alike([folder for side in sides for folder in side])
    base, new = (_numbers(side, console) for side in sides)
    try:
        differences = compare.compare_numbers(base, new, options.threshold / 100)
    except ValueError as error:
        raise RunError(str(error)) from None
    _show_comparison(differences, (len(base), len(new)), console)
    return Exit.FAIL if any(one.outcome == "worse" for one in differences) else Exit.PASS


def _runs_in(path: Path) -> list[Path]:
    """The folder of a run, or all runs in it. Raises RunError."""
    if (path / MANIFEST).is_file():
        return [path]
    found = sorted(manifest.parent for manifest in path.glob(f"*/{MANIFEST}"))
    if not found:
        raise RunError(f"{path} is no run's folder, and holds none")
    return found


def _check_alike(folders: Sequence[Path]) -> None:
    """Before anything is read whole: the manifests alone. Raises RunError."""
    first, *others = [(folder, _Plan.read(folder)) for folder in folders]
    for folder, told in others:
        for part in ("version", "test", "stages"):
            ours, theirs = getattr(first[1], part), getattr(told, part)
            if part == "stages" and told.test == "scalability":  # its search adds stages as it goes
                continue
            if ours != theirs:
                known = f"{first[0]} has {_short(ours)}, {folder} has {_short(theirs)}"
                raise RunError(f"these runs cannot be compared: their {part} differ: {known}")


@dataclass(frozen=True)
class _Plan:
    """What must be the same of runs that are compared."""

    version: object
    test: object
    stages: list[object]

    @classmethod
    def read(cls, folder: Path) -> "_Plan":
        try:
            told = json.loads((folder / MANIFEST).read_text())
            return cls(told["version"], told["test"], [stage["name"] for stage in told["stages"]])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise RunError(f"{folder / MANIFEST} is damaged") from None


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _numbers(folders: Sequence[Path], console: Console) -> list[list[Number]]:
    """Of the runs that can be trusted."""
    found = []
    for folder in folders:
        one = analyse(load_run(folder))
        if one.performance.verdict.status in (Status.VOID, Status.UNKNOWN):
            codes = ", ".join(sorted({reason.code for reason in one.performance.verdict.reasons}))
            said = f"{folder} is left out: {one.performance.verdict.status.value} ({codes})"
            console.print(said, markup=False, highlight=False)
        else:
            found.append(measures.numbers_of(one))
    if not found:
        raise RunError(f"{folders[0].parent}: no run that can be trusted")
    return found


def _show_comparison(differences: Sequence[NumberDifference], runs: tuple[int, int], console: Console) -> None:
    """The verdict first, then a line for each difference."""
    worse = [one for one in differences if one.outcome == "worse"]
    better = [one for one in differences if one.outcome == "better"]
    title, style = ("REGRESSION", "bold red") if worse else ("NO REGRESSION", "bold green")
    told = f"  {runs[0]} runs against {runs[1]}, {len(differences)} numbers: {len(worse)} worse, {len(better)} better"
    console.print(Text.assemble((title, style), told))
    if min(runs) < compare.LEAST_RUNS:
        console.print("one run of a side says nothing of the next: make three of each, or more")
    elif not worse and not better:
        console.print("no difference that these runs can show")
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for column in ("stage", "number", "base", "new", "change", "interval", ""):
        table.add_column(column, justify="left" if column in ("stage", "number", "") else "right")
    for one in (*worse, *better):
        percent = one.metric.kind == "ratio"
        unit = "" if percent else " pp"
        change, low, high = (
            f"{value * 100:+.1f}{'%' if percent else unit}" for value in (one.change, one.low, one.high)
        )
        table.add_row(
            Text(printable(one.stage)), one.metric.name, f"{one.base:,.4g}", f"{one.new:,.4g}", change,
            f"{low} .. {high}", Text(one.outcome, STYLES[one.outcome]),
        )  # fmt: skip
    if worse or better:
        console.print(table)
