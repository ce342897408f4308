"""Whole runs with retries against known faults: the figures must be the ones that arithmetic gives."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.journal import HEADER_SIZE
from _hookswarm.records.rows import DTYPE, Flag
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.retry import Jitter, RetryLaw
from _hookswarm.senders.plan.stages import Stage, sweep
from tests.support.receivers import running_receiver
from tests.support.runs import BUSY, analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.slow

CONFIDENCE = 0.999


def _run(folder: Path, stages: tuple[Stage, ...], *options: str) -> tuple[Section, Path]:
    with running_receiver(folder) as receiver:
        run = run_locust(folder, stages, "--regions", str(regions_file(folder, receiver)), *options)
    section, _ = analyse(run)
    # Sender and receiver may starve each other on two cores; no count may suffer from that.
    assert codes(section) <= BUSY, section.verdict
    return section, run


def _rows(run: Path, kind: str) -> np.ndarray:
    """Every row of a kind, read without the project's reader."""
    return np.concatenate([np.fromfile(path, DTYPE, offset=HEADER_SIZE) for path in run.glob(f"{kind}-*.journal")])


P, RETRIES, EVENTS = 0.3, (0, 1, 3, 5), 3_000


def test_delivered_share_and_amplification(tmp_path: Path) -> None:
    """With n retries at failure rate p, 1 - p^(n+1) is delivered, in (1 - p^(n+1)) / (1 - p) attempts an event.

    Both within their intervals; the attempts of an event are a geometric variable cut at n + 1.
    """
    failing = Stage("failing", users=8, webhooks=10, events=EVENTS, payload="thin", faults=Faults(status={503: P}))
    section, _ = _run(tmp_path, sweep(failing, retries=RETRIES, delay_s=(0.02,)))
    for retries, stage in zip(RETRIES, section.stages, strict=True):
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


def test_lost_acknowledgements_are_the_duplicates(tmp_path: Path) -> None:
    """Each acknowledgement that the receiver lost, and that was retried, is a duplicate, harmless, and nothing else."""
    stage = Stage("lost", users=8, webhooks=10, events=EVENTS, payload="thin", faults=Faults(ack_lost=0.1))
    section, run = _run(tmp_path, sweep(stage, retries=(0, 5), delay_s=(0.02,)))
    arrivals = _rows(run, "arrivals")
    for number, (retries, found) in enumerate(zip((0, 5), section.stages, strict=True)):
        theirs = arrivals[arrivals["stage"] == number]
        lost = theirs[(theirs["flags"] & Flag.FAULT) != 0]
        assert binomtest(len(lost), len(theirs), 0.1).pvalue > 1 - CONFIDENCE
        retried = int(np.count_nonzero(lost["attempt"] <= retries))
        ledger = found.ledger
        assert (ledger.duplicated, ledger.duplicated_harmless, ledger.duplicated_spurious) == (retried, retried, 0)
        assert (ledger.received, ledger.seen, ledger.lost) == (len(theirs), EVENTS, 0)
        assert found.deliveries.in_doubt == len(lost) - retried == ledger.recovered


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
        duration_s=12,
        payload="thin",
        retry=RetryLaw(retries=1_000, delay_s=0.1),
        response=Delay(SERVICE_S),
        faults=Faults(status={503: 1.0}),
        faults_from_s=2,
        faults_for_s=OUTAGE_S,
    )
    section, _ = _run(tmp_path, (stage,))
    found = section.stages[0]
    assert found.retry
    # The service time as measured: a thread's sleep and the network add a little to the 40 ms.
    assert found.latency_ms.attempt.p50 == pytest.approx(SERVICE_S * 1e3, rel=0.1)
    assert found.latency_ms.attempt.mean
    capacity = USERS / (found.latency_ms.attempt.mean / 1e3)
    backlog = RATE * OUTAGE_S
    assert found.retry.drain_s == pytest.approx(backlog / (capacity - RATE), rel=0.1)
    assert found.retry.peak_queue == pytest.approx(backlog, rel=0.1)
    assert found.deliveries.acknowledged == found.deliveries.due == RATE * 12


@pytest.mark.parametrize("kind", ["full", "equal", "decorrelated", "proportional"])
def test_the_journals_show_the_law(tmp_path: Path, kind: str) -> None:
    """Measured delays keep the declared law, jitter and all: by the sender's journal, and as the receiver saw them."""
    law = RetryLaw(
        retries=6,
        growth="exponential",
        delay_s=0.02,
        cap_s=0.3,
        jitter=Jitter(kind, share=0.5),  # type: ignore[arg-type]
    )
    stage = Stage("law", users=8, events=600, payload="thin", retry=law, faults=Faults(status={503: 0.6}), drain_s=20)
    section, _ = _run(tmp_path, (stage,))
    retry = section.stages[0].retry
    assert retry
    assert retry.conformance
    scheduled = retry.conformance.scheduled
    assert scheduled.kept
    assert scheduled.checked > 700
    assert scheduled.ks_p is not None
    assert scheduled.ks_p > 0.001
    assert retry.conformance.observed
    assert retry.conformance.observed.kept


def test_a_schedule_of_28_hours_in_a_minute(tmp_path: Path) -> None:
    """Svix's schedule, its times scaled: every event goes through all its attempts, and the law is kept."""
    failing = Stage("failing", users=4, webhooks=4, events=40, payload="thin", faults=Faults(status={500: 1.0}))
    options = ("--retry-profile", "svix", "--time-scale", "0.0002")
    with running_receiver(tmp_path) as receiver:
        stages = [replace(failing, retry=RetryLaw(retries=1))]
        run = run_locust(tmp_path, stages, "--regions", str(regions_file(tmp_path, receiver)), *options)
    section, code = analyse(run)
    # Nothing was acknowledged, as was asked for; a disturbed run is void before that.
    assert code == Exit.UNKNOWN or codes(section) <= BUSY, section.verdict
    found = section.stages[0]
    assert found.name == "failing profile=svix x0.0002"
    assert found.attempts.total == 40 * (1 + found.parameters["retry"]["retries"])
    assert found.retry
    assert found.retry.conformance
    assert found.retry.conformance.scheduled.kept
    assert found.retry.conformance.scheduled.too_many == 0


def test_a_gone_webhook_gets_nothing_more(tmp_path: Path) -> None:
    """After its 410 a webhook's events are not sent: each webhook has as many arrivals as were under way."""
    stage = Stage("gone", users=1, webhooks=5, events=100, payload="thin", faults=Faults(status={410: 1.0}))
    with running_receiver(tmp_path) as receiver:
        run = run_locust(tmp_path, sweep(stage, retries=(3,)), "--regions", str(regions_file(tmp_path, receiver)))
    section, _ = analyse(run)
    found = section.stages[0]
    assert found.deliveries.failed == found.deliveries.due == 100
    assert found.attempts.by_outcome == {"rejected": 5}
    assert sorted(_rows(run, "arrivals")["webhook"]) == [0, 1, 2, 3, 4]
