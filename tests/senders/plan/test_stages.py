"""Stages: a plan as a table."""

import json

import pytest
from pydantic import ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Constant, Poisson, Ramp, Sine
from _hookswarm.senders.plan.plan_check import check_plan
from _hookswarm.senders.plan.stages import Limits, Stage, WebhookClass, from_plain, named, scaling, sweep, to_plain


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


def test_sweep_over_the_rate() -> None:
    """A rate is that of the arrivals, whose other parameters stay, beside parameters of the stage and its retries."""

    def bursts(rate: float) -> Bursts:
        return Bursts(rate, factor=3, every_s=20, for_s=2, process="constant")

    stages = sweep(Stage("open", arrivals=bursts(5)), rate=(100.0, 200.0), users=(1, 4), retries=(0, 2))
    assert [(stage.arrivals, stage.users, stage.retry.retries) for stage in stages] == [
        (bursts(rate), users, retries) for rate in (100, 200) for users in (1, 4) for retries in (0, 2)
    ]
    assert stages[5].name == "open rate=200.0 users=1 retries=2"


def test_sweep_over_the_rate_of_a_closed_stage_is_refused() -> None:
    """Where workers send as fast as they can, there is no rate to set, and an impossible one is none."""
    with pytest.raises(ValueError, match="rate"):
        sweep(Stage("closed", duration_s=1), rate=(100.0,))
    with pytest.raises(ValueError, match="rate"):
        sweep(Stage("open", duration_s=1, arrivals=Poisson(1)), rate=(0.0,))


FACTORS = (1, 2, 4, 8, 16)


def test_scaling_is_interleaved() -> None:
    """All factors once, the smallest first, and then all again: a machine that slows down slows all alike."""
    stages = scaling(Stage("x", duration_s=1), users=FACTORS)
    assert [(stage.repeat, stage.users, stage.factor) for stage in stages] == [
        (repeat, factor, factor) for repeat in (1, 2, 3) for factor in FACTORS
    ]
    assert [stage.name for stage in (*stages[:2], stages[-1])] == ["x users=1 #1", "x users=2 #1", "x users=16 #3"]
    check_plan(stages)


@pytest.mark.parametrize(
    ("parameter", "smallest"),
    [("users", 4), ("rate", 50.0), ("payload", 1_000), ("webhooks", 10), ("processes", 1), ("receiver_workers", 1)],
)
def test_every_factor_scales(parameter: str, smallest: float) -> None:
    """Each parameter takes its values, and the factor counts from the smallest of them."""
    values = tuple(smallest * factor for factor in FACTORS)
    stages = scaling(Stage("x", users=16, duration_s=1, arrivals=Constant(5)), repeats=1, **{parameter: values})
    assert [stage.factor for stage in stages] == list(FACTORS)
    found = [to_plain(stage)["arrivals"] if parameter == "rate" else to_plain(stage) for stage in stages]
    assert [plain[parameter] for plain in found] == list(values)
    assert [stage.name for stage in stages] == [f"x {parameter}={value} #1" for value in values]
    check_plan(stages)


def test_scaling_takes_one_parameter() -> None:
    """Two at once would have no factor; values that fall would have one below 1, which a stage does not take."""
    with pytest.raises(ValueError, match="unpack"):
        scaling(Stage("x", duration_s=1), users=(1, 2), webhooks=(1, 2))
    with pytest.raises(ValidationError, match="factor"):
        scaling(Stage("x", duration_s=1), users=(4, 1))


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
