"""Golden files: runs that were kept, and the reports and the page that they gave.

Where a figure is meant to change, `python -m tests.support.kept_runs` writes them anew: read the difference first.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.analysis.resources.bottleneck import SIDES
from tests.support.kept_runs import PAGE, REPORTS, TESTS, reports_of

NUMBER = re.compile(r"-?\d+\.\d+(e-?\d+)?")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reports_of(tmp_path_factory.mktemp("kept"))


def _leaves(value: Any, place: str = "") -> dict[str, Any]:
    """A document's values by their places."""
    if isinstance(value, dict):
        return {where: leaf for key, one in value.items() for where, leaf in _leaves(one, f"{place}.{key}").items()}
    if isinstance(value, list):
        return {where: leaf for n, one in enumerate(value) for where, leaf in _leaves(one, f"{place}.{n}").items()}
    return {place: value}


@pytest.mark.parametrize("name", sorted(path.name for path in REPORTS.glob("*.json")))
def test_a_kept_run_gives_the_report_that_it_gave(made: Path, name: str) -> None:
    """Every figure of every stage, verdict and fit; another processor may round the last digits otherwise."""
    kept, now = (_leaves(json.loads((folder / name).read_text())) for folder in (REPORTS, made))
    assert now.keys() == kept.keys()
    assert {place: value for place, value in now.items() if not _alike(value, kept[place])} == {}


def _alike(one: object, other: object) -> bool:
    return (
        math.isclose(one, other, rel_tol=1e-6) if isinstance(one, float) and isinstance(other, float) else one == other
    )


def test_all_five_tests_are_kept(made: Path) -> None:
    """A test that is left out would be compared with nothing."""
    kept = json.loads((REPORTS / "webhook_performance_results.json").read_text())
    assert tuple(kept["sections"]) == TESTS


def test_reports_of_one_run_do_not_contradict_each_other(made: Path) -> None:
    """Whose limit a stage came to, and its bottleneck."""
    told, limits = (
        {stage["name"]: stage for stage in json.loads((made / name).read_text())["sections"]["resource"]["stages"]}
        for name in ("io_bottleneck_results.json", "webhook_performance_results.json")
    )
    found = {name: (limits[name]["limit"]["side"], stage["bottleneck"]) for name, stage in told.items()}
    assert {name: one for name, one in found.items() if one[0] not in SIDES[one[1]]} == {}


def test_kept_runs_give_the_page_that_they_gave(made: Path) -> None:
    """Pictures' data, tables, style and script: all of the page but the plotting library's own text."""
    kept, now = ((folder / PAGE).read_text().splitlines() for folder in (REPORTS, made))
    assert [_rounded(line) for line in now] == [_rounded(line) for line in kept]


def _rounded(line: str) -> str:
    return NUMBER.sub(lambda found: f"{float(found[0]):.6g}", line)
