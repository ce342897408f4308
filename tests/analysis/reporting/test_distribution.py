"""Strategies and failovers on screen."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reporting import distribution as distribution_summary
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section
from tests.analysis.regions.test_failovers import EJECTED, HEALTH, LOST_HOME, frames, incident, taken
from tests.support.distributed import played


def printed(section: Section) -> list[str]:
    """What is shown, 100 columns wide."""
    out = Console(file=io.StringIO(), width=100)
    distribution_summary.show_distribution(section, out)
    assert isinstance(out.file, io.StringIO)
    return [line.rstrip() for line in out.file.getvalue().splitlines()]


def section(made: RunFrames) -> Section:
    manifest = made.manifest.model_copy(update={"test": "distribution"})
    return analyse(replace(made, manifest=manifest)).performance


def failover(**changes: Any) -> Section:
    """A region that refused for two seconds, told with changes to it, or (`origin_…`) to what its origin made of it."""
    found = section(frames(LOST_HOME, [incident("refused")], taken(LOST_HOME), EJECTED, health=HEALTH))
    assert found.failovers
    one = found.failovers[0]
    own = {name.removeprefix("origin_"): changes.pop(name) for name in list(changes) if name.startswith("origin_")}
    origins = [origin.model_copy(update=own) for origin in one.by_origin]
    return found.model_copy(update={"failovers": [one.model_copy(update={"by_origin": origins, **changes})]})


def test_what_shares_a_rank_is_marked() -> None:
    """Two alike and one far behind: the two have a sign, which is explained; the third stands alone."""
    latency, again = (np.random.default_rng(seed).lognormal(3, 0.3, 6_000) for seed in (3, 4))
    said = printed(section(played({"far": [latency * 3], "one": [latency], "other": [again]})))
    assert said[0].split("  ")[0] == "strategies: rank, strategy"
    assert {line[:2] for line in said[1:3]} == {"1="}
    assert said[3].split()[:2] == ["3", "far"]
    assert said[4].startswith("=: cannot be told apart")
    assert len(said) == 5


def test_clear_ranks_need_no_sign() -> None:
    """Nothing is explained that is not there."""
    latency = np.random.default_rng(3).lognormal(3, 0.3, 6_000)
    said = printed(section(played({"far": [latency * 3], "one": [latency]})))
    assert [line.split()[:2] for line in said[1:]] == [["1", "one"], ["2", "far"]]


def test_a_failover_has_a_line() -> None:
    """Which region, for how long, when it was detected, and from when on events were in time."""
    header, line = printed(failover())
    assert header.split("  ")[0] == "failover"
    assert line.split() == ["stage", "eu", "2.00", "0.09", "0.10", "0.12", "5", "5"]


@pytest.mark.parametrize(
    ("changes", "detected", "recovered"),
    [
        ({"origin_detected_s": None, "origin_within_bound": False}, "never", "0.10"),
        ({"origin_detected_s": None, "origin_within_bound": None}, "-", "0.10"),
        ({"recovered_s": None, "metastable": True}, "0.09", "metastable"),
        ({"recovered_s": None, "metastable": None}, "0.09", "never"),
        ({"recovered_s": 0.0}, "0.09", "0.00"),
    ],
)
def test_what_did_not_happen(changes: dict[str, Any], detected: str, recovered: str) -> None:
    """Not detected by who should have is "never"; where no sender judges, as behind a load balancer, it is a dash."""
    assert printed(failover(**changes))[1].split()[3:5] == [detected, recovered]


def test_origins_that_differ_are_a_span() -> None:
    """When the first of them ceased to send there, and when the last did."""
    found = failover()
    assert found.failovers
    (one,) = found.failovers
    late = one.by_origin[0].model_copy(update={"detected_s": 1.5})
    both = one.model_copy(update={"by_origin": [late, *one.by_origin]})
    assert "0.09 to 1.50" in printed(found.model_copy(update={"failovers": [both]}))[1]


def test_many_regions_are_counted() -> None:
    """Two that one fault befell are named, one below the other; of more it is how many, and all columns stay."""
    two = printed(failover(regions=["eu", "us"]))
    assert [line.split()[place] for line, place in zip(two[1:3], (1, 0), strict=True)] == ["eu", "us"]
    (header, line) = printed(failover(regions=[f"region-{number}" for number in range(7)]))
    assert "not in time" in header
    assert "7 regions" in line


def test_nothing_to_say() -> None:
    """A test without regions prints nothing."""
    assert printed(failover().model_copy(update={"failovers": None})) == []
