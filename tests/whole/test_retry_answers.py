"""Whole runs with retries against known faults: the figures must be the ones that arithmetic gives."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.report import Stage as StageReport
from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.records.journal import HEADER_SIZE
from _hookswarm.records.reading import DTYPE
from _hookswarm.records.rows import Flag
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.retry import Jitter, RetryLaw
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.variations import sweep
from tests.support.receivers import running_receiver
from tests.support.runs import BUSY, analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.slow

CONFIDENCE = 0.999

P, RETRIES, EVENTS = 0.3, (0, 1, 3, 5), 3_000
RETRIES_OF_LOST = (0, 5)
# Decorrelated: each delay grows out of the one before, so all that attempts hand on to each other is in it.
LAW = RetryLaw(retries=6, growth="exponential", delay_s=0.02, cap_s=0.3, jitter=Jitter("decorrelated"))


def _failing(scenario: str, faults: Faults, events: int = EVENTS, users: int = 8, webhooks: int = 10) -> Stage:
    return Stage(scenario, users=users, webhooks=webhooks, events=events, payload="thin", faults=faults, drain_s=20)


STAGES = (
    *sweep(_failing("failing", Faults(status={503: P})), retries=RETRIES, delay_s=(0.02,)),
    *sweep(_failing("lost", Faults(ack_lost=0.1)), retries=RETRIES_OF_LOST, delay_s=(0.02,)),
    replace(_failing("law", Faults(status={503: 0.6}), events=600), retry=LAW),
    *sweep(_failing("gone", Faults(status={410: 1.0}), events=100, users=1, webhooks=5), retries=(3,)),
)


@dataclass(frozen=True)
class Answers:
    """What became of all these stages."""

    section: Section
    run: Path

    def stages(self, scenario: str) -> list[StageReport]:
        return [stage for stage in self.section.stages if stage.scenario == scenario]

    def arrivals(self, stage: StageReport) -> np.ndarray:
        """A stage's arrivals, read without the project's reader."""
        paths = self.run.glob("arrivals-*.journal")
        rows = np.concatenate([np.fromfile(path, DTYPE, offset=HEADER_SIZE) for path in paths])
        return np.asarray(rows[rows["stage"] == self.section.stages.index(stage)])


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """One run of all of them."""
    section, run = _run(tmp_path_factory.mktemp("answers"), STAGES)
    # Sender and receiver may starve each other on two cores; no count may suffer from that.
    assert codes(section) - BUSY == {"nothing_acknowledged_stages"}, section.verdict  # the one whose webhooks are gone
    return Answers(section, run)


def _run(folder: Path, stages: Sequence[Stage], *options: str) -> tuple[Section, Path]:
    with running_receiver(folder) as receiver:
        run = run_locust(folder, stages, "--regions", str(regions_file(folder, receiver)), *options)
    return analyse(run)[0], run


def test_delivered_share_and_amplification(answers: Answers) -> None:
    """With n retries at failure rate p, 1 - p^(n+1) is delivered, in (1 - p^(n+1)) / (1 - p) attempts an event.

    Both within their intervals; the attempts of an event are a geometric variable cut at n + 1.
    """
    for retries, stage in zip(RETRIES, answers.stages("failing"), strict=True):
        share = 1 - P ** (retries + 1)
        delivered = binomtest(stage.deliveries.acknowledged, stage.deliveries.due, share)
        interval = delivered.proportion_ci(CONFIDENCE)
        assert interval.low <= share <= interval.high, (retries, stage.deliveries)
        attempts = np.arange(1, retries + 2)
        chances = P ** (attempts - 1) * np.where(attempts <= retries, 1 - P, 1)
        mean = float(attempts @ chances)
        assert mean == pytest.approx((1 - P ** (retries + 1)) / (1 - P))  # the sum of the geometric series
        error = 3.29 * float(np.sqrt((attempts - mean) ** 2 @ chances / EVENTS))
        assert stage.retry
        assert stage.retry.amplification == pytest.approx(mean, abs=error + 1e-4)
        assert stage.deliveries.due == EVENTS == stage.deliveries.acknowledged + stage.deliveries.failed


def test_lost_acknowledgements_are_the_duplicates(answers: Answers) -> None:
    """Each acknowledgement that the receiver lost, and that was retried, is a duplicate, harmless, and nothing else."""
    for retries, found in zip(RETRIES_OF_LOST, answers.stages("lost"), strict=True):
        theirs = answers.arrivals(found)
        lost = theirs[(theirs["flags"] & Flag.FAULT) != 0]
        assert binomtest(len(lost), len(theirs), 0.1).pvalue > 1 - CONFIDENCE
        retried = int(np.count_nonzero(lost["attempt"] <= retries))
        ledger = found.ledger
        assert (ledger.duplicated, ledger.duplicated_harmless, ledger.duplicated_spurious) == (retried, retried, 0)
        assert (ledger.received, ledger.seen, ledger.lost) == (len(theirs), EVENTS, 0)
        assert found.deliveries.in_doubt == len(lost) - retried == ledger.recovered


def test_the_journals_show_the_law(answers: Answers) -> None:
    """Measured delays keep the declared law, jitter and all: by the sender's journal, and as the receiver saw them."""
    (found,) = answers.stages("law")
    assert found.retry
    assert found.retry.conformance
    scheduled, observed = found.retry.conformance.scheduled, found.retry.conformance.observed
    assert scheduled.kept
    assert scheduled.checked > 700
    assert scheduled.ks_p is not None
    assert scheduled.ks_p > 0.001
    assert observed
    assert observed.kept


