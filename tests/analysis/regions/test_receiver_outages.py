"""Receivers of ours that died or stood still, as their psutil logs tell it: in any stage, and what comes of it."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.regions.receiver_outages import OutagesRecorder
from _hookswarm.analysis.reporting.distribution import show_distribution
from _hookswarm.analysis.reporting.html.distribution import distribution_charts
from _hookswarm.analysis.reporting.html.stages import charts_over_time
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Outage
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import Entry, IncidentPlayed, RunEnded, StageEnded, StageStarted
from tests.support.journals import SECOND, START, Row, arrival, attempt, planned, run, worker_report
from tests.support.samples import sample

Times = list[float]
SENT = [attempt(n, due=START + n * SECOND // 10) for n in range(100)]
SEEN = [arrival(one) for one in SENT]
FAULTS = {"status": {"503": 0.5}}


def ticks(begin_s: float, end_s: float, every_s: float = 0.5) -> list[float]:
    return np.arange(begin_s, end_s + 1e-9, every_s).tolist()


CALM = ticks(-1, 12)
OTHERS = {("sender", "7"): CALM, ("supervisor-local", "8"): ticks(-1, 12, 1)}
KILLED = {("receiver-local", "1"): ticks(-1, 4), ("receiver-local", "2"): ticks(5.2, 12)}
GONE = {("receiver-local", "1"): ticks(-1, 4)}
STOPPED = {("receiver-local", "1"): [*ticks(-1, 4), *ticks(6.5, 12)]}


def logged(frames: RunFrames, logs: dict[tuple[str, str], Times]) -> RunFrames:
    """The run with these logs: of each role and process, when it was sampled, in seconds from the stages' start."""
    rows = [
        {**sample(START + round(at * SECOND)), "role": role, "process": process}
        for (role, process), times in logs.items()
        for at in times
    ]
    return replace(frames, resources=pd.DataFrame(rows).sort_values("at_ns", kind="stable", ignore_index=True))


def played(
    logs: dict[tuple[str, str], Times], *incidents: IncidentPlayed, seen: Sequence[Row] = (), **plan: Any
) -> RunFrames:
    """A stage of eleven seconds in which nothing is sent, unless told otherwise."""
    sent = [one for one in SENT if any(one["sequence"] == row["sequence"] for row in seen)]
    frames = run(sent, seen, stages=[planned(**plan)], test="load")
    frames.timeline[1:1] = incidents
    return logged(frames, OTHERS | logs)


def outages(frames: RunFrames) -> list[Outage]:
    recorder = OutagesRecorder(frames)
    found = stages.stage_figures(frames, recorder.add)
    recorder.annotate(found)
    return [one for stage in found for one in stage.outages]


def told(logs: dict[tuple[str, str], Times], *incidents: IncidentPlayed, **plan: Any) -> list[tuple[Any, ...]]:
    return [(one.kind, one.from_s, one.lasted_s, one.back) for one in outages(played(logs, *incidents, **plan))]


def incident(fault: str, begin_s: float, end_s: float, region: int = 0) -> IncidentPlayed:
    said = {"at_ns": START + round(begin_s * SECOND), "until_ns": START + round(end_s * SECOND), "stage": 0}
    return IncidentPlayed.model_validate(said | {"fault": fault, "regions": [region], "origins": [0]})


def test_nothing_to_tell() -> None:
    """Every half second a sample; one that is late by less than a second is none to speak of."""
    assert told({("receiver-local", "1"): CALM}) == []
    assert told({("receiver-local", "1"): [*ticks(-1, 4), *ticks(5.4, 12)]}) == []
    assert told({}) == []


@pytest.mark.parametrize("plan", [{}, {"faults": FAULTS}, {"limits": {"p99_ms": 1}}, {"classes": [
    {"name": "bad", "first": 0, "count": 1, "faults": FAULTS}
]}], ids=["plain", "faults", "a search", "classes"])  # fmt: skip
def test_in_any_stage(plan: dict[str, Any]) -> None:
    """A death, with or without a successor, and a stall: whatever the plan asks of the receivers."""
    assert told(KILLED, **plan) == [("died", 4, 1.2, True)]
    assert told(GONE, **plan) == [("died", 4, 7, False)]
    assert told(STOPPED, **plan) == [("stalled", 4, 2.5, True)]


