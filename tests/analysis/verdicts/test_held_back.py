"""Stages that `--max-rate` held back."""

import pytest

from _hookswarm.analysis.schema.report import Retry, Stage
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.analysis.verdicts.held_back import held_back
from tests.support.scaled import PLAIN, stage

RETRIES = Retry.model_construct()


def closed(name: str, reached: float) -> Stage:
    return stage("s", reached, name=name, arrivals={"kind": "closed"}, max_rate=50.0)


def test_closed_loops_that_reached_the_bound_are_named_once() -> None:
    """What they reached is no limit of the target's."""
    (found,) = held_back([closed("a", 50), closed("slow", 20), closed("b", 49)])
    assert found.code == Code.HELD_BACK
    assert found.message == "a, b: --max-rate was the limit; raise it to see what the target can do"
    assert list(held_back([closed("slow", 20)])) == []


@pytest.mark.parametrize(("total", "per_delivery", "told"), [(100, 1.3, True), (100, 1.0, False), (60, 1.3, False)])
def test_retries_that_took_the_place_of_events_are_told(total: int, per_delivery: float, told: bool) -> None:
    """Where attempts were as many as the bound lets out, and retries were among them."""
    attempts = PLAIN.attempts.model_copy(update={"total": total, "per_delivery": per_delivery})
    full = stage("s", 38, name="full", arrivals={"kind": "poisson", "rate": 50.0}, max_rate=50.0).model_copy(
        update={"attempts": attempts, "window_s": 2.0, "retry": RETRIES}
    )
    said = "full: retries took the place of events; set --max-rate above --rate"
    assert [reason.message for reason in held_back([full])] == [said] * told
