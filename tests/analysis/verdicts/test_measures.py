"""Every number of a report, flat."""

from dataclasses import replace

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import PerformanceReport
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.measures import Number, numbers_of
from tests.analysis.regions.test_failovers import EJECTED, HEALTH, LOST_HOME, frames, incident, taken
from tests.support.journals import arrival, attempt, planned, run
from tests.support.kept_runs import REPORTS


def test_numbers_are_named_by_their_way() -> None:
    """Of a stage: latencies, counts, rates; null is a number that is not known, and what is no number is left out."""
    sent = [attempt(n) for n in range(3)]
    found = numbers_of(analyse(run(sent, [arrival(one) for one in sent], stages=[planned()])))
    stage = {number.name: number.value for number in found if number.kind == frozenset()}
    assert stage["deliveries.due"] == 3
    assert stage["ledger.lost"] == 0
    assert stage["latency_ms.delivery.p99"] == 1
    assert stage["generator.late_p99_ms"] is None
    assert not [name for name in stage if name.startswith("parameters") or name == "name"]
    assert {number.scope["test"] for number in found} == {"performance"}


def test_a_failover_is_told_by_the_origin_that_took_longest() -> None:
    """A check on the detection, or on the gap, holds for all origins; one that detected nothing leaves it to others."""
    played = frames(LOST_HOME, [incident("refused")], taken(LOST_HOME), EJECTED, health=HEALTH)
    sections = analyse(replace(played, manifest=played.manifest.model_copy(update={"test": "distribution"})))
    assert sections.performance.failovers
    (failover,) = sections.performance.failovers
    origins = [
        failover.by_origin[0].model_copy(update={"detected_s": detected_s, "longest_gap_s": gap_s})
        for detected_s, gap_s in ((0.1, 3.0), (2.0, 0.5), (None, 1.0))
    ]
    told = [failover.model_copy(update={"by_origin": origins})]
    performance = sections.performance.model_copy(update={"failovers": told})
    found = {number.name: number.value for number in numbers_of(replace(sections, performance=performance))}
    assert (found["failover.detected_s"], found["failover.longest_gap_s"]) == (2.0, 3.0)
    assert "failover.healed" not in found  # yes or no is no number


def test_a_number_says_what_it_is_of() -> None:
    """But for its test and its scenario, which its stage names already."""
    scope = {"test": "load", "stage": "ramp", "scenario": "ramp", "region": "eu"}
    assert str(Number(scope, "p99_ms", 3.0)) == "stage:ramp region:eu p99_ms"


def test_every_kind_of_thing_has_numbers() -> None:
    """Of the kept runs: what a test tells of classes, regions, origins, strategies, failovers and capacities."""
    text = (REPORTS / "webhook_performance_results.json").read_text()
    kinds: dict[str, set[str]] = {}
    for test, section in PerformanceReport.model_validate_json(text).sections.items():
        numbers = numbers_of(Sections(performance=section))
        assert {number.scope["test"] for number in numbers} == {test}
        kinds[test] = {" ".join(sorted(number.kind)) for number in numbers}
        kinds[test] |= {part for number in numbers if (part := number.name.split(".")[0]) in ("failover", "capacity")}
    assert kinds == {
        "performance": {""},
        "load": {"", "class"},
        "scalability": {"", "capacity"},
        "distribution": {"", "region", "origin", "origin region", "strategy", "failover"},
        "resource": {""},
    }
