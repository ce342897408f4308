"""How far a run has come."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from _hookswarm.analysis.reporting.progress import Display, Follower
from _hookswarm.records.timeline import TIMELINE, Entry, Progress, StageEnded, StageStarted, Timeline
from tests.support.journals import SECOND, START, planned, run, worker_report

PLAN = [planned("first", warmup_s=10.0, duration_s=10.0), planned("second", events=100, duration_s=None)]


def _progress(stage: int, second: float, settled: int, **fields: float) -> Progress:
    told = {"failed": 0, "queued": 0, "in_flight": 0} | fields
    at_ns = START + round(second * SECOND)
    return Progress.model_validate({"at_ns": at_ns, "stage": stage, "settled": settled} | told)


def _started(stage: int) -> StageStarted:
    return StageStarted(at_ns=START, stage=stage, name=PLAN[stage]["name"])


def _ended(stage: int, *settled: int) -> StageEnded:
    return StageEnded(
        at_ns=START, stage=stage, reports=[worker_report(stage=stage, settled=count) for count in settled]
    )


def _shown(
    folder: Path, entries: Sequence[Entry], plan: Sequence[dict[str, Any]] = PLAN, terminal: bool = False
) -> str:
    """What the display has printed when it has seen each entry by itself; on a terminal, how it looked last."""
    run([], stages=plan).manifest.save(folder)
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=terminal, color_system=None)
    timeline = Timeline(folder)
    with Display(folder, "performance", console) as display:
        display.update()
        for entry in entries:
            timeline.add(entry)
            display.update()
        out.seek(0)
        out.truncate()
    return out.getvalue()


def test_entries_come_once(tmp_path: Path) -> None:
    """A follower gives what is new, waits for a line that is still being written, and for the file itself."""
    follower = Follower(tmp_path)
    assert list(follower.new()) == []
    timeline = Timeline(tmp_path)
    entries: list[Entry] = [_started(0), _ended(0, 5)]
    timeline.add(entries[0])
    assert list(follower.new()) == entries[:1]
    assert list(follower.new()) == []
    with (tmp_path / TIMELINE).open("a") as file:
        line = entries[1].model_dump_json() + "\n"
        file.write(line[:20])
        file.flush()
        assert list(follower.new()) == []
        file.write(line[20:])
    assert list(follower.new()) == entries[1:]


def test_a_damaged_line_does_not_end_a_run(tmp_path: Path) -> None:
    """What a follower cannot read it leaves to the analysis, and goes on."""
    (tmp_path / TIMELINE).write_text("half a li\n" + _started(0).model_dump_json() + "\n")
    assert list(Follower(tmp_path).new()) == [_started(0)]


def test_a_line_a_stage_without_a_terminal(tmp_path: Path) -> None:
    """A log gets one line when a stage ends, with the deliveries of all processes, and no bar."""
    run([], stages=PLAN).manifest.save(tmp_path)
    out = io.StringIO()
    timeline = Timeline(tmp_path)
    with Display(tmp_path, "performance", Console(file=out, width=100)) as display:
        for entry in (
            _started(0),
            _progress(0, 1, 10, failed=1, p50_ms=2.5, p99_ms=7),
            _ended(0, 1_000, 234),
            _started(1),
            _ended(1, 5),
            _started(1),
            _ended(1, 0, 0),
        ):
            timeline.add(entry)
            display.update()
    assert out.getvalue().splitlines() == [
        "performance 1/2  first: 1,234 deliveries, p99 7 ms, 10.0% failed",
        "performance 2/2  second: 5 deliveries",
        "performance 2/2  second: no event fell due",
    ]


def test_a_log_hears_of_a_long_stage_every_ten_seconds(tmp_path: Path) -> None:
    """Its rate, percentiles and errors, and how long the rest of the plan takes, about."""
    run([], stages=PLAN).manifest.save(tmp_path)
    out = io.StringIO()
    timeline = Timeline(tmp_path)
    with Display(tmp_path, "performance", Console(file=out, width=100)) as display:
        for second in range(1, 16):
            if second == 1:
                timeline.add(_started(0))
            timeline.add(_progress(0, second, second * 10, failed=second, p50_ms=2.5, p99_ms=7))
            display.update()
    assert out.getvalue().splitlines() == [
        "performance 1/2  first  10/s, p50 2.5 ms, p99 7 ms, 10.0% failed, about 30 s left",
    ]


def test_calibrations_come_before_the_first_stage(tmp_path: Path) -> None:
    """They are added at the plan's end, and counted by nobody."""
    calibrations = [planned(f"calibration #{nth}", scenario="calibration") for nth in (1, 2)]
    out = io.StringIO()
    timeline = Timeline(tmp_path)
    with Display(tmp_path, "load", Console(file=out, width=100)) as display:
        for number, stages in ((2, [*PLAN, calibrations[0]]), (3, [*PLAN, *calibrations]), (0, [*PLAN, *calibrations])):
            run([], stages=stages).manifest.save(tmp_path)
            timeline.add(StageStarted(at_ns=START, stage=number, name=""))
            timeline.add(_ended(number, 5))
            display.update()
    assert out.getvalue().splitlines() == [
        "load 0/2  calibration #1: 5 deliveries",
        "load 0/2  calibration #2: 5 deliveries",
        "load 1/2  first: 5 deliveries",
    ]


