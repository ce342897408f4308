"""How long the analysis of a run takes, and what memory, over the run's size: `python -m benchmarks.analysis`.

Two senders and two receivers with clocks of their own, 1,000 webhooks by Zipf's law, 5,000 deliveries a second; one
attempt in fifty is answered 503 and repeated. What is measured is `python -m hookswarm.analysis`, a process each time;
the fastest of some rounds, because what others take of the machine is no cost of ours.
"""

import csv
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from _hookswarm.analysis.reading.rows import take_rows
from _hookswarm.records.clock import boot_id
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.journal import Header
from _hookswarm.records.manifest import Manifest, RegionRecord
from _hookswarm.records.reading import DTYPE, Rows
from _hookswarm.records.rows import Flag, Outcome
from _hookswarm.records.timeline import RunEnded, StageEnded, StageStarted, Timeline
from _hookswarm.records.worker_report import WorkerReport

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SIZES = (100_000, 1_000_000, 10_000_000)
MOST_S, MOST_MB, MOST_PAGE_MB = 60, 4_000, 10
"""Promised of the largest: time and memory of its analysis, size of its report.html."""

RUN_ID = "20261122-000000-load-be9c"
TAG = 0xBE9C
MS, SECOND = 1_000_000, 1_000_000_000
START = 1_700_000_000 * SECOND
RATE = 5_000
WEBHOOKS = 1_000
RETRY_S = 0.05
PROCESSES = 2


def main() -> int:
    sizes = [int(float(size)) for size in sys.argv[1:]] or SIZES
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print(
        "| deliveries | s | of CPU | CPU us per delivery | peak MB | page MB |\n|---|---|---|---|---|---|", flush=True
    )
    kept = True
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write_run(Path(folder) / "run", size)
            rounds = [measure(Path(folder)) for _ in range(ROUNDS)]
            page_mb = (Path(folder) / "report.html").stat().st_size / 1e6
        took_s, cpu_s, peak_mb = min(rounds)
        kept &= took_s < MOST_S and peak_mb < MOST_MB and page_mb < MOST_PAGE_MB
        per_us = cpu_s / size * 1e6
        print(f"| {size:,} | {took_s:.1f} | {cpu_s:.1f} | {per_us:.2f} | {peak_mb:,.0f} | {page_mb:.1f} |", flush=True)
    return Exit.PASS if kept else Exit.FAIL


def measure(folder: Path) -> tuple[float, float, float]:
    """Seconds, those of CPU, and the most memory (mapped files included) of the analysis of `folder / "run"`."""
    command = [sys.executable, "-m", "hookswarm.analysis", str(folder / "run"), "--output", str(folder)]
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    began = time.monotonic()
    child = os.posix_spawn(sys.executable, command, os.environ, file_actions=silent)
    _, status, usage = os.wait4(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"error: {' '.join(command)} ended with {code}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def write_run(folder: Path, size: int) -> None:
    """The folder of a run in which all went well."""
    folder.mkdir()
    generator = np.random.default_rng(1)
    attempts = _attempts(generator, size)
    arrivals = _arrivals(attempts)
    for number in range(PROCESSES):
        _write(folder, "attempts", number, attempts[number::PROCESSES])
        _write(folder, "arrivals", number, arrivals[number::PROCESSES])
    length_s = size / RATE
    stage = {
        "name": "sustained", "scenario": "sustained", "events": None, "duration_s": length_s, "warmup_s": 0.0,
        "arrivals": {"kind": "constant"}, "webhooks": WEBHOOKS, "retry": {"retries": 1, "delay_s": RETRY_S},
        "classes": [{"name": "slow", "first": 20, "count": 5}],
    }  # fmt: skip
    Manifest(
        id=RUN_ID,
        test="load",
        seed=1,
        started_at=datetime.fromtimestamp(START // SECOND, UTC),
        options={},
        stages=[stage],
        regions=[RegionRecord(name="local", url="http://127.0.0.1/hooks", receiver=True)],
        strategies=["nearest"],
        outcomes={outcome.value: outcome.name.lower() for outcome in Outcome},
        environment={},
    ).save(folder)
    end = START + round(length_s * SECOND) + SECOND
    said = {"worker": "all", "stage": 0, "users": 64, "due": size, "settled": size, "abandoned": 0}
    report = WorkerReport.model_validate(said | {"wall_s": length_s, "cpu_s": 0, "starved_s": 0, "lag_p99_ms": 0})
    timeline = Timeline(folder)
    timeline.add(StageStarted(at_ns=START, stage=0, name="sustained"))
    timeline.add(StageEnded(at_ns=end, stage=0, reports=[report]))
    timeline.add(RunEnded(at_ns=end, interrupted=False))
    with (folder / "locust_stats.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("Type", "Name", "Request Count"), ("DELIVERY", "sustained local nearest", size)])


def _attempts(generator: np.random.Generator, size: int) -> Rows:
    """First attempts and retries in the order in which they were sent."""
    rejected = np.flatnonzero(generator.random(size) < 0.02)
    rows = np.zeros(size + len(rejected), DTYPE)
    first, again = rows[:size], rows[size:]
    shares = 1 / np.arange(1, WEBHOOKS + 1)
    webhook = generator.choice(WEBHOOKS, size, p=shares / shares.sum()).astype(np.uint32)
    first["webhook"] = webhook
    first["sequence"] = _places(webhook)
    first["due"] = START + np.arange(size) * (SECOND // RATE)
    first["start"] = first["due"] + generator.exponential(MS / 10, size).astype(np.int64)
    first["done"] = first["start"] + generator.lognormal(np.log(5 * MS), 0.5, size).astype(np.int64)
    first["attempt"], first["size"], first["run"] = 1, 900, TAG
    first["status"], first["outcome"], first["flags"] = 204, Outcome.ACKNOWLEDGED, Flag.WRITTEN
    again[:] = first[rejected]
    again["attempt"] = 2
    again["due"] = again["done"] + round(RETRY_S * SECOND)
    again["start"], again["done"] = again["due"] + MS // 10, again["due"] + 5 * MS
    first["status"][rejected], first["outcome"][rejected] = 503, Outcome.REJECTED
    return take_rows(rows, np.argsort(rows["start"], kind="stable"))


def _places(webhook: np.ndarray[tuple[int], np.dtype[np.uint32]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each event how many its webhook had before."""
    order = np.argsort(webhook, kind="stable")
    counts = np.bincount(webhook, minlength=WEBHOOKS)
    places = np.empty(len(webhook), np.int64)
    places[order] = np.arange(len(webhook)) - np.repeat(np.cumsum(counts) - counts, counts)
    return places


def _arrivals(attempts: Rows) -> Rows:
    rows = attempts.copy()
    rows["start"] += MS // 10
    rows["done"] = rows["start"] + MS
    rows["due"], rows["outcome"] = 0, 0
    return rows


def _write(folder: Path, kind: str, number: int, rows: Rows) -> None:
    """A journal as `records` has it, by a process whose clock is a little ahead of the first one's."""
    ahead = number * 3 * MS
    header = Header(kind, RUN_ID, f"w{number}", SECOND + ahead, boot=boot_id() or "boot")
    rows = rows.copy()
    for column in ("due", "start", "done"):
        rows[column] += np.where(rows[column] != 0, ahead, 0)
    with (folder / f"{kind}-w{number}.journal").open("wb") as file:
        file.write(header.encode())
        rows.tofile(file)


if __name__ == "__main__":
    sys.exit(main())
