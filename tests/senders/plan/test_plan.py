"""A test's stages under the settings of a run."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.faults import Faults
from _hookswarm.protocol.regions import WORLD_TABLE, RegionTable, dump_table, load_table
from _hookswarm.senders.plan.arrivals import Closed, Constant, Ramp
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.health import HealthLaw
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.plan import Plan, make_plan
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Incident, Limits, Stage, WebhookClass, named
from _hookswarm.senders.plan.variations import sweep

FAILING = Stage("failing", events=10, faults=Faults(status={503: 0.3}), drain_s=2)
STAGES = (Stage("plain", events=10), *sweep(FAILING, retries=(0, 3), delay_s=(0.0, 0.5)))


def settings(folder: Path, *options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check_options(parser.parse_args([*options, "--results", str(folder)]))


def test_without_options_the_plan_is_the_table(tmp_path: Path) -> None:
    """Every stage is played where the receivers are ours."""
    assert make_plan(STAGES, settings(tmp_path)) == Plan(named(STAGES), {})


def test_stages_with_faults_need_our_receivers(tmp_path: Path) -> None:
    """Nobody else's endpoint plays faults: such stages are left out, and named."""
    target = settings(tmp_path, "--target", "http://127.0.0.1:9/")
    plan = make_plan(STAGES, target)
    assert [stage.name for stage in plan.stages] == ["plain"]
    assert plan.left_out == {stage.name: "receivers of ours that fail as planned" for stage in STAGES[1:]}
    with pytest.raises(ConfigError, match="every stage"):
        make_plan(STAGES[1:], target)


def test_a_profile_takes_the_place_of_the_sweep(tmp_path: Path) -> None:
    """The stages that retry are played once for each scenario, under the profile, and long enough for its delays."""
    plan = make_plan(STAGES, settings(tmp_path, "--retry-profile", "svix", "--time-scale", "0.001"))
    assert [stage.name for stage in plan.stages] == ["plain", "failing profile=svix x0.001"]
    stage = plan.stages[1]
    assert stage.faults == FAILING.faults
    assert stage.retry.retries > 3
    assert stage.drain_s > stage.retry.longest_s() > 2


def test_a_strategy_takes_the_place_of_the_planned_one(tmp_path: Path) -> None:
    """Stages are played under it; of those that compare strategies, its own are left."""
    stages = (Stage("plain", events=1), *sweep(Stage("compared", events=1), strategy=("random", "nearest")))
    plan = make_plan(stages, settings(tmp_path, "--strategy", "random"))
    assert [(stage.name, stage.strategy) for stage in plan.stages] == [
        ("plain", "random"),
        ("compared strategy=random", "random"),
    ]


def test_every_fault_of_a_plan_is_named_at_once(tmp_path: Path) -> None:
    """Impossible laws and faults, stages without an end, two of one name: all in one error."""
    broken = (
        Stage("endless"),
        Stage("law", events=1, retry=RetryLaw(retries=70_000, delay_s=-1, cap_s=-2)),
        Stage("fault", events=1, faults=Faults(status={503: 1.3}, hang=-0.5)),
        Stage("fault", events=1),
        Stage("classes", events=1, webhooks=5, classes=(WebhookClass("a", 3, 3), WebhookClass("a", 0, 1))),
        Stage("search", events=1, limits=Limits()),
        Stage("shares", events=1, users=3, processes=2),
        Stage("lb", events=1, strategy="fastest", health=HealthLaw(failures=0)),
        Stage("outlasts", duration_s=2, incidents=(Incident("refused", 1, 1.5), Incident("frozen", 0, 1))),
        Stage(
            "both", duration_s=2, faults=Faults(hang=0.1), incidents=(Incident("slow", 0, 1), Incident("grey", 1, 1))
        ),
    )
    with pytest.raises(ConfigError) as caught:
        make_plan(broken, settings(tmp_path))
    said = str(caught.value)
    for phrase in ("never end", "retries is 70000", "delay_s is", "below the first", "1.3", "-0.5", "two stages"):
        assert phrase in said
    for phrase in ("beyond its 5 webhooks", "named alike", "needs a rate and a time", "3 users are not"):
        assert phrase in said
    for phrase in (
        "there is no strategy 'fastest': write one of nearest",
        "failures must lie in",
        "'refused' outlasts",
    ):
        assert phrase in said
    for phrase in ("refused or frozen once", "slow or answer errors once", "exclude each other"):
        assert phrase in said


