"""Runs through a delivery service that does wrong on purpose: each wrong is found, counted to the event, and named."""

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.analysis.deliveries.end_to_end import overtaken_events
from _hookswarm.analysis.verdicts.default_checks import ERROR_RATE, PROMISES
from _hookswarm.records.rows import Flag
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import wait_until
from tests.support.service_books import Told, publishing

pytestmark = pytest.mark.slow

EVENTS = 2_400
STAGE = Stage("published", users=8, webhooks=40, arrivals=Constant(400), events=EVENTS, payload="thin")
"""Events go to the endpoints in turn: of each one 10 a second, so that no two of it are published at a time."""
SEEDS = range(1, int(os.environ.get("HOOKSWARM_SEEDS", "1")) + 1)


def run(folder: Path, *faults: str, seed: int = 1, stage: Stage = STAGE, options: tuple[str, ...] = ()) -> Told:
    """One stage through a service that keeps each endpoint's order."""
    seeds = "--seed", str(seed)
    with publishing(folder, [stage], "--ordered", *seeds, *faults, options=(*seeds, *options)) as running:
        pass
    return running.told()


def repeated(told: Told) -> Counter[str]:
    """The events that were taken more than once."""
    (stage,) = told.played
    assert stage.published
    assert stage.arrived
    times = np.bincount(stage.arrived.event[stage.arrived.taken], minlength=len(stage.published))
    return told.events(times > 1)


def flagged(told: Told, flag: Flag) -> Counter[str]:
    """The events of the arrivals that bear this flag."""
    (stage,) = told.played
    assert stage.published
    assert stage.arrived
    rows = stage.arrived.rows.rows
    events = stage.arrived.event[(rows["flags"] & flag != 0) & (stage.arrived.event >= 0)]
    return told.events(np.isin(np.arange(len(stage.published)), events))


