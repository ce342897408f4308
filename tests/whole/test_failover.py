"""Regional failovers, with real processes that end, stop and fail: what the report says against what was done.

Four worlds side by side, each mostly asleep, play ten short repeats of every scenario; the first one plays each at
length, too, and two compare strategies.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.analysis.schema.failover import Failover
from _hookswarm.analysis.schema.report import Section
from _hookswarm.protocol.faults import Delay
from _hookswarm.records.export import read_journals
from _hookswarm.records.reading import JournalView
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import IncidentPlayed, StageStarted, read_timeline
from _hookswarm.senders.plan.arrivals import Poisson
from _hookswarm.senders.plan.health import HealthLaw
from _hookswarm.senders.plan.retry import Jitter, RetryLaw
from _hookswarm.senders.plan.stages import Incident, Stage
from tests.support.runs import BUSY, analyse, codes, end_group, run_folder, run_locust, start_locust
from tests.support.worlds import needs_haproxy, running_world

pytestmark = pytest.mark.alone

FROM_S, FOR_S = 2.0, 1.5
# With full jitter, eight retries are sometimes all over before an outage of every region is.
STAGE = Stage(
    "failover", users=48, webhooks=480, arrivals=Poisson(150), payload="thin", timeout_s=0.5, duration_s=7, drain_s=15,
    retry=RetryLaw(retries=12, delay_s=0.1, growth="exponential", cap_s=1, jitter=Jitter("full")),
    health=HealthLaw(failures=5, eject_s=0.5, longest_s=4, probe_s=0.3, probe_timeout_s=0.3, fall=2, rise=2),
)  # fmt: skip


def incidents(from_s: float, for_s: float) -> dict[str, Incident]:
    """Every scenario."""
    return {
        "refused": Incident("refused", from_s, for_s),
        "frozen": Incident("frozen", from_s, for_s),
        "slow": Incident("slow", from_s, for_s, delay=Delay(2.0)),
        "errors": Incident("errors", from_s, for_s),
        "flapping": Incident("flapping", from_s, for_s, period_s=0.5),
        "grey": Incident("grey", from_s, for_s),
        "cut": Incident("cut", from_s, for_s, origins=(0,)),
        "cut_back": Incident("cut_back", from_s, for_s, origins=(0,)),
        "two regions": Incident("errors", from_s, for_s, regions=(0, 1)),
        "all regions": Incident("errors", from_s, for_s, regions=(0, 1, 2)),
    }


INCIDENTS = incidents(FROM_S, FOR_S)
SHORT = replace(STAGE, arrivals=Poisson(200), timeout_s=0.25, duration_s=2.4)
SHORT_INCIDENTS = incidents(0.6, 0.9)
REPEATS = (0, 2, 2, 3, 3)
"""Of each scenario, by world. Every stage has draws of its own. Those that compare strategies end last, undisturbed."""
STRATEGIES = ("nearest", "round-robin", "power-of-two", "peak-ewma")
"""Compared by the last two worlds, whose seeds differ."""

NEAR_NS = 50e6
"""How far what is told may be from what the journals imply."""


@dataclass(frozen=True)
class World:
    """A run, and what was made of it."""

    section: Section
    run: Path

    def failovers(self) -> Iterator[tuple[int, Failover]]:
        """Those of the short repeats, each with the number of its stage."""
        for found in self.section.failovers or []:
            if found.stage not in INCIDENTS:
                yield self.number(found.stage), found

    def number(self, name: str) -> int:
        """Of the stage that goes by this name."""
        return [stage.name for stage in self.section.stages].index(name)

    def incident(self, stage: int) -> IncidentPlayed:
        timeline = read_timeline(self.run)
        (told,) = [entry for entry in timeline if isinstance(entry, IncidentPlayed) and entry.stage == stage]
        return told

    def started_ns(self, stage: int) -> int:
        timeline = read_timeline(self.run)
        (at,) = [entry.at_ns for entry in timeline if isinstance(entry, StageStarted) and entry.stage == stage]
        return at

    def arrivals(self, stage: int, region: str) -> np.ndarray:
        """What a region's own journals hold of a stage."""
        views = [view for view in read_journals(self.run, "arrivals") if _region(view) == region]
        return np.concatenate([view.rows[view.rows["stage"] == stage] for view in views])

    def attempts(self, stage: int) -> np.ndarray:
        return np.concatenate([view.rows[view.rows["stage"] == stage] for view in read_journals(self.run, "attempts")])


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> list[World]:
    """All five, played at the same time, each with a seed of its own."""
    plans = [
        [
            replace(SHORT, name=f"{name} #{repeat}", incidents=(incident,))
            for repeat in range(repeats)
            for name, incident in SHORT_INCIDENTS.items()
        ]
        for repeats in REPEATS
    ]
    plans[0] = [replace(STAGE, name=name, incidents=(incident,)) for name, incident in INCIDENTS.items()] + plans[0]
    for plan in plans[-2:]:
        plan += [replace(STAGE, name=name, strategy=name, course="same", duration_s=3) for name in STRATEGIES]
    # All senders start at the same time: nothing is judged until they have.
    plans = [[replace(SHORT, name="calm"), *plan] for plan in plans]
    folders = [tmp_path_factory.mktemp(f"world{number}") for number in range(len(plans))]
    with ExitStack() as stack:
        running = []
        tables = [stack.enter_context(running_world(folder, 3, "--threads", "16")) for folder in folders]
        for number, (folder, table, stages) in enumerate(zip(folders, tables, plans, strict=True)):
            options = ["--regions", str(table), "--seed", str(number + 1)]
            running.append(start_locust(folder, stages, *options, test="distribution"))
            stack.callback(end_group, running[-1])
        for process in running:
            process.wait(300)
    runs = [run_folder(folder) for folder in folders]
    with ThreadPoolExecutor(2) as pool:
        return [World(section, run) for (section, _), run in zip(pool.map(analyse, runs), runs, strict=True)]


