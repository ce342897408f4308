"""Memory of runs made by hand: windows, measures, totals, and leaks that were planted."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.resources import memory
from _hookswarm.analysis.schema.memory import Growth, Memory, MemorySection, MemoryStage, ProcessMemory, Slope
from _hookswarm.records.resources import COLUMNS
from _hookswarm.records.timeline import Entry, StageEnded, StageStarted
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run
from tests.support.samples import MB, Sample, sample

EVERY = 20 * SECOND
"""From a stage's start to the next."""
LENGTH, SETTLE = 10 * SECOND, 4 * SECOND
GRID = tuple(itertools.product((1, 10, 100), (5, 50, 200)))

Law = Callable[[int, int], float]


def samples(role: str, *rows: Sample, process: str = "7") -> pd.DataFrame:
    """One process's samples as the frames hold them."""
    table = pd.DataFrame(rows)
    return table.astype({column: float for column in COLUMNS if column != "at_ns"}).assign(role=role, process=process)


def frames(
    *logs: pd.DataFrame, stages: Sequence[tuple[int, int]] = ((1, 3),), settle_s: float = SETTLE / SECOND, **plan: Any
) -> RunFrames:
    """A run of memory stages with those numbers of webhooks and events; the last answer comes 1 ms into each."""
    attempts: list[Row] = []
    timeline: list[Entry] = []
    plans = []
    for number, (webhooks, events) in enumerate(stages):
        start = START + number * EVERY
        attempts += [attempt(n, n % webhooks, stage=number, due=start) for n in range(events)]
        timeline.append(StageStarted(at_ns=start, stage=number, name=f"m{number}"))
        timeline.append(StageEnded(at_ns=start + LENGTH, stage=number, reports=[]))
        stage = {"scenario": "memory", "webhooks": webhooks, "events": events, "settle_s": settle_s} | plan
        plans.append(planned(f"m{number}", **stage))
    made = run(attempts, stages=plans, timeline=timeline)
    return replace(made, resources=pd.concat(logs, ignore_index=True)) if logs else made


