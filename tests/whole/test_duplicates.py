"""Deliveries that are repeated on purpose, against shops that handle them well or badly, and our own receiver."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import free_port, running_receiver
from tests.support.runs import BUSY, analyse, codes, regions_file, run_locust, running

pytestmark = pytest.mark.slow

TWICE = Stage("duplicates", events=12, drain_s=5)
LATER = replace(TWICE, name="later", duplicate=Duplicate("later", after_s=0.05))
AT_ONCE = replace(TWICE, name="at once 1", duplicate=Duplicate("at_once"))
ACK_LOST = replace(TWICE, name="ack lost", duplicate=Duplicate("ack_lost", after_s=0.05))
INTERLEAVED = replace(
    TWICE, name="interleaved", users=12, arrivals=Constant(20), duplicate=Duplicate("interleaved", after_s=0.1)
)
KINDS = (LATER, AT_ONCE, ACK_LOST, INTERLEAVED)
EVERY = (*KINDS, replace(AT_ONCE, name="at once 2"), replace(AT_ONCE, name="at once 3"))

COUNT = """
import json, pathlib, sys
from _hookswarm.records.reading import read_journal

journals = map(read_journal, pathlib.Path(sys.argv[1]).glob("*/arrivals-*.journal"))
rows = (row for journal in journals for row in journal.rows)
print(json.dumps({"events": len({(row["stage"], row["webhook"], row["sequence"]) for row in rows})}))
"""
"""How many different events our receivers took: each is an effect."""


def through(section: Section) -> dict[str, float | None]:
    """By stage, how many duplicates got through."""
    assert {one.missing for one in section.duplicates or []} == {0}
    return {one.stage: one.extra for one in section.duplicates or []}


def sold(folder: Path, handling: str, stages: Sequence[Stage] = EVERY) -> tuple[Section, int]:
    """What a run against a shop finds, and its exit code."""
    port = free_port()
    with running(["tests.support.shop", str(port), handling, str(folder)], port, folder):
        url = f"http://127.0.0.1:{port}"
        options = ["--target", f"{url}/hooks", "--observe", f"{url}/orders#orders.count"]
        return analyse(run_locust(folder, stages, *options))


def test_a_look_before_the_insert_fails_at_the_same_instant_alone(tmp_path: Path) -> None:
    """Three times out of three; one after the other, after a lost acknowledgement and among others it holds."""
    section, code = sold(tmp_path, "look-first")
    extra = through(section)
    at_once = {name: count or 0 for name, count in extra.items() if name.startswith("at once")}
    assert len(at_once) == 3
    assert min(at_once.values()) >= 6
    assert {name: count for name, count in extra.items() if name not in at_once} == {
        "later": 0, "ack lost": 0, "interleaved": 0,
    }  # fmt: skip
    assert code == Exit.FAIL
    assert codes(section) - BUSY == {"duplicates_got_through"}


def test_who_knows_the_last_id_alone_fails_among_newer_events(tmp_path: Path) -> None:
    """What follows at once it knows; what comes after others is new to it."""
    section, code = sold(tmp_path, "last-only", (LATER, INTERLEAVED))
    assert (through(section), code) == ({"later": 0, "interleaved": 12}, Exit.FAIL)


def test_a_unique_index_holds_every_kind(tmp_path: Path) -> None:
    """One effect for each event, in all stages: the run passes."""
    section, code = sold(tmp_path, "unique", KINDS)
    assert set(through(section).values()) == {0}
    assert (codes(section) - BUSY, code) == (set(), Exit.PASS)
    apart = {one.stage: one.apart_ms or 0 for one in section.duplicates or []}
    assert apart[AT_ONCE.name] < 10
    assert all(one.events == one.acknowledged == one.repeated == 12 for one in section.duplicates or [])


def test_the_books_balance_against_our_own_receiver(tmp_path: Path) -> None:
    """Every event arrives twice, each is due once, and no check of ours accuses anybody; two processes send."""
    count = tmp_path / "count.py"
    count.write_text(COUNT)
    observe = f"{sys.executable} {count} {tmp_path / 'results'} #events"
    stages = [replace(stage, users=max(stage.users, 2)) for stage in KINDS]
    with running_receiver(tmp_path) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--observe", observe, "--processes", "2"]
        section, code = analyse(run_locust(tmp_path, stages, *options))
    for stage in section.stages:
        assert (stage.deliveries.due, stage.deliveries.acknowledged, stage.attempts.total) == (12, 12, 24)
        assert (stage.ledger.received, stage.ledger.seen, stage.ledger.duplicated) == (24, 12, 12)
        assert (stage.ledger.lost, stage.ledger.duplicated_spurious, stage.ledger.corrupt) == (0, 0, 0)
    judged = {one.status for one in section.default_checks or []}
    assert judged - ({"skipped"} if codes(section) & BUSY else set()) == {"pass"}
    assert set(through(section).values()) == {0}
    assert (codes(section) - BUSY, code) == (set(), Exit.PASS)