def test_duration_and_rate_reach_the_stages_they_are_for(tmp_path: Path) -> None:
    """--duration stretches the sustained stages only, --rate sets every open stage's rate."""
    stages = (
        Stage("sustained", duration_s=5, stretch=True, arrivals=Ramp(10, to=20, over_s=5)),
        Stage("short", duration_s=5, arrivals=Constant(10)),
        Stage("closed", duration_s=5),
    )
    plan = make_plan(stages, settings(tmp_path, "--duration", "1h30m", "--rate", "50"))
    assert [stage.duration_s for stage in plan.stages] == [5_400, 5, 5]
    assert [stage.arrivals for stage in plan.stages] == [Ramp(50, to=100, over_s=5), Constant(50), Closed()]
    for bad in (["--duration", "1d"], ["--duration", "0s"], ["--rate", "-1"]):
        with pytest.raises(ConfigError, match=bad[0]):
            settings(tmp_path, *bad)


def test_a_rotation_falls_into_some_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is later than all of them is refused; of a stage that its events end nobody knows."""
    monkeypatch.setenv("HOOKSWARM_SECRET", "whsec_" + "A" * 32)
    monkeypatch.setenv("HOOKSWARM_SECRET_NEXT", "whsec_" + "B" * 32)
    rotating = settings(tmp_path, "--rotate-at", "5s")
    with pytest.raises(ConfigError, match="--rotate-at 5 s: every stage is over by then: rotate earlier, or "):
        make_plan([Stage("short", duration_s=3), Stage("warm", duration_s=3, warmup_s=2)], rotating)
    for lasts in (Stage("long", duration_s=6), Stage("counted", events=1)):
        assert make_plan([Stage("short", duration_s=3), lasts], rotating).stages


def test_every_fault_of_the_retry_options_is_named_at_once(tmp_path: Path) -> None:
    """An unknown profile and an impossible scale are told together."""
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, "--retry-profile", "nobody", "--time-scale", "-1")
    assert "'nobody'" in str(caught.value)
    assert "--time-scale" in str(caught.value)
    with pytest.raises(ConfigError, match="about a --retry-profile"):
        settings(tmp_path, "--time-scale", "0.1")


def test_stages_are_chosen_by_name(tmp_path: Path) -> None:
    """--stages plays those that a pattern names, in the table's order; a pattern without a stage names them all."""
    plan = make_plan(STAGES, settings(tmp_path, "--stages", "* delay_s=0.5, plain"))
    names = [stage.name for stage in named(STAGES)]
    assert [stage.name for stage in plan.stages] == [name for name in names if not name.endswith("delay_s=0.0")]
    assert plan.left_out == {}
    with pytest.raises(ConfigError, match=r"none is named 'plane': write one of plain, failing retries=0"):
        make_plan(STAGES, settings(tmp_path, "--stages", "plane,plain"))


def world(folder: Path, *options: str, regions: int = 2, links: bool = True) -> Settings:
    """Settings for the first regions of the world."""
    table = load_table(WORLD_TABLE)
    names = [region.name for region in table.region[:regions]]
    chosen = RegionTable(
        region=table.region[:regions], links=table.links.between(names) if table.links and links else None
    )
    path = folder / "world.toml"
    path.write_text(dump_table(chosen))
    return settings(folder, "--regions", str(path), *options)


def test_a_fault_on_a_region_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """It names every such stage, and the regions that there are; one that says how many it needs is left out."""
    third, cut = Incident("slow", 0, 1, regions=(0, 2)), Incident("cut", 0, 1, origins=(4,))
    stages = [Stage("third", duration_s=2, incidents=(third,)), Stage("fifth", duration_s=2, incidents=(cut,))]
    with pytest.raises(ConfigError) as caught:
        make_plan(stages, world(tmp_path))
    assert "stage 'third': a fault on region 2; there are 0 us-east-1, 1 eu-west-1" in str(caught.value)
    assert "stage 'fifth': a fault on region 4" in str(caught.value)
    modest = [replace(stage, least_regions=5) for stage in stages]
    assert make_plan([Stage("plain", events=1), *modest], world(tmp_path)).left_out == dict.fromkeys(
        ("third", "fifth"), "5 regions"
    )