def test_a_gone_webhook_gets_nothing_more(answers: Answers) -> None:
    """After its 410 a webhook's events are not sent: each webhook has as many arrivals as were under way."""
    (found,) = answers.stages("gone")
    assert found.deliveries.failed == found.deliveries.due == 100
    assert found.attempts.by_outcome == {"rejected": 5}
    assert sorted(answers.arrivals(found)["webhook"]) == [0, 1, 2, 3, 4]


def test_a_schedule_of_28_hours_in_seconds(tmp_path: Path) -> None:
    """Svix's schedule, its times scaled: every event goes through all its attempts, and the law is kept."""
    failing = _failing("failing", Faults(status={500: 1.0}), events=40, users=4, webhooks=4)
    options = ("--retry-profile", "svix", "--time-scale", "0.00005")
    section, _ = _run(tmp_path, [replace(failing, retry=RetryLaw(retries=1))], *options)
    # Nothing was acknowledged, as was asked for; a disturbed run is void before that.
    assert codes(section) <= BUSY | {"nothing_acknowledged"}, section.verdict
    (found,) = section.stages
    assert found.name == "failing profile=svix x5e-05"
    assert found.attempts.total == 40 * (1 + found.parameters["retry"]["retries"])
    assert found.retry
    assert found.retry.conformance
    assert found.retry.conformance.scheduled.kept
    assert found.retry.conformance.scheduled.too_many == 0


RATE, SERVICE_S, USERS, OUTAGE_S = 100.0, 0.04, 8, 3.0


@pytest.mark.alone
def test_an_outage_drains_as_a_queue_does(tmp_path: Path) -> None:
    """What fell due in the outage, rate x outage, drains at what capacity leaves: capacity - rate.

    Eight workers at 40 ms an attempt have a capacity of 200/s; the 300 events of 3 s at 100/s take 3 s more.
    """
    stage = Stage(
        "outage",
        users=USERS,
        webhooks=10,
        arrivals=Constant(RATE),
        duration_s=9,
        payload="thin",
        retry=RetryLaw(retries=1_000, delay_s=0.1),
        response=Delay(SERVICE_S),
        faults=Faults(status={503: 1.0}),
        faults_from_s=1,
        faults_for_s=OUTAGE_S,
    )
    section, _ = _run(tmp_path, [stage])
    assert codes(section) <= BUSY, section.verdict
    (found,) = section.stages
    assert found.retry
    # The service time as measured: a thread's sleep and the network add a little to the 40 ms.
    assert found.latency_ms.attempt.p50 == pytest.approx(SERVICE_S * 1e3, rel=0.1)
    assert found.latency_ms.attempt.mean
    capacity = USERS / (found.latency_ms.attempt.mean / 1e3)
    backlog = RATE * OUTAGE_S
    assert found.retry.drain_s == pytest.approx(backlog / (capacity - RATE), rel=0.1)
    assert found.retry.peak_queue == pytest.approx(backlog, rel=0.1)
    assert found.deliveries.acknowledged == found.deliveries.due == RATE * 9
