"""A run's folder, read: clocks, strays, torn rows, damage."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reading.no_run import OfNoRun
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.protocol.identity import run_tag
from _hookswarm.records.clock import boot_id
from _hookswarm.records.manifest import MANIFEST, RunError
from _hookswarm.records.resources import COLUMNS
from _hookswarm.records.rows import BALANCED, CODES, Flag, Outcome
from _hookswarm.records.timeline import TIMELINE, ClockRead, RunEnded, StageStarted
from tests.support.journals import (
    ANCHOR,
    MS,
    RUN_ID,
    SECOND,
    START,
    Row,
    arrival,
    attempt,
    planned,
    run,
    table,
    write_journal,
    write_run,
)
from tests.support.samples import MB, sample, write_log

ROWS = [attempt(n, webhook) for n in range(5) for webhook in range(2)]
SEEN = [arrival(row) for row in ROWS]
GOOD = run(ROWS, SEEN)
BOOT = boot_id() or "boot"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """A folder gives back the frames that it was made from."""
    found = load_run(write_run(tmp_path, GOOD))
    assert (found.manifest, found.plan, found.timeline) == (GOOD.manifest, GOOD.plan, GOOD.timeline)
    assert (found.watched, found.strays, found.torn) == ([0, *range(BALANCED, CODES)], 0, 0)
    assert found.locust_totals == GOOD.locust_totals
    assert found.attempts.tobytes() == GOOD.attempts.tobytes()
    assert found.arrivals is not None
    assert GOOD.arrivals is not None
    assert found.arrivals.tobytes() == GOOD.arrivals.tobytes()
    assert found.resources.empty
    assert set(found.resources.columns) == {*COLUMNS, "process", "role", "memory_limit", "memory_limit_unknown"}


def test_clocks_of_one_boot_are_aligned(tmp_path: Path) -> None:
    """Processes of one boot differ by their anchors alone: all times are the first sender's; 0 stays "never"."""
    write_run(tmp_path, run([]))
    (tmp_path / "attempts-w1.journal").unlink()
    early = [attempt(0), attempt(1, outcome=Outcome.ABANDONED)]
    write_journal(tmp_path, "attempts", table([attempt(9)]), "a", anchor=ANCHOR)
    write_journal(tmp_path, "attempts", table(early), "b", anchor=ANCHOR - 3 * MS)
    write_journal(tmp_path, "arrivals", table([arrival(attempt(0))]), "c", anchor=ANCHOR + 2 * MS)
    found = load_run(tmp_path)
    assert found.attempts["sequence"].tolist() == [0, 1, 9]
    assert found.attempts["due"].tolist() == [START + 3 * MS, START + 3 * MS, START]
    assert found.attempts["start"].tolist() == [START + 3 * MS, 0, START]
    assert found.attempts["done"].tolist() == [START + 4 * MS, 0, START + MS]
    assert found.arrivals is not None
    assert found.arrivals["due"].tolist() == [0]
    assert found.arrivals["start"].tolist() == [arrival(attempt(0))["start"] - 2 * MS]


@pytest.mark.parametrize(("boot", "moved"), [(BOOT, True), ("another", False), ("", False)])
def test_only_clocks_of_the_same_boot_are_moved(tmp_path: Path, boot: str, moved: bool) -> None:
    """Another boot's monotonic clock began at another time, and an unknown boot's may have: these are left alone."""
    write_run(tmp_path, run([attempt(0)]))
    path = write_journal(tmp_path, "arrivals", table([arrival(attempt(0))]), "r", anchor=ANCHOR + MS, boot=boot or BOOT)
    if not boot:
        for journal in (path, tmp_path / "attempts-w1.journal"):
            journal.write_bytes(journal.read_bytes().replace(f'"{BOOT}"'.encode(), b'""'.ljust(len(BOOT) + 2)))
    found = load_run(tmp_path).arrivals
    assert found is not None
    assert found["start"][0] == arrival(attempt(0))["start"] - MS * moved


