"""Runs through a delivery service that loses events on purpose: each is found, counted to the event, and named."""

from pathlib import Path

import pytest

from _hookswarm.analysis.verdicts.default_checks import ERROR_RATE
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import wait_until
from tests.support.service_books import publishing
from tests.support.wrongs import EVENTS, SEEDS, STAGE, lost, run

pytestmark = pytest.mark.slow


THEIRS = 20
"""Events of another application."""


@pytest.mark.parametrize("seed", SEEDS)
def test_a_service_that_forgets(tmp_path: Path, seed: int) -> None:
    """0.5 % after it accepted them: lost, each of them."""
    told = run(tmp_path, "--forget", "0.005", seed=seed)
    assert told.failed() == {"lost==0"}
    assert told.stage.ledger.lost == told.books["forgotten"] > 0
    assert lost(told) == told.ids("forgotten")
    assert told.reasons() == {"default_check_failed"}


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
    """Each of a tenant's 20 endpoints gets what is published: all is counted, and what one does not get is lost.

    Another application's events at one of our endpoints are nobody's, and at no wrong one.
    """
    stage = Stage("shared", users=4, webhooks=40, arrivals=Constant(50), events=100, payload="thin")
    with publishing(tmp_path, [stage], "--forget", "0.01", fan_out="group", rate=50) as running:
        wait_until(lambda: running.service.stats()["accepted"] > 0, 40)
        theirs = running.service.endpoint(f"{running.receiver}/endpoints/7")
        for number in range(THEIRS):
            running.service.publish(f"theirs-{number}", {"number": number}, endpoint=theirs)
    told = running.told()
    assert told.failed() - {ERROR_RATE} == {"lost==0", "unexpected==0"}
    assert told.stage.deliveries.due == told.books["accepted"] - THEIRS == 2_000
    forgotten = sum(not event.startswith("theirs") for event in told.ids("forgotten").elements())
    assert told.stage.ledger.lost == forgotten > 0
    assert told.stage.through
    arrived = THEIRS - told.books["forgotten"] + forgotten
    assert told.stage.through.foreign == told.stage.ledger.unexpected == arrived > 0
    assert told.stage.through.misdelivered == 0
    assert told.reasons() - {"deliveries_reordered"} == {"default_check_failed"}
