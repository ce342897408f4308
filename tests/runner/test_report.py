"""What the command makes of its runs: the exit code."""

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.options import make_parser
from _hookswarm.runner.report import Reported, conclude
from tests.support.journals import arrival, attempt, run

ROWS = [attempt(n) for n in range(3)]
GOOD = run(ROWS, [arrival(row) for row in ROWS])
VOID = replace(GOOD, strays=1)
UNKNOWN = run([], [])


@pytest.mark.parametrize(
    ("runs", "checks", "end"),
    [
        ([GOOD, GOOD], [], Exit.PASS),
        ([GOOD, GOOD], ["due==3", "lost==0"], Exit.PASS),
        ([GOOD], ["due==3", "due==4"], Exit.FAIL),
        ([GOOD], ["due==4", "due==3"], Exit.FAIL),
        ([GOOD], ["capacity_per_s>1"], Exit.FAIL),
        ([GOOD, UNKNOWN], ["due==4"], Exit.UNKNOWN),
        ([UNKNOWN, VOID, GOOD], ["due==3"], Exit.VOID),
        ([VOID], ["due==4"], Exit.VOID),
    ],
)
def test_the_worst_end_is_the_exit_code(runs: Sequence[RunFrames], checks: list[str], end: Exit) -> None:
    """Of all runs and checks. A run that cannot be trusted comes before one that tested nothing, and a check that did
    not hold after both.
    """
    options = make_parser().parse_args([option for check in checks for option in ("--check", check)])
    reported = [Reported(analyse(one), []) for one in runs]
    assert conclude(reported, options, Console(file=io.StringIO())) == end