def test_a_receivers_clock_that_was_read_is_put_right(tmp_path: Path) -> None:
    """Of another host: by the mean of both readings, whatever process wrote; half their difference is uncertain."""

    def read(offset_ns: int) -> ClockRead:
        return ClockRead(
            at_ns=START, region="eu", host="there", boot="theirs", anchor_ns=ANCHOR + 7 * MS, offset_ns=offset_ns,
            uncertainty_ns=MS,
        )  # fmt: skip

    frames = run([attempt(0)])
    readings = [read(2_000 * MS), read(2_004 * MS)]
    write_run(
        tmp_path, replace(frames, timeline=[readings[0], *frames.timeline[:-1], readings[1], frames.timeline[-1]])
    )
    # What the data plane wrote is 3 ms ahead of the supervisor, whose clock was read.
    write_journal(tmp_path, "arrivals", table([arrival(attempt(0))]), "r", anchor=ANCHOR + 10 * MS, boot="theirs")
    found = load_run(tmp_path)
    assert found.arrivals is not None
    assert found.arrivals["start"][0] == arrival(attempt(0))["start"] - 2_002 * MS - 3 * MS
    assert found.clock_uncertainty_ns == 3 * MS


def test_strays_are_counted_and_left_out(tmp_path: Path) -> None:
    """An arrival of another run, of a stage that never began, or under a foreign id is no arrival of any stage."""
    never = planned("never")
    frames = run(ROWS, stages=[planned(), never], timeline=run(ROWS, stages=[planned()]).timeline)
    write_run(tmp_path, frames)
    strays = [
        arrival(attempt(0, run=1)),
        arrival(attempt(0, stage=1)),
        arrival(attempt(0, stage=9)),
        arrival(attempt(0, flags=Flag.WRITTEN | Flag.FOREIGN)),
    ]
    write_journal(tmp_path, "arrivals", table([*SEEN, *strays]))
    found = load_run(tmp_path)
    assert found.strays == 4
    assert found.arrivals is not None
    assert len(found.arrivals) == len(SEEN)


AFTER = START + 20 * SECOND
"""Eight seconds after the run's end."""
LATE_ROWS = [attempt(n, webhook=7, due=AFTER) for n in range(3)]
NO_RUN = "unassigned"


def _in_no_run(results: Path, rows: list[Row], process: str = "r1") -> None:
    """What a receiver wrote while no run was on."""
    (results / NO_RUN).mkdir(exist_ok=True)
    write_journal(results / NO_RUN, "arrivals", table(rows), process, run=NO_RUN)


def test_arrivals_after_the_end_are_found(tmp_path: Path) -> None:
    """A process that had stood still sends to receivers that know of no run any more: seen, told, and not lost."""
    sent = [*ROWS, *LATE_ROWS]
    folder = write_run(tmp_path / RUN_ID, run(sent, SEEN))
    others = [arrival(attempt(9, run=1)), arrival(attempt(9, flags=Flag.WRITTEN | Flag.FOREIGN))]
    _in_no_run(tmp_path, [*others, *map(arrival, LATE_ROWS[:2])])
    _in_no_run(tmp_path, [arrival(LATE_ROWS[2])], "r2")
    (tmp_path / NO_RUN / "arrivals-odd.journal").write_text("hello")
    found = load_run(folder)
    assert (found.of_no_run, found.strays, found.damaged) == (OfNoRun(after_the_end=3), 0, [])
    told = analyse(found).performance
    assert (told.stages[0].ledger.lost, told.stages[0].ledger.received) == (0, len(sent))
    (reason,) = told.verdict.reasons
    assert (told.verdict.status, reason.code) == (Status.PASS, "arrivals_of_no_run")
    assert reason.message.startswith("3 arrivals came after the receivers were told that the run was over")


def test_arrivals_that_were_passed_on_late(tmp_path: Path) -> None:
    """HAProxy sends what it had queued even if the sender gave up and the run has ended: no process stood still."""
    late = arrival(ROWS[0], start=AFTER, done=AFTER + MS)
    folder = write_run(tmp_path / RUN_ID, run(ROWS, SEEN[1:]))
    _in_no_run(tmp_path, [late])
    found = load_run(folder)
    assert found.of_no_run == OfNoRun(passed_on_late=1)
    (reason,) = analyse(found).performance.verdict.reasons
    assert reason.code == "arrivals_of_no_run"
    assert reason.message.startswith("1 arrivals came after the receivers were told that the run was over, though")