def test_a_fault_may_befall_all_regions_that_there_are(tmp_path: Path) -> None:
    """An incident of no region is one of every region of the table."""
    stages = [Stage("all", duration_s=2, incidents=(Incident("slow", 0, 1, regions=()),))]
    (stage,) = make_plan(stages, world(tmp_path, regions=3)).stages
    assert stage.incidents[0].regions == (0, 1, 2)


def test_a_cut_needs_links_that_are_modelled(tmp_path: Path) -> None:
    """Where regions are really apart, or nobody said how far, there is nothing that senders could cut."""
    cut = Incident("cut", 0, 1, origins=(1,))
    stages = [Stage("plain", events=1), Stage("cut", duration_s=2, incidents=(cut,))]
    assert make_plan(stages, world(tmp_path, regions=3)).left_out == {}
    for unmodelled in (world(tmp_path, "--links", "real", regions=3), world(tmp_path, links=False, regions=3)):
        assert make_plan(stages, unmodelled).left_out == {"cut": "modelled links, to cut them"}


def test_incidents_need_our_receivers_unless_they_are_cuts(tmp_path: Path) -> None:
    """A foreign endpoint cannot be told to fail; the way to it can be cut."""
    stages = (Stage("plain", events=1), Stage("errors", duration_s=2, incidents=(Incident("errors", 0, 1),)))
    plan = make_plan(stages, settings(tmp_path, "--target", "http://127.0.0.1:9/"))
    assert plan.left_out == {"errors": "receivers of ours that fail as planned"}


def test_stages_of_a_balancer_need_one(tmp_path: Path) -> None:
    """HAProxy's strategies, and what stands beside them, are left out unless the table has it listen for them."""
    beside = Stage("beside", events=10, links=False)
    stages = (Stage("ours", events=10), beside, Stage("theirs", events=10, strategy="haproxy-leastconn"))
    needed = "a load balancer (--balancer haproxy)"
    assert make_plan(stages, settings(tmp_path)).left_out == {"beside": needed, "theirs": needed}
    table = tmp_path / "regions.toml"
    region = '[[region]]\nname = "a"\nurl = "http://127.0.0.1:1/"\n[balancer.haproxy]\n'
    table.write_text(f'{region}leastconn = "http://127.0.0.1:2/"\n')
    assert make_plan(stages, settings(tmp_path, "--regions", str(table))).left_out == {}
    table.write_text(f'{region}random = "http://127.0.0.1:2/"\n')
    assert list(make_plan(stages, settings(tmp_path, "--regions", str(table))).left_out) == ["theirs"]


def test_a_bound_reaches_every_stage_and_the_record(tmp_path: Path) -> None:
    """At another's target it is the base rate; what it changes is told, of the stages that are played."""
    stages = (
        Stage("closed", events=999),
        Stage("open", duration_s=5, arrivals=Constant(100)),
        Stage("unasked", events=9),
    )
    there = settings(tmp_path, "--target", "http://127.0.0.1:9/", "--rate", "5", "--stages", "closed,open")
    plan = make_plan(stages, there)
    assert [(stage.max_rate, stage.events) for stage in plan.stages] == [(5, 50), (5, None)]
    assert plan.told == (
        "at most 5 attempts a second: as --rate has it; --max-rate sets another bound",
        "with the events that go out in 10 s at it: closed (999 to 50)",
    )
    assert (there.options["rate"], there.options["max_rate"]) == (5, 5)
    assert make_plan(stages, settings(tmp_path, "--rate", "5")).told == ()


def test_stages_run_elsewhere_without_what_dresses_our_receivers(tmp_path: Path) -> None:
    """What is about our receivers does not."""
    dressed = Stage("dressed", webhooks=9, events=1, classes=(WebhookClass("a", 1, 2),), receiver_threads=9)
    stages = (dressed, replace(dressed, scenario="about ours", ours=True))
    plan = make_plan(stages, settings(tmp_path, "--target", "http://127.0.0.1:9/"))
    assert plan.stages == named([Stage("dressed", webhooks=9, events=1)])
    assert plan.left_out == {"about ours": "receivers of ours that do as planned"}
    assert make_plan(stages, settings(tmp_path)).stages == named(stages)