@pytest.fixture(scope="module")
def played(worlds: list[World]) -> World:
    """The one that plays each scenario at length."""
    return worlds[0]


def failover(section: Section, name: str) -> Failover:
    (found,) = [one for one in section.failovers or [] if one.stage == name]
    return found


def test_nothing_that_was_acknowledged_is_lost(played: World) -> None:
    """In every scenario: books balanced, nothing lost, nothing given up, and each duplicate has an explanation."""
    assert codes(played.section) <= BUSY, played.section.verdict
    long = [stage for stage in played.section.stages if stage.name in INCIDENTS]
    assert len(long) == len(INCIDENTS)
    for stage in long:
        assert stage.ledger.balanced
        assert stage.ledger.lost == 0
        assert stage.deliveries.due == stage.deliveries.acknowledged > 900
        assert stage.ledger.duplicated_spurious == 0


@pytest.mark.parametrize("name", ["refused", "frozen"])
def test_an_outage_was_when_the_journals_say(played: World, name: str) -> None:
    """The region takes nothing from 50 ms behind the outage's begin on, and again from its end on, by its journals."""
    number = played.number(name)
    told, start = played.incident(number), played.started_ns(number)
    taken = sorted(played.arrivals(number, "us-east-1")["start"].tolist())
    out = [at for at in taken if told.at_ns + 50e6 < at < told.until_ns - 50e6]
    assert not out
    # Both ends by the plan, and not their difference: to end or stop processes takes a while, and is told when done.
    begin_ns, end_ns = start + FROM_S * 1e9, start + (FROM_S + FOR_S) * 1e9
    assert abs(told.at_ns - begin_ns) < 50e6
    assert -50e6 < told.until_ns - end_ns < 5e9
    assert taken[-1] > told.until_ns
    found = failover(played.section, name)
    assert found.lasted_s == pytest.approx((told.until_ns - told.at_ns) / 1e9, abs=0.001)


def _region(view: JournalView) -> str:
    return view.header.region


@pytest.mark.parametrize("name", ["refused", "errors", "grey", "frozen", "cut", "cut_back"])
def test_detection_keeps_its_bound(played: World, name: str) -> None:
    """The region's own origin, which sends nearly all of its attempts there, ceases to within the analytic bound."""
    home = failover(played.section, name).by_origin[0]
    assert home.origin == "us-east-1"
    assert home.detected_s is not None
    assert home.within_bound, home


def test_a_cut_is_noticed_by_its_origin_alone(played: World) -> None:
    """A partition between one origin and one region: nobody else's attempts fail."""
    for name in ("cut", "cut_back"):
        found = failover(played.section, name)
        assert found.origins == ["us-east-1"]
        assert found.false_alarms == 0


def test_a_one_sided_partition_looks_unlike_from_both_sides(played: World) -> None:
    """The receiver took what the sender calls failed, and the report says what each saw."""
    view = failover(played.section, "cut_back").receivers
    assert view
    assert view.failed_but_taken > 0
    assert view.views_differ
    stage = played.section.stages[played.number("cut_back")]
    assert stage.ledger.duplicated
    assert stage.ledger.duplicated_harmless == stage.ledger.duplicated
    plain = failover(played.section, "errors").receivers
    assert plain
    assert plain.views_differ is None