def test_arrivals_of_a_receiver_that_forgot_the_run(tmp_path: Path) -> None:
    """One that was started anew in mid-run knows of none: that is another cause, and told as such."""
    folder = write_run(tmp_path / RUN_ID, run(ROWS, SEEN[:-2]))
    _in_no_run(tmp_path, SEEN[-2:])
    found = load_run(folder)
    assert found.of_no_run == OfNoRun(without_a_run=2)
    (reason,) = analyse(found).performance.verdict.reasons
    assert reason.message == "2 arrivals came while their receiver knew of no run: it was started anew; look why"


def test_arrivals_after_the_end_that_are_elsewhere(tmp_path: Path) -> None:
    """Without that journal the run stays void, and says what is known; losses of before say nothing of it."""
    told = analyse(load_run(write_run(tmp_path / RUN_ID, run([*ROWS, *LATE_ROWS], SEEN[:-1])))).performance
    (reason,) = (one for one in told.verdict.reasons if one.code == "acknowledged_lost")
    assert told.verdict.status is Status.VOID
    assert (
        "4 acknowledged events are not in the receivers' journals; 3 of them may be in the receivers'" in reason.message
    )
    assert reason.message.endswith("and analyse it again")
    told = analyse(load_run(write_run(tmp_path / "other" / RUN_ID, run(ROWS, SEEN[:-1])))).performance
    (reason,) = (one for one in told.verdict.reasons if one.code == "acknowledged_lost")
    assert reason.message == "stage: 1 acknowledged events are not in the receivers' journals"


def test_strays_of_another_run_are_named(tmp_path: Path) -> None:
    """By its name if its folder stands beside, else by its tag; what says of no run is only counted."""
    folder = write_run(tmp_path / RUN_ID, run(ROWS))
    write_run(tmp_path / "20231114-load-cafe", run([]))
    beside = run_tag("20231114-load-cafe")
    strays = [arrival(attempt(n, run=beside)) for n in range(2)]
    strays += [arrival(attempt(0, run=1)), arrival(attempt(0, flags=Flag.WRITTEN | Flag.FOREIGN, run=0))]
    write_journal(folder, "arrivals", table([*SEEN, *strays]))
    found = load_run(folder)
    assert (found.strays, found.strangers) == (4, {"tag 00000001": 1, "20231114-load-cafe": 2})
    (reason,) = (one for one in analyse(found).performance.verdict.reasons if one.code == "unexpected_arrivals")
    assert reason.message == (
        "4 arrivals that belong to no stage of this run: 1 of another run, tag 00000001, "
        "2 of another run, 20231114-load-cafe; let one run end before the next begins"
    )


def test_torn_rows_are_counted_and_left_out(tmp_path: Path) -> None:
    """Half a row at the end, and a hole of zeros between whole rows, are not read but told."""
    write_run(tmp_path, GOOD)
    with (tmp_path / "attempts-w1.journal").open("ab") as file:
        file.write(b"half a row")
    with (tmp_path / "arrivals-w1.journal").open("ab") as file:
        file.write(bytes(64) + table([arrival(ROWS[0])]).tobytes())
    found = load_run(tmp_path)
    assert found.torn == 2
    assert len(found.attempts) == len(ROWS)
    assert found.arrivals is not None
    assert len(found.arrivals) == len(SEEN) + 1
    assert np.all(found.arrivals["flags"] & Flag.WRITTEN)


def test_who_keeps_a_journal(tmp_path: Path) -> None:
    """Without a receiver of ours there are no arrivals; with one that wrote nothing, there are none yet."""
    assert load_run(write_run(tmp_path / "target", run(ROWS))).arrivals is None
    write_run(tmp_path / "ours", GOOD)
    (tmp_path / "ours/arrivals-w1.journal").unlink()
    found = load_run(tmp_path / "ours")
    assert found.arrivals is not None
    assert len(found.arrivals) == 0
    assert analyse(found).performance.stages[0].ledger.lost == len(ROWS)


