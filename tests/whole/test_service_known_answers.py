"""Runs through a delivery service that does wrong on purpose: each wrong is found, counted to the event, and named."""

from pathlib import Path

import pytest

from _hookswarm.analysis.deliveries.end_to_end import overtaken_events
from _hookswarm.analysis.verdicts.default_checks import PROMISES
from _hookswarm.records.rows import Flag
from tests.support.service_books import publishing
from tests.support.wrongs import EVENTS, SEEDS, STAGE, flagged, repeated, run

pytestmark = pytest.mark.slow


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


def test_a_service_that_answers_too_late(tmp_path: Path) -> None:
    """Events whose publish timed out arrive all the same: they are neither lost nor unexpected."""
    told = run(tmp_path, "--answer-late", "0.01", "--late-by", "3", options=("--response-timeout", "1"))
    assert told.failed() == set()
    assert told.stage.through
    assert told.stage.through.accepted == EVENTS - told.books["late"]
    assert told.stage.ledger.recovered == told.books["late"] > 0
    assert (told.stage.ledger.lost, told.stage.ledger.unexpected, told.stage.through.missing) == (0, 0, 0)
    assert told.stage.deliveries.acknowledged == EVENTS