def test_a_grey_failure_is_no_false_failback(played: World) -> None:
    """Probes that succeed while deliveries fail bring nothing back: a trial an ejection, no more."""
    home = failover(played.section, "grey").by_origin[0]
    assert home.detected_by == "failures"
    assert home.flips <= 4


def test_when_all_regions_fail_a_backlog_drains(played: World) -> None:
    """Nowhere to go: events wait for their retries, and are delivered once it is over."""
    found = failover(played.section, "all regions")
    assert found.backlog_peak > 50
    assert found.recovered_s is not None
    assert found.recovered_s >= found.lasted_s - found.deadline_s
    assert found.metastable is False


def test_strategies_meet_the_same_arrivals(worlds: list[World]) -> None:
    """Under every strategy the same events fall due at the same instants; and two seeds rank them alike.

    Where one run says that a strategy beats another, no other run says the opposite.
    """
    beats = []
    for world in worlds[-2:]:
        numbers = [number for number, stage in enumerate(world.section.stages) if stage.name in STRATEGIES]
        assert len(numbers) == len(STRATEGIES)
        courses = [_course(world, number) for number in numbers]
        assert all(course == courses[0] for course in courses)
        assert len(courses[0]) > 300
        (compared,) = world.section.strategies or []
        assert {one.strategy for one in compared.strategies} == set(STRATEGIES)
        even = {one.strategy: one.jain for one in compared.strategies}["round-robin"]
        assert even is not None
        assert even >= 0.999
        beats.append({(one.better, one.worse) for one in compared.differences if one.different})
    assert ("nearest", "round-robin") in beats[0] & beats[1]
    assert not beats[0] & {(worse, better) for better, worse in beats[1]}


def _course(world: World, stage: int) -> list[tuple[int, ...]]:
    """When, from the stage's start, which events fell due, and where."""
    rows = world.attempts(stage)
    due, key = rows["due"] - world.started_ns(stage), ("webhook", "sequence", "origin")
    first = rows["attempt"] == 1
    return sorted(zip(due[first].tolist(), *(rows[name][first].tolist() for name in key), strict=True))


def test_every_repeat_was_when_it_was_planned(worlds: list[World]) -> None:
    """Ten of each scenario: told within 50 ms of the plan; a refused region is back once its processes have started."""
    told = [(world, number, found) for world in worlds for number, found in world.failovers()]
    assert len(told) == sum(REPEATS) * len(SHORT_INCIDENTS)
    for world, number, found in told:
        start, incident = world.started_ns(number), SHORT_INCIDENTS[found.stage.partition(" #")[0]]
        played = world.incident(number)
        assert abs(played.at_ns - start - incident.from_s * 1e9) < NEAR_NS, found.stage
        late = played.until_ns - start - (incident.from_s + incident.for_s) * 1e9
        assert -NEAR_NS < late < (5e9 if incident.fault == "refused" else NEAR_NS), found.stage


def test_every_repeat_is_what_the_receivers_saw(worlds: list[World]) -> None:
    """While a region is out its journals take nothing, or turn away; before and behind, within 50 ms, they take all."""
    for world in worlds:
        for number, found in world.failovers():
            incident = world.incident(number)
            begin, end = incident.at_ns, incident.until_ns
            for region in found.regions:
                rows = world.arrivals(number, region)
                rows = rows[np.isin(rows["origin"], incident.origins)]
                at, taken = rows["start"], rows["status"] // 100 == 2
                inside = (at > begin + NEAR_NS) & (at < end - NEAR_NS)
                outside = (at < begin - NEAR_NS) | (at > end + NEAR_NS)
                assert taken[outside].all(), found.stage
                if incident.fault in ("refused", "frozen", "cut"):
                    assert not inside.any(), (found.stage, region)
                elif incident.fault in ("errors", "grey"):
                    assert not taken[inside].any(), found.stage  # soon it is sent nothing
                    assert region != "us-east-1" or not taken.all()
                elif incident.fault == "slow":
                    assert (rows["done"] - at)[inside].min() > 1.9e9
                    assert (rows["done"] - at)[outside].max() < 1.9e9