def test_several_senders_are_one_run(tmp_path: Path) -> None:
    """Journals of several processes add up."""
    write_run(tmp_path, replace(GOOD, attempts=GOOD.attempts[:4]))
    write_journal(tmp_path, "attempts", GOOD.attempts[4:], "w2")
    assert analyse(load_run(tmp_path)).performance.stages[0].deliveries.due == len(ROWS)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "Type,Name\nDELIVERY,stage local nearest\n",
        "Type,Name,Request Count\nDELIVERY\n",
        "Type,Name,Request Count\nDELIVERY,x,many\n",
        "\0",
    ],
)
def test_locust_s_statistics_that_say_nothing(tmp_path: Path, text: str | None) -> None:
    """A missing or damaged CSV is no error: the verdict will miss it."""
    write_run(tmp_path, GOOD)
    path = tmp_path / "locust_stats.csv"
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert not load_run(tmp_path).locust_totals


def test_an_interrupted_folder_is_readable(tmp_path: Path) -> None:
    """A folder whose master died, with half a line at the end of its timeline, still gives the figures, void."""
    write_run(tmp_path, GOOD)
    timeline = tmp_path / TIMELINE
    timeline.write_text(timeline.read_text().splitlines(keepends=True)[0] + '{"kind":"stage_en')
    (tmp_path / "locust_stats.csv").unlink()
    found = analyse(load_run(tmp_path)).performance
    assert found.stages[0].deliveries.acknowledged == len(ROWS)
    assert [reason.code for reason in found.verdict.reasons] == ["run_unfinished", "locust_total_missing"]


def test_a_folder_without_journals_and_timeline(tmp_path: Path) -> None:
    """A run that ended before it sent anything is void, not an error."""
    write_run(tmp_path, GOOD)
    for path in (*tmp_path.glob("*.journal"), tmp_path / TIMELINE):
        path.unlink()
    found = analyse(load_run(tmp_path)).performance
    assert found.stages == []
    assert found.verdict.status == "void"


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    """A missing folder and an empty one say which file is missing."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(RunError, match=MANIFEST):
            load_run(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"seed"', '"sead"'),
        ('"version": 1', '"version": 2'),
        ('"duration_s"', '"duration"'),
        ('"kind": "closed"', '"kind": 5'),
        ("{", "["),
    ],
)
def test_a_damaged_manifest(tmp_path: Path, old: str, new: str) -> None:
    """A manifest that is not whole, or whose plan the analysis cannot read, is named."""
    write_run(tmp_path, GOOD)
    path = tmp_path / MANIFEST
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RunError, match=MANIFEST):
        load_run(tmp_path)


@pytest.mark.parametrize("line", ['{"kind":"stage_started","at_ns":1,"stage":1,"name":"x"}', '{"kind":"odd"}', "?"])
def test_a_damaged_timeline(tmp_path: Path, line: str) -> None:
    """A line that is none, and a stage beyond the plan, are errors that name the file."""
    write_run(tmp_path, GOOD)
    with (tmp_path / TIMELINE).open("a") as file:
        file.write(line + "\n")
    with pytest.raises(RunError, match=TIMELINE):
        load_run(tmp_path)


def test_a_journal_that_is_none(tmp_path: Path) -> None:
    """A file that only has a journal's name is left out, and named: the run is void, its other figures are told."""
    write_run(tmp_path, GOOD)
    (tmp_path / "attempts-odd.journal").write_text("hello")
    found = load_run(tmp_path)
    assert "attempts-odd.journal" in found.damaged[0]
    told = analyse(found).performance
    assert [reason.code for reason in told.verdict.reasons] == ["journal_damaged"]
    assert told.stages[0].deliveries.due == len(GOOD.attempts)


@pytest.mark.parametrize(("kind", "run_id"), [("attempts", "another-run"), ("arrivals", RUN_ID)])
def test_a_journal_that_belongs_elsewhere(tmp_path: Path, kind: str, run_id: str) -> None:
    """A journal of another run, or arrivals under the name of attempts, would spoil the books: left out, and named."""
    write_run(tmp_path, GOOD)
    path = write_journal(tmp_path, kind, table([attempt()]), "w2", run=run_id)
    path.rename(tmp_path / "attempts-w2.journal")
    (fault,) = load_run(tmp_path).damaged
    assert "w2" in fault


def test_long_ago(tmp_path: Path) -> None:
    """Times are nanoseconds since 1970 in 64 bits: a shift of a day does not overflow."""
    write_run(tmp_path, run([attempt(0)]))
    write_journal(tmp_path, "attempts", table([attempt(1)]), "w2", anchor=ANCHOR - 86_400 * SECOND)
    assert load_run(tmp_path).attempts["due"].tolist() == [START, START + 86_400 * SECOND]