def test_what_was_planned() -> None:
    """An incident that ends or stops the region's processes explains it; another, or of another region, does not."""
    assert told(KILLED, incident("refused", 4.2, 5.3)) == []
    assert told(STOPPED, incident("frozen", 4.3, 6.4)) == []
    assert told(KILLED, incident("errors", 4.2, 5.3)) == [("died", 4, 1.2, True)]
    assert told(STOPPED, incident("frozen", 4.3, 6.4, region=1)) == [("stalled", 4, 2.5, True)]
    assert told(STOPPED, incident("frozen", 8, 9)) == [("stalled", 4, 2.5, True)]


def test_beside_what_was_planned() -> None:
    """A silence that goes on long after the incident is told from there on, and so is a death before it."""
    assert told(GONE, incident("refused", 4.2, 6)) == [("died", 6.75, 4.25, False)]
    logs = {
        ("receiver-local", "1"): ticks(-1, 1),
        ("receiver-local", "2"): ticks(2, 4),
        ("receiver-local", "3"): ticks(5.2, 12),
    }
    assert told(logs, incident("refused", 4.2, 5.3)) == [("died", 1, 1, True)]


def test_what_nobody_wrote_down() -> None:
    """Where a run broke off, nothing is known of the incidents that its plan has, nor of the stage's end."""
    assert told(KILLED, incidents=[{"fault": "refused"}]) == []
    assert told(KILLED, incidents=[{"fault": "slow"}]) == [("died", 4, 1.2, True)]
    frames = played(GONE)
    frames.timeline[:] = [entry for entry in frames.timeline if not isinstance(entry, StageEnded)]
    assert outages(frames) == []


def test_the_machine() -> None:
    """All stand still at once: not the receiver's fault. A machine of which nothing else was sampled is not accused."""
    still = [*ticks(-1, 4), *ticks(6.5, 12)]
    others = {("sender", "7"): still, ("supervisor-local", "8"): [*ticks(-1, 4, 1), *ticks(6.5, 12, 1)]}
    assert told(STOPPED | others) == [("machine_stalled", 4, 2.5, True)]
    assert told(STOPPED | {("sender", "7"): still}) == [("stalled", 4, 2.5, True)]  # its supervisor went on
    alone = logged(run([], []), STOPPED)
    assert [one.kind for one in outages(alone)] == ["stalled"]


def test_between_stages() -> None:
    """Processes that are set up anew between two stages end a moment before a stage's end, by their samples."""
    frames = run([], [], stages=[planned("one"), planned("two")], test="load")
    timeline: list[Entry] = []
    for number, begin in enumerate((0, 12)):
        timeline.append(StageStarted(at_ns=START + begin * SECOND, stage=number, name=f"{number}"))
        timeline.append(StageEnded(at_ns=START + (begin + 11) * SECOND, stage=number, reports=[]))
    timeline.append(RunEnded(at_ns=START + 24 * SECOND, interrupted=False))
    logs = {("receiver-local", "1"): ticks(-1, 10.5), ("receiver-local", "2"): ticks(11.5, 23)}
    assert outages(logged(replace(frames, timeline=timeline), OTHERS | logs)) == []


def test_one_process_of_several() -> None:
    """Each has a log of its own; what befell several of a region at once is told once."""
    others = {("receiver-local", "3"): CALM}
    assert told(KILLED | others) == [("died", 4, 1.2, True)]
    assert told(STOPPED | others) == [("stalled", 4, 2.5, True)]
    twice = {("receiver-local", "5"): ticks(-1, 3.5), ("receiver-local", "6"): ticks(5.4, 12)}
    assert told(KILLED | twice) == [("died", 3.5, 1.7, True)]


def test_late_housekeeping_is_no_stall() -> None:
    """A process that took webhooks all the while was alive; one that took none had stopped."""
    during = [one for one in SEEN if 5 * SECOND < one["start"] - START < 6 * SECOND]
    assert outages(played(STOPPED, seen=during)) == []
    before = [one for one in SEEN if one["start"] - START < 4.5 * SECOND]
    assert [one.kind for one in outages(played(STOPPED, seen=before))] == ["stalled"]