def lost(told: Told) -> Counter[str]:
    """The events that were found to be lost."""
    (stage,) = told.played
    assert stage.unarrived
    return told.events(stage.unarrived.lost)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_honest_service_passes(tmp_path: Path, seed: int) -> None:
    """All that it accepts arrives once, in order, as it was, and rightly signed."""
    told = run(tmp_path, seed=seed)
    assert told.passed(), told.section.verdict
    assert told.stage.through
    assert told.books["delivered"] == told.stage.through.accepted == told.stage.deliveries.acknowledged == EVENTS
    ledger = told.stage.ledger
    assert (ledger.lost, ledger.duplicated, ledger.reordered, ledger.corrupt, ledger.unexpected) == (0,) * 5
    assert (told.stage.through.missing, told.stage.through.unverified, told.stage.through.bodiless) == (0, 0, 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_service_that_forgets(tmp_path: Path, seed: int) -> None:
    """0.5 % after it accepted them: lost, each of them."""
    told = run(tmp_path, "--forget", "0.005", seed=seed)
    assert told.failed() == {"lost==0"}
    assert told.stage.ledger.lost == told.books["forgotten"] > 0
    assert lost(told) == told.ids("forgotten")
    assert told.reasons() == {"default_check_failed"}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_service_that_doubles(tmp_path: Path, seed: int) -> None:
    """0.5 % are delivered again though they were taken."""
    told = run(tmp_path, "--double", "0.005", seed=seed)
    assert told.failed() == {"duplicated_spurious==0"}
    assert told.stage.ledger.duplicated_spurious == told.books["doubled"] > 0
    assert repeated(told) == told.ids("doubled")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_service_that_swaps(tmp_path: Path, seed: int) -> None:
    """Each that came after the next one of its endpoint is told in a note: nobody promised an order."""
    told = run(tmp_path, "--swap", "0.005", seed=seed)
    (stage,) = told.played
    assert stage.published
    assert stage.arrived
    assert told.stage.ledger.reordered == told.books["swapped"] > 0
    assert told.events(overtaken_events(stage.published, stage.arrived)) == told.ids("swapped")
    assert told.failed() == set()
    assert told.reasons() == {"deliveries_reordered"}


def test_a_service_that_swaps_and_promises_not_to(tmp_path: Path) -> None:
    """Then it fails for it."""
    faults = "--ordered", "--swap", "0.005"
    with publishing(tmp_path, [STAGE], *faults, more='promises = { order = "kept" }') as running:
        pass
    told = running.told()
    assert told.failed() == {PROMISES}
    assert told.stage.ledger.reordered == told.books["swapped"] > 0


def test_a_service_that_corrupts(tmp_path: Path) -> None:
    """Under a signature that holds: the published value is known, and another one came."""
    told = run(tmp_path, "--corrupt", "0.005")
    assert told.failed() == {"corrupt==0"}
    assert told.stage.ledger.corrupt == told.books["corrupted"] > 0
    assert flagged(told, Flag.CORRUPT) == told.ids("corrupted")


def test_a_service_that_rewrites(tmp_path: Path) -> None:
    """In other bytes every value is the same: nothing is corrupt."""
    told = run(tmp_path, "--rewrite", "--envelope")
    assert told.passed(), told.section.verdict
    assert told.stage.through
    assert told.stage.through.rewritten == EVENTS
    assert told.stage.ledger.corrupt == 0


def test_a_service_that_delivers_to_the_wrong_tenant(tmp_path: Path) -> None:
    """It never arrived at its own endpoint, and came to one that should not see it."""
    told = run(tmp_path, "--misdeliver", "0.005")
    assert told.stage.through
    assert told.failed() == {"lost==0", "misdelivered==0", "unexpected==0"}
    count = told.books["misdelivered"]
    assert told.stage.through.misdelivered == told.stage.ledger.unexpected == told.stage.ledger.lost == count > 0
    assert lost(told) == told.ids("misdelivered")


def test_a_service_that_never_delivers_to_one_endpoint(tmp_path: Path) -> None:
    """All of its events are lost, and no other's."""
    told = run(tmp_path, "--shun", "7")
    assert told.failed() - {ERROR_RATE} == {"lost==0"}
    assert told.stage.ledger.lost == told.books["forgotten"] == EVENTS / STAGE.webhooks
    assert lost(told) == told.ids("forgotten")


def test_a_service_that_forgets_and_doubles_as_many(tmp_path: Path) -> None:
    """What comes twice does not hide what never comes."""
    told = run(tmp_path, "--forget", "0.01", "--double", "0.01")
    assert told.failed() >= {"lost==0", "duplicated_spurious==0"}
    assert told.stage.ledger.lost == told.books["forgotten"] > 0
    assert told.stage.ledger.duplicated_spurious == told.books["doubled"] > 0


def test_a_service_that_answers_too_late(tmp_path: Path) -> None:
    """Events whose publish timed out arrive all the same: they are neither lost nor unexpected."""
    told = run(tmp_path, "--answer-late", "0.01", "--late-by", "3", options=("--response-timeout", "1"))
    assert told.failed() == set()
    assert told.stage.through
    assert told.stage.through.accepted == EVENTS - told.books["late"]
    assert told.stage.ledger.recovered == told.books["late"] > 0
    assert (told.stage.ledger.lost, told.stage.ledger.unexpected, told.stage.through.missing) == (0, 0, 0)
    assert told.stage.deliveries.acknowledged == EVENTS


def test_a_service_that_loses_what_is_queued_when_it_restarts(tmp_path: Path) -> None:
    """In the middle of the run it is ended in order and started again: what it held then is lost, to the event."""
    slow = "--workers", "5", "--work-ms", "20"
    with publishing(tmp_path, [STAGE], *slow, "--store", "store", "--lose-on-restart") as running:
        wait_until(lambda: running.service.stats()["accepted"] > EVENTS / 3, 40)
        running.service.term()
        running.service.start()
    told = running.told()
    assert "lost==0" in told.failed()
    assert told.stage.ledger.lost == told.books["lost"] > 0
    assert lost(told) == told.ids("lost")


def test_a_service_whose_tenants_share_events(tmp_path: Path) -> None:
    """Each of a tenant's 20 endpoints gets what is published: all is counted, and what one does not get is lost."""
    stage = Stage("shared", users=4, webhooks=40, arrivals=Constant(50), events=100, payload="thin")
    with publishing(tmp_path, [stage], "--forget", "0.01", fan_out="group", rate=50) as running:
        pass
    told = running.told()
    assert told.failed() - {ERROR_RATE} == {"lost==0"}
    assert told.stage.deliveries.due == told.books["accepted"] == 2_000
    assert told.stage.ledger.lost == told.books["forgotten"] > 0
    assert told.reasons() - {"deliveries_reordered"} == {"default_check_failed"}
