"""Stages made of others: every combination of a sweep, and every factor of a scaling."""

import pytest
from pydantic import ValidationError

from _hookswarm.senders.plan.arrivals import Bursts, Constant, Poisson
from _hookswarm.senders.plan.plan_check import check_plan
from _hookswarm.senders.plan.stages import Stage, to_plain
from _hookswarm.senders.plan.variations import scaling, sweep


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
