"""Stages whose figures say nothing of the target: they have none, and rank nowhere."""

from dataclasses import replace
from typing import Any

import pytest

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.records.timeline import BystanderRecord, BystandersSeen, StageEnded
from tests.support.journals import MS, SECOND, START, arrival, attempt, planned, run, worker_report
from tests.support.samples import machine_log

ROWS = [attempt(n, due=START + n * SECOND) for n in range(10)]
OPEN = {"kind": "poisson", "rate": 1.0}


def _run(*lateness: int, **plan: Any) -> RunFrames:
    """A run with a stage for each lateness (ns) of its idle workers."""
    rows = [row | {"stage": number, "late": late} for number, late in enumerate(lateness) for row in ROWS]
    stages = [planned(f"s{number}", **({"arrivals": OPEN} | plan)) for number in range(len(lateness))]
    return run(rows, [arrival(row) for row in rows], stages=stages)


def _section(frames: RunFrames, keep: bool = False) -> Section:
    return analyse(frames, keep).performance


def _codes(section: Section) -> list[str]:
    return [reason.code for reason in section.verdict.reasons]


def test_a_disturbed_stage_has_no_figures() -> None:
    """Its counts stay, by which the books balance; the others' figures stand, and the run passes with a note."""
    section = _section(_run(0, 21 * MS))
    good, bad = section.stages
    assert (section.verdict.status, _codes(section)) == (Status.PASS, ["generator_late"])
    assert (good.disturbed, good.throughput_per_s) == ([], 1.0)
    assert [reason.code for reason in bad.disturbed] == ["generator_late"]
    assert (bad.throughput_per_s, bad.error_rate, bad.latency_ms.delivery.p99, bad.limit) == (None, None, None, None)
    assert (bad.deliveries.due, bad.ledger.seen) == (10, 10)


def test_a_run_without_a_stage_that_is_left_is_void() -> None:
    """Nothing is known of the target then."""
    section = _section(_run(21 * MS, 21 * MS))
    assert (section.verdict.status, _codes(section)) == (Status.VOID, ["generator_late", "generator_late"])


def test_figures_that_nobody_should_trust_can_be_kept() -> None:
    """The verdict is the same."""
    section = _section(_run(21 * MS), keep=True)
    assert section.verdict.status is Status.VOID
    assert section.stages[0].throughput_per_s == 1.0


def test_the_second_time_stands_for_a_stage() -> None:
    """Whatever the first one's figures would have been."""
    section = _section(replace(_run(0, 0), replayed=frozenset({0})))
    first, second = section.stages
    assert (section.verdict.status, _codes(section)) == (Status.PASS, ["stage_replayed"])
    assert (first.throughput_per_s, second.throughput_per_s) == (None, 1.0)


def test_who_disturbed_is_named() -> None:
    """By program, process and share of a core; the sentence is of the stage in which they were seen."""
    frames = _run(0, 0)
    log = machine_log(20, pressure_cpu_s=0.9).assign(core_busy_s=[f"{s:.3f};{s:.3f}" for s in range(21)])
    seen = BystandersSeen(
        at_ns=START, stage=1, cores=1.1, busiest=[BystanderRecord(pid=77, name="backup", core_share=1.1)]
    )
    section = _section(replace(frames, machine=log, timeline=[*frames.timeline, seen]))
    first, second = (stage.disturbed[0].message for stage in section.stages)
    assert "backup" not in first
    assert second.endswith(": backup (process 77, 110% of a core); end them, and run it again")


def _starved(frames: RunFrames, starved_s: float) -> RunFrames:
    timeline = [
        entry.model_copy(
            update={"reports": [worker_report(stage=entry.stage, due=10, settled=10, starved_s=starved_s)]}
        )
        if isinstance(entry, StageEnded)
        else entry
        for entry in frames.timeline
    ]
    return replace(frames, timeline=timeline)


@pytest.mark.parametrize(("window_s", "trusted"), [(0.49, True), (0.5, False)])
def test_a_stage_can_be_too_short_to_tell_of_its_machine(window_s: float, trusted: bool) -> None:
    """Shares of less than half a second say too little."""
    machine = machine_log(20, steal_s=0.9)
    section = _section(replace(_run(0, duration_s=window_s), machine=machine))
    assert (section.stages[0].disturbed == []) is trusted


@pytest.mark.parametrize(("steal_s", "trusted"), [(0.51, False), (0.5, True)])
def test_a_machine_that_was_stolen_from(steal_s: float, trusted: bool) -> None:
    """More than a quarter of two cores; up to there it is let pass. What to do is told."""
    section = _section(replace(_run(0), machine=machine_log(20, steal_s=steal_s)))
    told = [reason.message for reason in section.stages[0].disturbed]
    assert [message.endswith("and run it again") for message in told] == [True] * (not trusted)


def test_a_stage_that_scales_is_told_apart() -> None:
    """What limited it says so; a sender without CPU does not take its place in the comparison from it here."""
    stages = [planned(f"x{factor}", arrivals=OPEN, scenario="scaling", factor=factor) for factor in (1, 2)]
    rows = [row | {"stage": number} for number in (0, 1) for row in ROWS]
    frames = run(rows, [arrival(row) for row in rows], stages=stages, test="scalability")
    section = _section(_starved(frames, 5.0))
    assert all(not stage.disturbed for stage in section.stages)
    assert all(stage.limit and stage.limit.side == "generator" for stage in section.stages)
