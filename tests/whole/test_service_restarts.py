"""The tests' own delivery service is ended and started again in mid-run: what it loses is found, to the last event."""

from pathlib import Path

import pytest

from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.schema.report import Section
from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import running_receiver
from tests.support.restarting import restartable
from tests.support.runs import analyse, regions_file, run_locust

pytestmark = pytest.mark.slow

STAGE = Stage("restart", restart="*", users=16, webhooks=4, arrivals=Constant(100), duration_s=3, drain_s=5)


def played(folder: Path, table: Path, stages: str) -> tuple[Section, Path]:
    with running_receiver(folder) as receiver:
        options = ["--regions", str(regions_file(folder, receiver)), "--service", str(table)]
        run = run_locust(folder, [STAGE], *options, "--quick", "--rate=100", f"--stages={stages}", test="load")
    return analyse(run)[0], run


def test_an_honest_service_loses_nothing(tmp_path: Path) -> None:
    """By KILL and by TERM, with a backlog that it has to keep: all that was accepted arrives."""
    with restartable(tmp_path, "--store", str(tmp_path / "store"), "--workers", "1", "--work-ms", "13") as (_, table):
        section, _ = played(tmp_path, table, "restart*")
    assert section.service
    found = section.service.restarts
    assert [(one.stage, one.name, one.fault) for one in found] == [
        ("restart kill", "kill", ""), ("restart term", "term", ""),
    ]  # fmt: skip
    for one, stage in zip(found, section.stages, strict=True):
        assert (one.lost, one.late, stage.ledger.lost, stage.ledger.unexpected) == (0, 0, 0, 0)
        assert 1 <= one.at_s <= 2
        assert one.how.startswith(f"{one.name.upper()} to process ")
        assert one.accepted_before > 50
        assert one.refused + one.in_doubt > 0
        assert one.gone_s is not None
        assert one.ready_s is not None
        assert one.nothing_moved_s is not None
        assert one.gone_s < one.ready_s < 15
        assert one.backlog_gone_s is not None
    assert [one.status for one in section.default_checks or [] if one.check == "lost==0"] == ["pass"]


def test_what_a_restart_loses_is_found_to_the_last_event(tmp_path: Path) -> None:
    """A service forgets in a restart what it had not delivered: lost are just those, and the run fails for them."""
    options = ("--store", str(tmp_path / "store"), "--workers", "1", "--work-ms", "30", "--lose-on-restart")
    with restartable(tmp_path, *options) as (service, table):
        section, run = played(tmp_path, table, "restart kill")
        forgotten = {event for event, _ in service.stats(ids=True)["ids"]["lost"]}
    frames = load_run(run)
    assert frames.arrivals is not None
    # What arrived just before it was killed, and what it never said that it had accepted, is not lost.
    accepted = events(frames.attempts[frames.attempts["outcome"] == Outcome.ACKNOWLEDGED])
    lost = forgotten & accepted - events(frames.arrivals)
    assert section.service
    (found,) = section.service.restarts
    assert len(lost) > 10
    assert (found.lost_before, found.lost) == (len(lost), len(lost))
    assert section.stages[0].ledger.lost == len(lost)
    assert any(one.code == "default_check_failed" and "lost==0" in one.message for one in section.verdict.reasons)


def events(rows: Rows) -> set[str]:
    names = zip(*(rows[column].tolist() for column in ("run", "stage", "webhook", "sequence")), strict=True)
    return {format_event_id(EventId(*name)).decode() for name in names}