def test_names_are_not_markup(tmp_path: Path) -> None:
    """A stage's name appears as it is, with and without a terminal, and steers neither."""
    name = "[red]a[/] :warning: \x1b]0;b\x07"
    harmless = "[red]a[/] :warning: \N{REPLACEMENT CHARACTER}]0;b\N{REPLACEMENT CHARACTER}"
    for terminal in (False, True):
        folder = tmp_path / str(terminal)
        folder.mkdir()
        run([], stages=[planned(name)]).manifest.save(folder)
        Timeline(folder).add(_ended(0, 5))
        out = io.StringIO()
        with Display(folder, "performance", Console(file=out, width=120, force_terminal=terminal)) as display:
            display.update()
        assert harmless in out.getvalue()


def test_the_bar_moves_by_time_or_by_events(tmp_path: Path) -> None:
    """Half of the warm-up and window of the first of two stages is a quarter; so are half of the second's events."""
    (tmp_path / "time").mkdir()
    (tmp_path / "events").mkdir()
    by_time = _shown(tmp_path / "time", [_started(0), _progress(0, 10, 7)], terminal=True)
    by_events = _shown(tmp_path / "events", [_started(1), _progress(1, 10, 50)], terminal=True)
    assert " 25%" in by_time
    assert " 75%" in by_events


def test_the_bar_tells_rate_latency_and_failures(tmp_path: Path) -> None:
    """The rate is that between the last two entries; failures are told once there are some."""
    entries: list[Entry] = [
        _started(0),
        _progress(0, 1, 1_000),
        _progress(0, 3, 5_000, failed=50, p50_ms=1.5, p99_ms=120),
    ]
    text = _shown(tmp_path, entries, terminal=True)
    assert "1/2  first  2,000/s, p50 1.5 ms, p99 120 ms, 1.0% failed" in text


def test_the_ledger_so_far(tmp_path: Path) -> None:
    """Of the stages that are over, and the one that is on."""
    over = worker_report(stage=0, settled=1_000, abandoned=4)
    entries: list[Entry] = [
        _started(0), _progress(0, 1, 1_000, failed=7), StageEnded(at_ns=START, stage=0, reports=[over]), _started(1),
        _progress(1, 2, 50, failed=1, queued=3, retrying=2, in_flight=8),
    ]  # fmt: skip
    text = _shown(tmp_path, entries, terminal=True)
    assert "so far: 1,042 acknowledged, 8 failed, 4 abandoned, 3 queued, 2 retrying, 8 in flight" in text


def test_the_bar_never_passes_its_stage(tmp_path: Path) -> None:
    """A stage that outlives its plan stays at its end, and the next begins there."""
    assert " 50%" in _shown(tmp_path, [_started(0), _progress(0, 60, 7)], terminal=True)
