"""`python -m hookswarm.analysis compare BASE NEW`: runs from disk, and the differences on screen."""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reporting.console import make_console, printable
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts import compare, measures
from _hookswarm.analysis.verdicts.compare import NumberDifference, Outcome
from _hookswarm.analysis.verdicts.measures import Number
from _hookswarm.common.arguments import Parser
from _hookswarm.common.wording import figure, first_of
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import MANIFEST, RunError

STYLES = {"worse": "bold red", "better": "bold green", "small": "bold"}
"""What is told of each number; of the others it is told how many there are."""
WORDS: dict[Outcome, str] = {
    "worse": "worse",
    "better": "better",
    "small": "different by less than matters",
    "same": "the same",
    "unknown": "that these runs cannot tell",
}
HEADLINES = {
    Exit.FAIL: ("REGRESSION", "bold red"),
    Exit.CANNOT_TELL: ("CANNOT TELL", "bold yellow"),
    Exit.PASS: ("NO REGRESSION", "bold green"),
}
LOOK = "look at what is worse in the runs' own reports: python -m hookswarm.analysis RUN"
NAMED = 3
"""Numbers that these runs cannot tell, by name."""


def make_parser() -> argparse.ArgumentParser:
    """What `compare` takes."""
    parser = Parser(
        prog="python -m hookswarm.analysis compare",
        description="Compare two sets of runs of one test. The unit is the run, so give several of each.",
        epilog="Exit codes: 0 no regression that these runs show, 1 a regression, 2 wrong usage, "
        "5 these runs cannot tell.",
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="The folder of a run, or of several runs.")
    parser.add_argument("new", type=Path, metavar="NEW", nargs="?", help="The same, to compare with the first.")
    group = parser.add_argument_group("What counts as different")
    group.add_argument(
        "--threshold",
        type=float,
        default=compare.THRESHOLD * 100,
        metavar="PERCENT",
        help="Call a change of this many per cent or more a difference. The default is %(default)g.",
    )
    group.add_argument(
        "--threshold-only",
        action="store_true",
        help="Compare the plain values with the threshold, however much runs vary. Use it for one run against one.",
    )
    return parser


def main(argv: Sequence[str]) -> Exit:
    """Raises RunError, JournalError, OSError."""
    options = make_parser().parse_args(argv)
    if options.new is None:
        raise RunError("compare takes two sets of runs: name the one to compare with after the first")
    if not 0 <= options.threshold < 1000:
        raise RunError(f"--threshold {options.threshold:g} is out of range: write 0 to 1000, in per cent")
    console = make_console()
    sides = _runs_in(options.base), _runs_in(options.new)
    _check_alike([folder for side in sides for folder in side])
    base, new = (_numbers(side, console) for side in sides)
    try:
        differences = compare.compare_numbers(base, new, options.threshold / 100, options.threshold_only)
    except ValueError as error:
        raise RunError(f"{error}: compare runs of one plan") from None
    end = _end(differences)
    if options.threshold_only:
        _show_plain(differences, (len(base), len(new)), options.threshold, end, console)
    else:
        _show_comparison(differences, (len(base), len(new)), end, console)
    return end


def _end(differences: Sequence[NumberDifference]) -> Exit:
    outcomes = {one.outcome for one in differences}
    if "worse" in outcomes:
        return Exit.FAIL
    return Exit.CANNOT_TELL if outcomes == {"unknown"} else Exit.PASS


def _runs_in(path: Path) -> list[Path]:
    """The folder of a run, or all runs in it. Raises RunError."""
    if (path / MANIFEST).is_file():
        return [path]
    found = sorted(manifest.parent for manifest in path.glob(f"*/{MANIFEST}"))
    if not found:
        raise RunError(f"{path} is not a run's folder, and holds none: name the folder of a run, or of runs")
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
                raise RunError(f"these runs cannot be compared: their {part} differ: {known}: give runs of one plan")


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
            raise RunError(f"{folder / MANIFEST} is damaged: leave this run out") from None


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _numbers(folders: Sequence[Path], console: Console) -> list[list[Number]]:
    """Of the runs that can be trusted."""
    found = []
    for folder in folders:
        one = analyse(load_run(folder))
        if one.performance.verdict.status in (Status.VOID, Status.UNTESTED):
            codes = ", ".join(sorted({reason.code for reason in one.performance.verdict.reasons}))
            said = f"{folder} is left out: {one.performance.verdict.status.value} ({codes})"
            console.print(said, markup=False, highlight=False)
        else:
            found.append(measures.numbers_of(one))
    if not found:
        raise RunError(f"{folders[0].parent}: no run that can be trusted: see what each is left out for, and run again")
    return found


def _show_comparison(
    differences: Sequence[NumberDifference], runs: tuple[int, int], end: Exit, console: Console
) -> None:
    """The verdict first, then what to do next, then a line for each difference."""
    counts = Counter(one.outcome for one in differences)
    parts = [f"{counts[outcome]} {words}" for outcome, words in WORDS.items() if counts[outcome]]
    unknown = [one for one in differences if one.outcome == "unknown"]
    _headline(HEADLINES[end], runs, f"{len(differences)} numbers: {', '.join(parts)}", console)
    if min(runs) < compare.LEAST_RUNS:
        say = "one run of a side says nothing of the next: make three of each, or more, or hold these against the "
        console.print(f"{say}threshold as they are (--threshold-only)")
    elif unknown:
        named = first_of([f"{one.stage} {one.metric.name} ({_interval(one)})" for one in unknown], NAMED)
        console.print(f"not told: {printable(named)}: more runs of each side narrow them", markup=False)
    if end is Exit.FAIL:
        console.print(LOOK)
    _table(differences, console, interval=True)


def _show_plain(
    differences: Sequence[NumberDifference], runs: tuple[int, int], threshold: float, end: Exit, console: Console
) -> None:
    """The same of plain values: what that is stands in the headline."""
    title, style = HEADLINES[end]
    counts = Counter(one.outcome for one in differences)
    told = f"{len(differences)} numbers: {counts['worse']} worse, {counts['better']} better, the others within"
    _headline((f"{title} BY THE THRESHOLD ALONE", style), runs, f"{told} {threshold:g} %", console)
    console.print(
        "how much runs vary is left out, so this says nothing of the next: make three of each, or more, to know"
    )
    if end is Exit.FAIL:
        console.print(LOOK)
    _table([one for one in differences if one.outcome != "small"], console, interval=False)


def _headline(title: tuple[str, str], runs: tuple[int, int], told: str, console: Console) -> None:
    base, new = runs
    console.print(Text.assemble(title, f"  {base} run{'' if base == 1 else 's'} against {new}, {told}"))


def _table(differences: Sequence[NumberDifference], console: Console, interval: bool) -> None:
    shown = [one for outcome in STYLES for one in differences if one.outcome == outcome]
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for column in ("stage", "number", "base", "new", "change", *["interval"] * interval, ""):
        table.add_column(column, justify="left" if column in ("stage", "number", "") else "right")
    for one in shown:
        table.add_row(
            Text(printable(one.stage)), one.metric.name, figure(one.base), figure(one.new),
            _change(one, one.change), *[_interval(one)] * interval, Text(one.outcome, STYLES[one.outcome]),
        )  # fmt: skip
    if shown:
        console.print(table)


def _interval(one: NumberDifference) -> str:
    return f"{_change(one, one.low)} .. {_change(one, one.high)}"


def _change(one: NumberDifference, value: float) -> str:
    return f"{value * 100:+.1f}{'%' if one.metric.kind == 'ratio' else ' pp'}"
