"""Scalability on screen."""

import io

from rich.console import Console

from _hookswarm.analysis.reporting.scalability import show_scalability
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.scaling import capacity, scaling
from tests.analysis.scaling.test_capacity import found, tried
from tests.analysis.scaling.test_scaling import grid
from tests.support.journals import run


def test_lines_of_both_kinds() -> None:
    """What scales, then what holds, as text: nothing in a name steers a terminal or is taken for markup."""
    stages, search = grid(), found(tried(100), tried(200, p99_ms=60))
    own = scaling.scaling_of([one.model_copy(update={"scenario": "[b]x\x1b[2J"}) for one in stages])
    section = analyse(run([])).performance.model_copy(update={"scaling": own, "usl": {}, "capacity": [search]})
    out = Console(file=io.StringIO(), width=100)
    show_scalability(section, out)
    assert isinstance(out.file, io.StringIO)
    first, second = out.file.getvalue().splitlines()
    assert first == "[b]x\N{REPLACEMENT CHARACTER}[2J: x16 gives 7.9 times (efficiency 49%)"
    assert [second] == list(capacity.capacity_lines([search]))


def test_other_tests_print_nothing() -> None:
    """A run that scales nothing has no such lines."""
    out = Console(file=io.StringIO(), width=100)
    show_scalability(analyse(run([])).performance, out)
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue() == ""
