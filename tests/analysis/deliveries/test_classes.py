"""Webhooks that a plan tells apart."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries.stages import stage_figures
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.records.rows import Outcome
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run

SLOW = {"name": "slow", "first": 10, "count": 5, "faults": {"delay": {"s": 0.5}}}
FAILING = {"name": "failing", "first": 20, "count": 1, "faults": None}


def _one(attempts: list[Row], classes: list[dict[str, Any]], **plan: Any) -> Stage:
    (stage,) = stage_figures(run(attempts, stages=[planned(classes=classes, **plan)]))
    return stage


def test_each_class_has_its_own_figures() -> None:
    """A slow webhook and a failing one do not hide among the others, nor lend them their latency or errors."""
    rows = [attempt(n, webhook=1) for n in range(7)]
    rows += [attempt(n, webhook=10 + n, done=START + 500 * MS) for n in range(5)]
    rows += [attempt(0, webhook=20, attempt=n, outcome=Outcome.REJECTED) for n in (1, 2)]
    slow, failing, others = _one(rows, [SLOW, FAILING]).classes or []
    assert [part.name for part in (slow, failing, others)] == ["slow", "failing", "others"]
    assert (slow.deliveries.due, slow.error_rate, slow.throughput_per_s) == (5, 0, 0.5)
    assert (slow.latency_ms.delivery.p50, slow.attempts_per_delivery) == (500, 1)
    assert (failing.deliveries.failed, failing.error_rate, failing.throughput_per_s) == (1, 1, 0)
    assert (failing.latency_ms.delivery.count, failing.attempts_per_delivery) == (0, 2)
    assert (others.deliveries.due, others.latency_ms.delivery.max) == (7, 1)


def test_the_edges_of_a_class() -> None:
    """A class begins with its first webhook and ends before the one behind its last."""
    rows = [attempt(0, webhook=webhook) for webhook in (9, 10, 14, 15)]
    slow, others = _one(rows, [SLOW]).classes or []
    assert (slow.deliveries.due, others.deliveries.due) == (2, 2)


def test_a_class_that_nothing_went_to() -> None:
    """It is told, with zeros and nulls."""
    slow, _ = _one([attempt(0)], [SLOW]).classes or []
    assert (slow.deliveries.due, slow.error_rate, slow.attempts_per_delivery) == (0, None, None)


def test_no_classes() -> None:
    """Where the plan tells no webhooks apart, or was written before it could, there is nothing to tell."""
    assert _one([attempt(0)], []).classes is None
    (stage,) = stage_figures(run([attempt(0)], stages=[planned()]))
    assert (stage.classes, stage.against) == (None, None)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(8, 22), st.sampled_from(Outcome), st.integers(0, 12)), max_size=30))
def test_classes_add_up_to_the_stage(events: list[tuple[int, Outcome, int]]) -> None:
    """Every event is in one class; only rates are rounded."""
    rows = [attempt(n, w, due=START + s * SECOND, outcome=outcome) for n, (w, outcome, s) in enumerate(events)]
    stage = _one(rows, [SLOW, FAILING])
    classes = stage.classes or []
    for state, count in stage.deliveries.model_dump().items():
        assert sum(getattr(part.deliveries, state) for part in classes) == count
    assert sum(part.latency_ms.delivery.count for part in classes) == stage.latency_ms.delivery.count
    assert abs(sum(part.throughput_per_s or 0 for part in classes) - (stage.throughput_per_s or 0)) < 0.01


def _both(slowed_ms: int, usual_ms: int = 2, **plan: Any) -> list[Stage]:
    """A baseline, and a stage in which the others took longer; in both the class is as slow as can be."""
    rows = [attempt(n, stage=0, done=START + usual_ms * MS) for n in range(10)]
    rows += [attempt(n, stage=1, done=START + slowed_ms * MS) for n in range(10)]
    rows += [attempt(n, webhook=12, stage=stage, done=START + 900 * MS) for n in range(90) for stage in (0, 1)]
    plain = {"classes": [SLOW], "scenario": "slow tenants"} | plan
    return stage_figures(run(rows, stages=[planned("b", scenario="slow tenants baseline"), planned("s", **plain)]))


def test_what_the_others_paid() -> None:
    """Their latency is compared with that of the same webhooks in the baseline: its own slow ones are left out."""
    baseline, slowed = _both(slowed_ms=7)
    assert slowed.against is not None
    assert slowed.against.model_dump() == {"stage": "b", "p50_ratio": 3.5, "p99_ratio": 3.5}
    assert baseline.against is None


def test_nothing_to_compare_with() -> None:
    """Another scenario's baseline is none; nor is one that was never played, or that took no time at all."""
    assert _both(7, scenario="other")[1].against is None
    assert _both(7, classes=[])[1].against is None
    found = _both(7, usual_ms=0)[1].against
    assert found is not None
    assert (found.p50_ratio, found.p99_ratio) == (None, None)
    frames = run([attempt(0)], stages=[planned(scenario="x", classes=[SLOW]), planned("b", scenario="x baseline")])
    frames.timeline[2:4] = []
    (stage,) = stage_figures(frames)
    assert stage.against is None


def test_the_baseline_may_come_later() -> None:
    """A plan's order does not matter."""
    stages = [planned("s", scenario="x", classes=[SLOW]), planned("b", scenario="x baseline")]
    slowed, _ = stage_figures(run([attempt(0), attempt(0, stage=1)], stages=stages))
    assert slowed.against is not None
    assert (slowed.against.stage, slowed.against.p50_ratio) == ("b", 1)