@pytest.mark.parametrize(
    ("logs", "code", "said"),
    [
        (KILLED, "receiver_died", "stage: receiver local died 4.0 s after the stage's start, and was back 1.2 s later"),
        (GONE, "receiver_died", "died 4.0 s after the stage's start, and was not back at the stage's end; look"),
        (STOPPED, "receiver_stalled", "local stood still 4.0 s after the stage's start, and was back 2.5 s later"),
    ],
)  # fmt: skip
def test_the_verdict_notes_it(logs: dict[tuple[str, str], Times], code: str, said: str) -> None:
    """With region, time, length, and what to do next; it changes no verdict."""
    found = analyse(played(logs, seen=SEEN[:30])).performance
    (reason,) = found.verdict.reasons
    assert (found.verdict.status, reason.code) == (Status.PASS, code)
    assert said in reason.message
    assert reason.message.endswith("and run it again")


def _strategies(**logs: Times) -> RunFrames:
    """Two strategies, twice each, in stages of ten seconds one after the other."""
    names = [(strategy, repeat) for repeat in (1, 2) for strategy in ("a", "b")]
    plans = [planned(f"{name} {n}", scenario="s", strategy=name, repeat=n) for name, n in names]
    rows: list[Row] = []
    timeline: list[Entry] = []
    for stage, plan in enumerate(plans):
        begin = START + stage * 12 * SECOND
        rows += [attempt(n, stage=stage, due=begin + n * SECOND // 10) for n in range(100)]
        timeline.append(StageStarted(at_ns=begin, stage=stage, name=plan["name"]))
        report = worker_report(stage=stage, due=100, settled=100)
        timeline.append(StageEnded(at_ns=begin + 11 * SECOND, stage=stage, reports=[report]))
    timeline.append(RunEnded(at_ns=START + 50 * SECOND, interrupted=False))
    frames = run(rows, [arrival(one) for one in rows], stages=plans, timeline=timeline, test="distribution")
    whole = ticks(-1, 50)
    return logged(frames, {("sender", "7"): whole} | {("receiver-local", pid): times for pid, times in logs.items()})


def test_a_stage_so_hit_does_not_rank() -> None:
    """Its repeat is left out for all strategies, and the comparison names it; without a hit all repeats count."""
    (calm,) = analyse(_strategies(p1=ticks(-1, 50))).performance.strategies or []
    assert (calm.repeats, calm.left_out) == (2, [])
    section = analyse(_strategies(p1=ticks(-1, 16), p2=ticks(17, 50))).performance
    (found,) = section.strategies or []
    assert (found.repeats, found.left_out, found.stages) == (1, ["b 1"], ["a 2", "b 2"])
    assert [reason.code for reason in section.verdict.reasons] == ["receiver_died"]
    screen = io.StringIO()
    show_distribution(section, Console(file=screen, width=100))
    assert "left out, a receiver of ours was out: b 1\n" in screen.getvalue()
    (chart,) = [one for one in distribution_charts(section) if one.title == "Strategies: s"]
    assert chart.says.endswith("Left out, a receiver of ours was out: b 1.")


def test_the_page_shows_it() -> None:
    """Over the seconds of a stage, as faults are shown."""
    (chart,) = charts_over_time(analyse(played(STOPPED, seen=SEEN[:30])).performance)
    (shape,) = chart.figure.layout.shapes
    assert (shape.x0, shape.x1, chart.figure.layout.annotations[0].text) == (4, 6.5, "local stalled")


def test_it_stands_among_the_failovers() -> None:
    """In a stage whose classes have faults, where attempts that fail tell nothing; attempts that do tell it once."""
    classes = [{"name": "bad", "first": 90, "count": 1, "faults": FAULTS}]
    troubled = replace(played(KILLED, seen=SEEN, classes=classes))
    distribution = troubled.manifest.model_copy(update={"test": "distribution"})
    (failover,) = analyse(replace(troubled, manifest=distribution)).performance.failovers or []
    assert (failover.faults, failover.regions, failover.began_at_s, failover.lasted_s) == (
        ["unplanned"],
        ["local"],
        4,
        1.2,
    )
    bad = [one | {"outcome": Outcome.REFUSED, "status": 0} if 42 <= n < 50 else one for n, one in enumerate(SENT)]
    frames = run(bad, [arrival(one) for one in bad if one["status"]], stages=[planned()], test="distribution")
    (failover,) = analyse(logged(frames, OTHERS | KILLED)).performance.failovers or []
    assert (failover.faults, failover.began_at_s) == (["unplanned"], 4.2)