def test_every_repeat_is_what_the_senders_saw(worlds: list[World]) -> None:
    """The first failure at a region is that of the attempts' journal, to the millisecond; none is before the fault."""
    for world in worlds:
        for number, found in world.failovers():
            incident, rows = world.incident(number), world.attempts(number)
            home = np.isin(rows["target"], incident.regions) & np.isin(rows["origin"], incident.origins)
            failed = home & (rows["outcome"] != Outcome.ACKNOWLEDGED) & (rows["start"] != 0)
            met = failed & (rows["start"] >= incident.at_ns) & (rows["start"] < incident.until_ns)
            firsts = [one.first_failure_s for one in found.by_origin if one.first_failure_s is not None]
            assert met.any(), found.stage
            assert min(firsts) == pytest.approx((rows["done"][met].min() - incident.at_ns) / 1e9, abs=0.001)
            assert rows["done"][failed].min() >= incident.at_ns - NEAR_NS, found.stage


def test_every_repeat_is_detected_within_its_bound(worlds: list[World]) -> None:
    """The origin whose home the region is ceases to send there as soon as n failures, or probes, can have told."""
    for world in worlds:
        for _, found in world.failovers():
            name = found.stage.partition(" #")[0]
            assert all(one.within_bound is not False for one in found.by_origin), found
            if name not in ("flapping", "two regions", "all regions"):
                home = found.by_origin[0]
                assert home.origin == "us-east-1"
                assert home.within_bound, found


def test_no_repeat_loses_anything(worlds: list[World]) -> None:
    """Books balanced, nothing acknowledged lost, nothing given up; each duplicate followed a missed acknowledgement."""
    for world in worlds:
        assert codes(world.section) <= BUSY, world.section.verdict
        for stage in world.section.stages:
            assert stage.ledger.lost == 0
            assert stage.deliveries.due == stage.deliveries.acknowledged > 300
            assert stage.ledger.duplicated_spurious == 0


def test_both_views_agree_or_the_report_says_so(worlds: list[World]) -> None:
    """What senders call failed and receivers took is told in a sentence, and only where there is such an attempt."""
    for world in worlds:
        for number, found in world.failovers():
            assert found.receivers
            assert (found.receivers.views_differ is not None) == (found.receivers.failed_but_taken > 0)
            name = found.stage.partition(" #")[0]
            if name == "cut":
                assert found.receivers.failed_but_taken == 0, found.stage
            if name in ("refused", "errors", "grey", "flapping", "all regions"):
                # None but those that a busy machine held up for longer than their time.
                slow = np.count_nonzero(world.attempts(number)["outcome"] == Outcome.READ_TIMEOUT)
                assert found.receivers.failed_but_taken <= slow, found.stage
            if found.stage.startswith("cut_back"):
                assert found.receivers.failed_but_taken > 0


@needs_haproxy
def test_through_haproxy_the_receivers_know_who_served_what(tmp_path: Path) -> None:
    """Its algorithms beside ours on the same arrivals: nothing is lost, and the region that is refused is left out."""
    refused = Incident("refused", 0.8, 1.0)
    stages = [
        replace(STAGE, name=name, strategy=name, course="same", links=False, duration_s=3, incidents=(refused,))
        for name in ("power-of-two", "haproxy-roundrobin", "haproxy-leastconn", "haproxy-random", "haproxy-hash")
    ]
    with running_world(tmp_path, 3, "--threads", "16", balancer=True) as table:
        run = run_locust(tmp_path, stages, "--regions", str(table), timeout_s=120, test="distribution")
    world = World(analyse(run)[0], run)
    # HAProxy retries for 3 s what it could not connect for, though the sender gave up after 0.5 s.
    kept = {
        reason.code for reason in world.section.verdict.reasons if "though they had been sent before" in reason.message
    }
    assert codes(world.section) - kept <= BUSY, world.section.verdict
    assert len({stage.deliveries.due for stage in world.section.stages}) == 1
    (compared,) = world.section.strategies or []
    assert {one.strategy for one in compared.strategies} == {stage.strategy for stage in stages}
    for number, (stage, regions) in enumerate(zip(world.section.stages, world.section.regions or [], strict=True)):
        assert stage.ledger.lost == 0
        assert stage.deliveries.due == stage.deliveries.acknowledged > 300
        served = {one.target: one.attempts for one in regions.targets}
        taken = {name: len(world.arrivals(number, name)) for name in ("us-east-1", "eu-west-1", "ap-northeast-1")}
        if stage.parameters["strategy"].startswith("haproxy"):
            assert {name: served[name] for name in taken} == taken
        assert min(taken.values()) > 20
        incident, east = world.incident(number), world.arrivals(number, "us-east-1")["start"]
        assert not ((east > incident.at_ns + NEAR_NS) & (east < incident.until_ns - NEAR_NS)).any()