def log(role: str, peak: Law, settled: Law, process: str = "7", grid: Sequence[tuple[int, int]] = GRID) -> pd.DataFrame:
    """A process that grows in each stage by the one law, and keeps by the other."""
    size, rows = 80 * MB, []
    for number, (webhooks, events) in enumerate(grid):
        start = START + number * EVERY
        top, after = size + round(peak(webhooks, events)), size + round(settled(webhooks, events))
        rows += [
            sample(start - MS, uss=size),
            sample(start + LENGTH // 2, uss=top),
            sample(start + LENGTH + SETTLE - MS, uss=after),
        ]
        size = after
    return samples(role, *rows, process=process)


def only(section: MemorySection) -> tuple[MemoryStage, ProcessMemory]:
    """The one stage and its one process."""
    (stage,) = section.stages
    (process,) = stage.processes
    return stage, process


AT_REST = (sample(START - SECOND, uss=1), sample(START + SECOND, uss=9), sample(START + LENGTH + SECOND * 3, uss=4))


def test_start_peak_and_settled() -> None:
    """Before the stage, at its largest, and at the end of the pause behind it."""
    stage, process = only(memory.memory_section(frames(samples("sender", *AT_REST))))
    assert (stage.name, stage.webhooks, stage.events) == ("m0", 1, 3)
    assert process == ProcessMemory(
        process="7", role="sender", measure="uss", start_bytes=1, peak_bytes=9, settled_bytes=4
    )
    assert stage.roles == {"sender": Memory(measure="uss", start_bytes=1, peak_bytes=9, settled_bytes=4)}


def test_the_start_is_the_last_sample_before_it() -> None:
    """An older sample is not it, one at the very start is; without any, the first in the stage."""
    older = sample(START - 9 * SECOND, uss=500)
    assert only(memory.memory_section(frames(samples("sender", older, *AT_REST))))[1].start_bytes == 1
    at_once = samples("sender", older, sample(START, uss=2), *AT_REST[1:])
    found = only(memory.memory_section(frames(at_once)))[1]
    assert (found.start_bytes, found.peak_bytes) == (2, 9)
    assert only(memory.memory_section(frames(samples("sender", *AT_REST[1:]))))[1].start_bytes == 9


def test_the_window_ends_with_the_pause_or_the_next_stage() -> None:
    """What comes later belongs to no stage or to the next, even if the plan's pause is longer."""
    late = sample(START + LENGTH + SETTLE + 1, uss=700)
    assert only(memory.memory_section(frames(samples("sender", *AT_REST, late))))[1].peak_bytes == 9
    next_one = [sample(START + EVERY - MS, uss=5), sample(START + EVERY + MS, uss=800)]
    log = samples("sender", *AT_REST, *next_one)
    first = memory.memory_section(frames(log, stages=((1, 3), (1, 3)), settle_s=12)).stages[0].processes[0]
    assert (first.peak_bytes, first.settled_bytes) == (9, 5)


@pytest.mark.parametrize(("at_s", "settled"), [(1, None), (1.9, None), (2.1, 4), (4, 4)])
def test_settled_needs_rest(at_s: float, settled: int | None) -> None:
    """A sample in the first half of the pause behind the last answer has not settled."""
    rows = [*AT_REST[:2], sample(START + round(at_s * SECOND), uss=4)]
    made = frames(samples("sender", *rows))
    assert only(memory.memory_section(made))[1].settled_bytes == settled


def test_without_a_pause_nothing_settles() -> None:
    """What is there the moment the last answer came is not what stays."""
    rows = [*AT_REST[:2], sample(START + LENGTH, uss=4)]
    section = memory.memory_section(frames(samples("sender", *rows), settle_s=0))
    assert only(section)[1].settled_bytes is None
    assert section.fits["sender"].settled == Growth(bytes_per_webhook=None, bytes_per_event=None)


@pytest.mark.parametrize("place", [1, 2])
def test_rss_where_uss_is_not_in_every_sample(place: int) -> None:
    """One sample of a stage without USS, and all of its role are RSS: the measures do not mix."""
    rows = [sample(int(row["at_ns"] or 0), rss=(row["uss"] or 0) + 50, uss=row["uss"]) for row in AT_REST]
    rows[place] = {**rows[place], "uss": None}
    section = memory.memory_section(frames(samples("sender", *rows), samples("sender", *AT_REST, process="8")))
    (stage,) = section.stages
    assert [process.measure for process in stage.processes] == ["rss", "rss"]
    assert stage.processes[0].start_bytes == 51
    assert stage.roles["sender"].measure == "rss"


def test_samples_without_uss_outside_of_the_stages_do_not_matter() -> None:
    """The last sample with USS before the stage is its start."""
    between = sample(START - MS, uss=None, rss=500)
    found = only(memory.memory_section(frames(samples("sender", AT_REST[0], between, *AT_REST[1:]))))[1]
    assert (found.measure, found.start_bytes) == ("uss", 1)


def test_roles_add_up() -> None:
    """All senders are one role, all regions' receivers another; the master is told and added to none."""
    logs = [
        samples(role, *AT_REST, process=process)
        for role, process in (
            ("sender", "7"),
            ("sender", "8"),
            ("master", "9"),
            ("receiver-a", "1"),
            ("receiver-b", "1"),
        )
    ]
    (stage,) = memory.memory_section(frames(*logs)).stages
    assert len(stage.processes) == 5
    twice = Memory(measure="uss", start_bytes=2, peak_bytes=18, settled_bytes=8)
    assert stage.roles == {"sender": twice, "receiver": twice}


def test_one_process_that_did_not_settle() -> None:
    """Then the role's settled memory is not known."""
    (stage,) = memory.memory_section(
        frames(samples("sender", *AT_REST), samples("sender", *AT_REST[:2], process="8"))
    ).stages
    assert stage.roles["sender"].settled_bytes is None
    assert stage.roles["sender"].peak_bytes == 18


def test_a_process_that_was_not_sampled_in_a_stage() -> None:
    """One that ended before it, and one that came later, have no part in it."""
    gone = samples("sender", sample(START - SECOND), process="8")
    later = samples("sender", sample(START + EVERY), process="9")
    stage, process = only(memory.memory_section(frames(samples("sender", *AT_REST), gone, later)))
    assert process.process == "7"
    assert stage.roles["sender"].start_bytes == 1


def test_only_memory_stages_that_ended() -> None:
    """Other scenarios, and a stage that the run did not finish, are left out."""
    of_another_kind = frames(samples("sender", *AT_REST), scenario="concurrent")
    assert analyse(of_another_kind).memory is None
    assert memory.memory_section(of_another_kind).stages == []
    unfinished = frames(samples("sender", *AT_REST))
    assert analyse(unfinished).memory is not None
    assert memory.memory_section(replace(unfinished, timeline=unfinished.timeline[:1])).stages == []


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, "no resource log in the run's folder"),
        ({"psutil": None}, "no resource log in the run's folder"),
        ({"psutil": "psutil cannot be imported: x"}, "psutil cannot be imported: x"),
    ],
)
def test_skipped(environment: dict[str, Any], reason: str) -> None:
    """Without any log the section says why, as the run's environment knows it, and holds nothing."""
    made = frames()
    section = memory.memory_section(
        replace(made, manifest=made.manifest.model_copy(update={"environment": environment}))
    )
    assert (section.skipped, section.stages, section.fits) == (reason, [], {})
    assert section.run.id == made.manifest.id


