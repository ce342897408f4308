"""Stages: a plan as a table."""

import json

import pytest
from pydantic import ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Constant, Poisson, Ramp, Sine
from _hookswarm.senders.plan.plan_check import check_plan
from _hookswarm.senders.plan.stages import Limits, Stage, WebhookClass, from_plain, named, to_plain


def test_check_plan_names_every_fault() -> None:
    """Stages without an end, with the same name or with an unknown payload are named in one error."""
    plan = [
        Stage("endless"),
        Stage("twice", events=1),
        Stage("twice", events=2),
        Stage("odd", events=1, payload="nonsense"),
    ]
    with pytest.raises(ConfigError) as caught:
        check_plan(named(plan))
    text = str(caught.value)
    assert len(caught.value.faults) == 3
    assert "'endless'" in text
    assert "'twice'" in text
    assert "'nonsense'" in text


@pytest.mark.parametrize("name", ["", "  "])
def test_a_stage_without_a_name_is_told_by_its_place(name: str) -> None:
    """No message and no statistics could name it."""
    with pytest.raises(ConfigError) as caught:
        check_plan(named([Stage("good", events=1), Stage(name, events=1)]))
    assert caught.value.faults == ('stage 2 has no name: write Stage("a name", …)',)
    check_plan(named([Stage("", events=1, name="named")]))


def test_check_plan_refuses_an_empty_plan() -> None:
    """A plan without stages is a fault, a plan with one good stage is none."""
    with pytest.raises(ConfigError):
        check_plan([])
    check_plan(named([Stage("good", duration_s=1)]))


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
        Stage("open", duration_s=9, arrivals=Bursts(50, process="constant"), zipf=1.1, webhooks=100, name="bursts"),
        Stage("open", duration_s=9, arrivals=Ramp(5, to=50, over_s=8), overload_s=3, name="ramp"),
        Stage("open", duration_s=9, arrivals=Sine(50, period_s=8), payload=100_000, name="sine"),
        Stage("open", duration_s=9, arrivals=Backlog(50, backlog=1_000), limits=Limits(p99_ms=100), name="backlog"),
        Stage("scaled", events=9, processes=1, receiver_workers=2, factor=4, repeat=3, settle_s=1, name="scaled"),
        Stage(
            "classes",
            events=9,
            webhooks=10,
            classes=(
                WebhookClass("slow", 0, 2, Faults(delay=Delay(0.5))),
                WebhookClass("failing", 2, 3, Faults(status={503: 0.5})),
                WebhookClass("small", 5, 5),
            ),
            name="classes",
        ),
    ],
)
def test_a_stage_survives_its_message(stage: Stage) -> None:
    """A stage made plain, sent as JSON and read again is the same stage."""
    assert from_plain(json.loads(json.dumps(to_plain(stage)))) == stage


def test_a_nameless_stage_goes_by_its_scenario() -> None:
    """What is written down always has a name."""
    assert [stage.name for stage in named([Stage("alone"), Stage("x", name="other")])] == ["alone", "other"]


@pytest.mark.parametrize(
    "values",
    [
        {"users": 0},
        {"events": 0},
        {"duration_s": 0},
        {"duration_s": float("inf")},
        {"drain_s": -1},
        {"webhooks": 1 << 32},
        {"payload": 0},
        {"payload": (1 << 24) + 1},
        {"overload_s": 0},
        {"processes": 0},
        {"receiver_workers": 257},
        {"factor": 0},
        {"repeat": 0},
    ],
)
def test_impossible_parameters_are_refused(values: dict[str, float]) -> None:
    """A stage checks its numbers when it is made."""
    with pytest.raises(ValidationError):
        Stage("x", **values)  # type: ignore[arg-type]  # numbers for any of its fields


@pytest.mark.parametrize(
    "values",
    [{"p99_ms": 0}, {"error_rate": 1.1}, {"tolerance": 0}, {"tolerance": float("nan")}, {"repeats": 0}],
)
def test_impossible_limits_are_refused(values: dict[str, float]) -> None:
    """A capacity search that could not end, or that nothing could break, is refused."""
    with pytest.raises(ValidationError):
        Limits(**values)  # type: ignore[arg-type]  # the same


def test_a_payload_is_a_name_or_a_number_of_bytes() -> None:
    """A plan takes any size; digits in quotes are a name, and there is no distribution of that name."""
    check_plan(named([Stage("good", events=1, payload=1), Stage("large", events=1, payload=1 << 24)]))
    with pytest.raises(ConfigError, match="'1000'"):
        check_plan([Stage("odd", events=1, payload="1000")])
