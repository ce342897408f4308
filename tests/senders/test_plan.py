"""A test's stages under the settings of a run."""

import argparse
from pathlib import Path

import pytest

from protocol.errors import ConfigError
from protocol.faults import Faults
from senders.plan import make_plan
from senders.retry import RetryLaw
from senders.settings import Settings, add_options, check
from senders.stages import Stage, sweep

FAILING = Stage("failing", events=10, faults=Faults(status={503: 0.3}), drain_s=2)
STAGES = (Stage("plain", events=10), *sweep(FAILING, retries=(0, 3), delay_s=(0.0, 0.5)))


def settings(folder: Path, *options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check(parser.parse_args([*options, "--results", str(folder)]))


def test_without_options_the_plan_is_the_table(tmp_path: Path) -> None:
    """Every stage is played where the receivers are ours."""
    assert make_plan(STAGES, settings(tmp_path)) == (STAGES, ())


def test_stages_with_faults_need_our_receivers(tmp_path: Path) -> None:
    """Nobody else's endpoint plays faults: such stages are left out, and named."""
    target = settings(tmp_path, "--target", "http://127.0.0.1:9/")
    plan = make_plan(STAGES, target)
    assert [stage.name or stage.scenario for stage in plan.stages] == ["plain"]
    assert plan.left_out == tuple(stage.name for stage in STAGES[1:])
    with pytest.raises(ConfigError, match="every stage"):
        make_plan(STAGES[1:], target)


def test_a_profile_takes_the_place_of_the_sweep(tmp_path: Path) -> None:
    """The stages that retry are played once for each scenario, under the profile, and long enough for its delays."""
    plan = make_plan(STAGES, settings(tmp_path, "--retry-profile", "svix", "--time-scale", "0.001"))
    assert [stage.name or stage.scenario for stage in plan.stages] == ["plain", "failing profile=svix x0.001"]
    stage = plan.stages[1]
    assert stage.faults == FAILING.faults
    assert stage.retry.retries > 3
    assert stage.drain_s > stage.retry.longest_s() > 2


def test_every_fault_of_a_plan_is_named_at_once(tmp_path: Path) -> None:
    """Impossible laws and faults, stages without an end, two of one name: all in one error."""
    broken = (
        Stage("endless"),
        Stage("law", events=1, retry=RetryLaw(retries=70_000, delay_s=-1, cap_s=-2)),
        Stage("fault", events=1, faults=Faults(status={503: 1.3}, hang=-0.5)),
        Stage("fault", events=1),
    )
    with pytest.raises(ConfigError) as caught:
        make_plan(broken, settings(tmp_path))
    said = str(caught.value)
    for phrase in ("never end", "retries must", "delay_s must", "below the first", "1.3", "-0.5", "two stages"):
        assert phrase in said


def test_every_fault_of_the_retry_options_is_named_at_once(tmp_path: Path) -> None:
    """An unknown profile and an impossible scale are told together."""
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, "--retry-profile", "nobody", "--time-scale", "-1")
    assert "'nobody'" in str(caught.value)
    assert "--time-scale" in str(caught.value)
    with pytest.raises(ConfigError, match="need --retry-profile"):
        settings(tmp_path, "--time-scale", "0.1")