@pytest.mark.parametrize("code", [0, 30 * MB])
def test_a_planted_leak_is_found(code: int) -> None:
    """A sender that needs 900 B an event and 20 kB a webhook, and keeps 300 B an event; the receiver only breathes.

    Where the first of the nine stages also loads 30 MB of code, the slopes stay, and the interval says that it is
    less sure.
    """
    random = np.random.default_rng(4)

    def noise() -> float:
        return float(random.normal(0, 20))

    first = {GRID[0]: code}
    sender = log(
        "sender",
        lambda w, e: 5 * MB + 20_000 * w + 900 * e + noise() + first.get((w, e), 0),
        lambda w, e: 300 * e + noise() + first.get((w, e), 0),
    )
    receiver = log("receiver-eu", lambda w, e: MB + 100 * noise(), lambda w, e: 100 * noise())
    fits = memory.memory_section(frames(sender, receiver, stages=GRID)).fits
    _holds(fits["sender"].peak.bytes_per_webhook, 20_000)
    _holds(fits["sender"].peak.bytes_per_event, 900)
    _holds(fits["sender"].settled.bytes_per_event, 300)
    for slope in (fits["receiver"].settled.bytes_per_event, fits["receiver"].peak.bytes_per_event):
        assert slope is not None
        assert slope.low <= 0 <= slope.high
    leak = fits["sender"].settled.bytes_per_event
    assert leak is not None
    assert (leak.low > 0) == (code == 0)


def _holds(slope: Slope | None, known: float) -> None:
    assert slope is not None
    assert slope.value == pytest.approx(known, rel=0.05)
    assert slope.low <= known <= slope.high


def test_a_step_is_no_leak() -> None:
    """A cache that fills once, in the first stage, moves no slope."""
    steps = iter([50 * MB] + [0] * 8)
    sender = log("sender", lambda w, e: 60 * MB, lambda w, e: next(steps))
    settled = memory.memory_section(frames(sender, stages=GRID)).fits["sender"].settled
    assert settled.bytes_per_event is not None
    assert settled.bytes_per_event.value == pytest.approx(0, abs=1e-6)


def test_too_few_stages_for_a_fit() -> None:
    """Two numbers of events and one of webhooks give figures for each stage, and no slope."""
    grid = ((1, 10), (1, 20))
    section = memory.memory_section(frames(log("sender", lambda w, e: e, lambda w, e: e, grid=grid), stages=grid))
    assert len(section.stages) == 2
    none = Growth(bytes_per_webhook=None, bytes_per_event=None)
    assert (section.fits["sender"].peak, section.fits["sender"].settled) == (none, none)
