"""Every number of a report, flat."""

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.verdicts.measures import numbers_of
from tests.support.journals import arrival, attempt, planned, run


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