def test_samples_of_all_processes_in_the_order_of_time(tmp_path: Path) -> None:
    """Logs are one table on the senders' clock that says whose each sample is; what is not told is NaN."""
    write_run(tmp_path, GOOD)
    write_log(tmp_path, [sample(START), sample(START + 2 * SECOND, uss=None)], "sender", "host-7")
    write_log(tmp_path, [sample(START + SECOND + 3 * MS, cpu_user_s=0.25)], "receiver-eu", "9", anchor=ANCHOR + 3 * MS)
    found = load_run(tmp_path).resources
    assert found["at_ns"].tolist() == [START, START + SECOND, START + 2 * SECOND]
    assert found["role"].tolist() == ["sender", "receiver-eu", "sender"]
    assert found["process"].tolist() == ["host-7", "9", "host-7"]
    assert found["cpu_user_s"].tolist() == [1, 0.25, 1]
    assert found["rss"].tolist() == [100 * MB] * 3
    assert found["uss"].isna().tolist() == [False, False, True]


def test_samples_of_another_boot_keep_their_clock(tmp_path: Path) -> None:
    """Another machine's clock is not known from its anchor."""
    write_run(tmp_path, GOOD)
    write_log(tmp_path, [sample(START)], anchor=ANCHOR + MS, boot="another")
    assert load_run(tmp_path).resources["at_ns"].tolist() == [START]


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_torn_last_sample_is_left_out(tmp_path: Path, cut: int) -> None:
    """Half a line of a killed process, even one that would read as a smaller number, is no sample."""
    write_run(tmp_path, GOOD)
    path = write_log(tmp_path, [sample(START), sample(START + SECOND, write_bytes=123_456)])
    path.write_bytes(path.read_bytes()[:-cut])
    assert load_run(tmp_path).resources["at_ns"].tolist() == [START]


@pytest.mark.parametrize("content", [b"", b'# {"role": "sen'])
def test_a_log_that_was_never_begun(tmp_path: Path, content: bytes) -> None:
    """A process that was killed as it made its log left no samples, and no damage."""
    write_run(tmp_path, GOOD)
    (tmp_path / "resources-sender-8.csv").write_bytes(content)
    write_log(tmp_path, [], process="9")
    assert load_run(tmp_path).resources.empty
    write_log(tmp_path, [sample()])
    assert len(load_run(tmp_path).resources) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"# {", b"{"), (b'"version": 3', b'"version": 9'), (b"at_ns,", b"at,"), (b"100", b"a hundred"), (b"100", b"1,1")],
)
def test_a_damaged_log(tmp_path: Path, old: bytes, new: bytes) -> None:
    """A log that cannot be read is left out and named: what was not sampled must not look like nothing used."""
    write_run(tmp_path, GOOD)
    path = write_log(tmp_path, [sample(rss=100)])
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    found = load_run(tmp_path)
    assert found.resources.empty
    assert path.name in found.spoilt[0]
    assert "log_damaged" in [reason.code for reason in analyse(found).performance.verdict.reasons]


def test_a_plan_of_an_earlier_version(tmp_path: Path) -> None:
    """A plan that knows of no pause and no number of webhooks is read as having none, and one."""
    (stage,) = load_run(write_run(tmp_path, GOOD)).plan
    assert (stage.webhooks, stage.settle_s) == (1, 0)
    memory = planned("m", scenario="memory", webhooks=10, settle_s=2)
    (stage,) = load_run(write_run(tmp_path / "new", run([], stages=[memory]))).plan
    assert (stage.webhooks, stage.settle_s) == (10, 2)


def test_a_run_is_stopped_in_the_stage_that_began_last() -> None:
    """Not in that of the highest number: tries of a search and replays have numbers beyond all planned ones."""
    plan = [planned("a"), planned("b"), planned("a (again)", replay_of=0)]
    began = [StageStarted(at_ns=START + n, stage=stage, name=plan[stage]["name"]) for n, stage in enumerate((0, 2, 1))]
    end = RunEnded(at_ns=START + 9, interrupted=True)
    assert run([], stages=plan, timeline=[*began, end]).stopped_stage() == 1
    assert (
        run([], stages=plan, timeline=[*began, end.model_copy(update={"interrupted": False})]).stopped_stage() is None
    )
