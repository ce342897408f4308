"""A process that really leaks, sampled by psutil and read back: the slope is what it leaked."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.resources import memory
from _hookswarm.records.timeline import StageEnded, StageStarted
from tests.support.journals import ANCHOR, attempt, planned, run, write_run
from tests.support.receivers import CHECKOUT

KEPT, PEAK = 2_000, 6_000
"""Bytes for each event that stay, and that are taken while it is delivered; half as much stays for each webhook."""
GRID = [(webhooks, events) for webhooks in (1, 200, 2_000) for events in (100, 1_000, 4_000)]

LEAK = """
import json, mmap, sys, time
from pathlib import Path
from _hookswarm.records.clock import Clock
from _hookswarm.records.resources import ResourceLog

kept_size, peak_size, grid, anchor = json.loads(sys.argv[2])
clock = Clock(anchor)
log = ResourceLog(Path(sys.argv[1]), "sender", clock)
kept, told = [], []
for webhooks, events in grid:
    log.sample()
    start = clock.now()
    # Mapped apart from the heap: what the heap has free by then would hide what is kept.
    taken = mmap.mmap(-1, events * (peak_size - kept_size))
    for place in range(0, len(taken), 4096):
        taken[place] = 1
    kept += [b"y" * kept_size for _ in range(events)] + [b"z" * (kept_size // 2) for _ in range(webhooks)]
    log.sample()
    done = clock.now()
    taken.close()
    time.sleep(0.03)
    log.sample()
    told.append((start, done, clock.now()))
print(json.dumps(told))
"""


def test_a_real_leak(tmp_path: Path) -> None:
    """Bytes per event and per webhook come out within a tenth, peak and settled."""
    folder = tmp_path / "run"
    folder.mkdir()
    command = [sys.executable, "-c", LEAK, str(folder), json.dumps([KEPT, PEAK, GRID, ANCHOR])]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    spans: list[tuple[int, int, int]] = json.loads(done.stdout)
    plan = [
        planned(f"m{number}", scenario="memory", webhooks=webhooks, settle_s=0.03)
        for number, (webhooks, _) in enumerate(GRID)
    ]
    timeline = [
        entry
        for number, (start, _, settled) in enumerate(spans)
        for entry in (
            StageStarted(at_ns=start, stage=number, name=f"m{number}"),
            StageEnded(at_ns=settled - 25_000_000, stage=number, reports=[]),
        )
    ]
    attempts = [
        attempt(n, stage=number, due=spans[number][0], done=spans[number][1])
        for number, (_, events) in enumerate(GRID)
        for n in range(events)
    ]
    write_run(folder, run(attempts, stages=plan, timeline=timeline))
    section = memory.memory_section(load_run(folder))
    assert [stage.events for stage in section.stages] == [events for _, events in GRID]
    fit = section.fits["sender"]
    for growth, per_event in ((fit.settled, KEPT), (fit.peak, PEAK)):
        assert growth.bytes_per_event is not None
        assert growth.bytes_per_event.value == pytest.approx(per_event, rel=0.1)
        assert growth.bytes_per_event.low > 0
        assert growth.bytes_per_webhook is not None
        assert growth.bytes_per_webhook.value == pytest.approx(KEPT / 2, rel=0.1)
