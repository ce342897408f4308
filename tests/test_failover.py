"""Regional failovers, with real processes that end, stop and fail: what the report says against what was done."""

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.failover_models import Failover
from analysis.models import Section, Status
from protocol.faults import Delay
from records.export import read_journals
from records.journal import JournalView
from records.run import IncidentPlayed, StageStarted, read_timeline
from senders.arrivals import Poisson
from senders.health import HealthLaw
from senders.retry import Jitter, RetryLaw
from senders.stages import Incident, Stage
from tests.runs import analyse, codes, run_locust
from tests.worlds import running_world

pytestmark = pytest.mark.slow

FROM_S, FOR_S = 2.0, 1.5
STAGE = Stage(
    "failover", users=48, webhooks=480, arrivals=Poisson(150), payload="thin", timeout_s=0.5, duration_s=7, drain_s=15,
    retry=RetryLaw(retries=8, delay_s=0.1, growth="exponential", cap_s=1, jitter=Jitter("full")),
    health=HealthLaw(failures=5, eject_s=0.5, longest_s=4, probe_s=0.3, probe_timeout_s=0.3, fall=2, rise=2),
)  # fmt: skip
INCIDENTS = {
    "refused": Incident("refused", FROM_S, FOR_S),
    "frozen": Incident("frozen", FROM_S, FOR_S),
    "slow": Incident("slow", FROM_S, FOR_S, delay=Delay(2.0)),
    "errors": Incident("errors", FROM_S, FOR_S),
    "flapping": Incident("flapping", FROM_S, FOR_S, period_s=0.5),
    "grey": Incident("grey", FROM_S, FOR_S),
    "cut": Incident("cut", FROM_S, FOR_S, origins=(0,)),
    "cut_back": Incident("cut_back", FROM_S, FOR_S, origins=(0,)),
    "two regions": Incident("errors", FROM_S, FOR_S, regions=(0, 1)),
    "all regions": Incident("errors", FROM_S, FOR_S, regions=(0, 1, 2)),
}
TOLERATED = {"generator_late", "generator_starved"}
"""Of a busy machine; what is asserted here holds all the same."""


def play(folder: Path, stages: list[Stage], *options: str) -> tuple[Section, Path]:
    with running_world(folder, 3, "--threads", "16") as table:
        run = run_locust(folder, stages, "--regions", str(table), *options, timeout_s=240, test="distribution")
    return analyse(run)[0], run


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Section, Path]:
    """One run with a stage for each incident."""
    stages = [replace(STAGE, name=name, incidents=(incident,)) for name, incident in INCIDENTS.items()]
    return play(tmp_path_factory.mktemp("failovers"), stages)


def failover(section: Section, name: str) -> Failover:
    (found,) = [one for one in section.failovers or [] if one.stage == name]
    return found


def test_nothing_that_was_acknowledged_is_lost(played: tuple[Section, Path]) -> None:
    """In every scenario: books balanced, nothing lost, nothing given up, and each duplicate has an explanation."""
    section, _ = played
    assert codes(section) <= TOLERATED, section.verdict
    assert [stage.name for stage in section.stages] == list(INCIDENTS)
    for stage in section.stages:
        assert stage.ledger.balanced
        assert stage.ledger.lost == 0
        assert stage.deliveries.due == stage.deliveries.acknowledged > 900
        assert stage.ledger.duplicated_spurious == 0


@pytest.mark.parametrize("name", ["refused", "frozen"])
def test_an_outage_was_when_the_journals_say(played: tuple[Section, Path], name: str) -> None:
    """The region takes nothing from 50 ms behind the outage's begin on, and again from its end on, by its journals."""
    section, run = played
    number = list(INCIDENTS).index(name)
    timeline = list(read_timeline(run))
    (told,) = [entry for entry in timeline if isinstance(entry, IncidentPlayed) and entry.stage == number]
    (start,) = [entry.at_ns for entry in timeline if isinstance(entry, StageStarted) and entry.stage == number]
    taken = sorted(
        int(at)
        for view in read_journals(run, "arrivals")
        if _region(view) == "us-east-1"
        for at in view.rows["start"][view.rows["stage"] == number]
    )
    out = [at for at in taken if told.at_ns + 50e6 < at < told.until_ns - 50e6]
    assert not out
    # Both ends by the plan, and not their difference: to end or stop processes takes a while, and is told when done.
    begin_ns, end_ns = start + FROM_S * 1e9, start + (FROM_S + FOR_S) * 1e9
    assert abs(told.at_ns - begin_ns) < 50e6
    assert -50e6 < told.until_ns - end_ns < 5e9
    assert taken[-1] > told.until_ns
    found = failover(section, name)
    assert found.lasted_s == pytest.approx((told.until_ns - told.at_ns) / 1e9, abs=0.001)


