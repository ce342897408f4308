"""Stages: a plan as a table."""

import json

import pytest
from pydantic import ValidationError

from protocol.errors import ConfigError
from senders.arrivals import Constant, Poisson
from senders.stages import Stage, check_plan, from_plain, sweep, to_plain


def test_sweep_makes_every_combination() -> None:
    """A sweep yields one named stage for each combination, the last parameter fastest, all else unchanged."""
    stages = sweep(Stage("sequential", drain_s=2), webhooks=(1, 10), events=(100, 1_000))
    assert [(stage.webhooks, stage.events) for stage in stages] == [(1, 100), (1, 1_000), (10, 100), (10, 1_000)]
    assert stages[1].name == "sequential webhooks=1 events=1000"
    assert {(stage.scenario, stage.drain_s) for stage in stages} == {("sequential", 2)}


def test_sweep_refuses_a_bad_value() -> None:
    """A sweep over an unknown parameter, or over values a stage does not take, is an error."""
    with pytest.raises(ValidationError, match="nonsense"):
        sweep(Stage("x"), nonsense=(1,))
    with pytest.raises(ValidationError):
        sweep(Stage("x"), users=(0,))


def test_check_plan_names_every_fault() -> None:
    """Stages without an end, with the same name or with an unknown payload are named in one error."""
    plan = [
        Stage("endless"),
        Stage("twice", events=1),
        Stage("twice", events=2),
        Stage("odd", events=1, payload="nonsense"),
    ]
    with pytest.raises(ConfigError) as caught:
        check_plan(plan)
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "'endless'" in text
    assert "'twice'" in text
    assert "'nonsense'" in text


def test_check_plan_refuses_an_empty_plan() -> None:
    """A plan without stages is a fault, a plan with one good stage is none."""
    with pytest.raises(ConfigError):
        check_plan([])
    check_plan([Stage("good", duration_s=1)])


def test_length_is_warm_up_and_window() -> None:
    """A stage with a duration lasts its warm-up longer; one that ends with its events has no length."""
    assert Stage("x", warmup_s=2, duration_s=10).length_s == 12
    assert Stage("x", warmup_s=2, events=10).length_s is None


@pytest.mark.parametrize(
    "stage",
    [
        Stage("closed", events=10, name="closed one"),
        Stage("open", users=3, duration_s=2.5, arrivals=Constant(100), name="constant"),
        Stage("open", users=3, duration_s=2.5, warmup_s=1, arrivals=Poisson(0.5), payload="thin", name="poisson"),
    ],
)
def test_a_stage_survives_its_message(stage: Stage) -> None:
    """A stage made plain, sent as JSON and read again is the same stage."""
    assert from_plain(json.loads(json.dumps(to_plain(stage)))) == stage


def test_a_nameless_stage_goes_by_its_scenario() -> None:
    """What is written down always has a name."""
    assert to_plain(Stage("alone", events=1))["name"] == "alone"


@pytest.mark.parametrize(
    "values",
    [
        {"users": 0},
        {"events": 0},
        {"duration_s": 0},
        {"duration_s": float("inf")},
        {"drain_s": -1},
        {"webhooks": 1 << 32},
    ],
)
def test_impossible_parameters_are_refused(values: dict[str, float]) -> None:
    """A stage checks its numbers when it is made."""
    with pytest.raises(ValidationError):
        Stage("x", **values)  # type: ignore[arg-type]
