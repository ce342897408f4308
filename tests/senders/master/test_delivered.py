"""What a try delivered, by the journals that were written of it."""

from pathlib import Path

import pytest

from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import Header, Journal
from _hookswarm.records.rows import Flag, Outcome, pack_row
from _hookswarm.senders.master.delivered import Delivered, delivered_of, missing_of

MS = 1_000_000
STAGE = 3
CLOCK = Clock(anchor_ns=5_000)
EVENTS = 100


def _journal(folder: Path, kind: str, anchor_ns: int, boot: str | None = None) -> Journal:
    header = Header(kind, "run", "p", anchor_ns) if boot is None else Header(kind, "run", "p", anchor_ns, boot=boot)
    return Journal(folder / f"{kind}-p.journal", header)


def _publish(journal: Journal, sequence: int, outcome: Outcome = Outcome.ACKNOWLEDGED, stage: int = STAGE) -> None:
    at = sequence * 10 * MS
    journal.append(
        pack_row(sequence=sequence, due=at, start=at, stage=stage, outcome=outcome, done=at + MS, flags=Flag.WRITTEN)
    )


def _arrive(
    journal: Journal, sequence: int, after_ms: float, status: int = 204, endpoint: int = 1, flags: int = 0, run: int = 0
) -> None:
    at = round((sequence * 10 + after_ms) * MS) + 1_000  # its clock is ahead
    journal.append(
        pack_row(
            sequence=sequence, start=at, stage=STAGE, status=status, late=endpoint, done=at, run=run,
            flags=Flag.WRITTEN | Flag.SERVED | flags,
        )
    )  # fmt: skip


def _found(folder: Path, fan_out: int = 1) -> Delivered | None:
    return delivered_of(folder, STAGE, CLOCK, fan_out, until_ns=10_000 * MS)


def test_first_taken_arrivals_count(tmp_path: Path) -> None:
    """By one clock; refused ones, those without a body, repeats and other stages are none."""
    sent, seen = _journal(tmp_path, "attempts", 5_000), _journal(tmp_path, "arrivals", 6_000)
    for n in range(EVENTS):
        _publish(sent, n)
        _publish(sent, n, stage=STAGE + 1)
        _arrive(seen, n, 1, status=503)
        _arrive(seen, n, 2, flags=Flag.BODILESS)
        _arrive(seen, n, 7)
        _arrive(seen, n, 900)
    assert _found(tmp_path) == Delivered(events=EVENTS, failed=0, p99_ms=7.0, piled_up=False)


def test_what_is_missing_failed(tmp_path: Path) -> None:
    """Accepted and never taken, or not accepted: both; the one that was waited for is in the latency."""
    sent, seen = _journal(tmp_path, "attempts", 5_000), _journal(tmp_path, "arrivals", 6_000)
    for n in range(EVENTS):
        _publish(sent, n, Outcome.REJECTED if n == 10 else Outcome.ACKNOWLEDGED)
        if n not in (10, 20, 21):
            _arrive(seen, n, 7)
    found = _found(tmp_path)
    assert found
    assert (found.events, found.failed) == (EVENTS, 3)
    assert found.p99_ms == pytest.approx(10_000 - 200)


def test_what_comes_elsewhere_or_of_another_run_is_no_delivery(tmp_path: Path) -> None:
    """At an endpoint that does not get the event; of an earlier run, which had such a stage and event, too."""
    sent, seen = _journal(tmp_path, "attempts", 5_000), _journal(tmp_path, "arrivals", 6_000)
    for n in range(EVENTS):
        _publish(sent, n)
        _arrive(seen, n, 2, endpoint=2)
        _arrive(seen, n, 3, run=7)
        if n != 5:
            _arrive(seen, n, 7)
    found = _found(tmp_path)
    assert found
    assert (found.events, found.failed) == (EVENTS, 1)
    assert missing_of(tmp_path, STAGE, CLOCK, 1) == 1


def test_an_event_of_several_endpoints_is_there_when_all_have_it(tmp_path: Path) -> None:
    """The last one counts, and one that is missing is a failure."""
    sent, seen = _journal(tmp_path, "attempts", 5_000), _journal(tmp_path, "arrivals", 6_000)
    for n in range(EVENTS):
        _publish(sent, n)
        _arrive(seen, n, 3, endpoint=1)
        if n:
            _arrive(seen, n, 30, endpoint=2)
    assert _found(tmp_path, fan_out=2) == Delivered(EVENTS, failed=1, p99_ms=30.0, piled_up=False)


def test_journals_of_other_hosts_tell_nothing(tmp_path: Path) -> None:
    """Neither ones that are not there, nor ones by another machine's clock."""
    sent = _journal(tmp_path, "attempts", 5_000)
    _publish(sent, 0)
    assert _found(tmp_path) is None
    _arrive(_journal(tmp_path, "arrivals", 6_000, boot="another"), 0, 1)
    assert _found(tmp_path) is None