def _region(view: JournalView) -> str:
    return view.header.region


@pytest.mark.parametrize("name", ["refused", "errors", "grey", "frozen", "cut", "cut_back"])
def test_detection_keeps_its_bound(played: tuple[Section, Path], name: str) -> None:
    """The region's own origin, which sends nearly all of its attempts there, ceases to within the analytic bound."""
    home = failover(played[0], name).by_origin[0]
    assert home.origin == "us-east-1"
    assert home.detected_s is not None
    assert home.within_bound, home


def test_a_cut_is_noticed_by_its_origin_alone(played: tuple[Section, Path]) -> None:
    """A partition between one origin and one region: nobody else's attempts fail."""
    for name in ("cut", "cut_back"):
        found = failover(played[0], name)
        assert found.origins == ["us-east-1"]
        assert found.false_alarms == 0


def test_a_one_sided_partition_looks_unlike_from_both_sides(played: tuple[Section, Path]) -> None:
    """The receiver took what the sender calls failed, and the report says what each saw."""
    section, _ = played
    view = failover(section, "cut_back").receivers
    assert view
    assert view.failed_but_taken > 0
    assert view.views_differ
    (stage,) = [stage for stage in section.stages if stage.name == "cut_back"]
    assert stage.ledger.duplicated
    assert stage.ledger.duplicated_harmless == stage.ledger.duplicated
    plain = failover(section, "errors").receivers
    assert plain
    assert plain.views_differ is None


def test_a_grey_failure_is_no_false_failback(played: tuple[Section, Path]) -> None:
    """Probes that succeed while deliveries fail bring nothing back: a trial an ejection, no more."""
    home = failover(played[0], "grey").by_origin[0]
    assert home.detected_by == "failures"
    assert home.flips <= 4


def test_when_all_regions_fail_a_backlog_drains(played: tuple[Section, Path]) -> None:
    """Nowhere to go: events wait for their retries, and are delivered once it is over."""
    found = failover(played[0], "all regions")
    assert found.backlog_peak > 50
    assert found.recovered_s is not None
    assert found.recovered_s >= found.lasted_s - found.deadline_s
    assert found.metastable is False


def test_strategies_meet_the_same_arrivals(tmp_path: Path) -> None:
    """Under every strategy the same events fall due at the same instants, at the same origins."""
    stages = [
        replace(STAGE, name=name, strategy=name, course="same", duration_s=3)
        for name in ("nearest", "round-robin", "peak-ewma")
    ]
    section, run = play(tmp_path, stages)
    assert section.verdict.status in (Status.PASS, Status.VOID), section.verdict
    assert codes(section) <= TOLERATED
    timeline = list(read_timeline(run))
    starts = {entry.stage: entry.at_ns for entry in timeline if isinstance(entry, StageStarted)}
    (view,) = read_journals(run, "attempts")
    courses = []
    for number, start in starts.items():
        rows = view.rows[(view.rows["stage"] == number) & (view.rows["attempt"] == 1)]
        key = ("webhook", "sequence", "origin")
        courses.append(sorted((int(row["due"]) - start, *(int(row[name]) for name in key)) for row in rows))
    assert courses[0] == courses[1] == courses[2]
    assert len(courses[0]) > 300
    (compared,) = section.strategies or []
    assert {one.strategy for one in compared.strategies} == {"nearest", "round-robin", "peak-ewma"}
    even = {one.strategy: one.jain for one in compared.strategies}["round-robin"]
    assert even is not None
    assert even >= 0.999
