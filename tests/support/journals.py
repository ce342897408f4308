"""Runs made by hand: journal rows, frames and whole folders, as the analysis reads them."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from _hookswarm.analysis.reading.frames import PlannedStage, RunFrames
from _hookswarm.analysis.reading.rows import arrange_rows
from _hookswarm.records.clock import boot_id
from _hookswarm.records.journal import Header, Journal
from _hookswarm.records.manifest import Manifest, RegionRecord
from _hookswarm.records.reading import DTYPE, Rows
from _hookswarm.records.rows import NEVER_SENT, Flag, Outcome
from _hookswarm.records.timeline import Entry, RunEnded, StageEnded, StageStarted, Timeline
from _hookswarm.records.worker_report import WorkerReport

US, MS, SECOND = 1_000, 1_000_000, 1_000_000_000
START = 1_700_000_000 * SECOND
RUN_ID = "20231114-221320-performance-beef"
TAG = 0xC0FFEE
ANCHOR = 5 * SECOND

Row = dict[str, int]


def attempt(sequence: int = 0, webhook: int = 0, **fields: int) -> Row:
    """An attempt that was due at START, sent at once and acknowledged a millisecond later, unless told otherwise."""
    outcome = fields.get("outcome", Outcome.ACKNOWLEDGED)
    due = fields.get("due", START)
    start = fields.get("start", 0 if outcome in NEVER_SENT else due)
    known = outcome not in {*NEVER_SENT, Outcome.PENDING}
    row = {
        "webhook": webhook,
        "sequence": sequence,
        "due": due,
        "start": start,
        "attempt": 1,
        "size": 900,
        "digest": 0xD16E57,
        "run": TAG,
        "done": start + MS if known else 0,
        "status": {Outcome.ACKNOWLEDGED: 204, Outcome.REJECTED: 503}.get(Outcome(outcome), 0),
        "outcome": outcome,
        "flags": Flag.WRITTEN,
    }
    return row | fields


def arrival(of: Row, **fields: int) -> Row:
    """The arrival of an attempt, taken a tenth of a millisecond after it was sent, unless told otherwise."""
    received = of["start"] + 100 * US
    row = of | {"due": 0, "late": 0, "start": received, "done": received + US, "status": 204, "outcome": 0}
    return row | fields


def table(rows: Iterable[Mapping[str, int]]) -> Rows:
    """Rows as a journal holds them."""
    rows = list(rows)
    made = np.zeros(len(rows), DTYPE)
    for column in {column for row in rows for column in row}:
        made[column] = [row.get(column, 0) for row in rows]
    return made


def planned(name: str = "stage", **fields: Any) -> dict[str, Any]:
    """A stage of a plan as run.json holds it: ten seconds long, unless told otherwise."""
    stage: dict[str, Any] = {
        "name": name,
        "scenario": "concurrent",
        "users": 4,
        "events": None,
        "duration_s": 10.0,
        "warmup_s": 0.0,
        "arrivals": {"kind": "closed"},
    }
    return stage | fields


def worker_report(**fields: Any) -> WorkerReport:
    """What a sender at ease says of a stage."""
    said: dict[str, Any] = {
        "worker": "w1", "stage": 0, "users": 4, "due": 0, "settled": 0, "abandoned": 0,
        "wall_s": 10.0, "cpu_s": 2.0, "starved_s": 0.1, "lag_p99_ms": 0.5,
    }  # fmt: skip
    return WorkerReport.model_validate(said | fields)


def run(
    attempts: Sequence[Row],
    arrivals: Sequence[Row] | None = None,
    stages: Sequence[dict[str, Any]] | None = None,
    timeline: Sequence[Entry] | None = None,
    **manifest: Any,
) -> RunFrames:
    """The frames of a run that went well: all stages started at START, and the senders, Locust and journals agree."""
    stages = [planned()] if stages is None else stages
    watched = arrivals is not None
    record = Manifest.model_validate(
        {
            "id": RUN_ID,
            "test": "performance",
            "seed": 1,
            "started_at": datetime.fromtimestamp(START // SECOND, UTC),
            "options": {"quick": True},
            "stages": list(stages),
            "regions": [RegionRecord(name="local", url="http://127.0.0.1:8080/hooks", receiver=watched)],
            "strategies": ["nearest"],
            "outcomes": {outcome.value: outcome.name.lower() for outcome in Outcome},
            "environment": {"python": "3.11"},
        }
        | manifest
    )
    return RunFrames(
        manifest=record,
        plan=TypeAdapter(list[PlannedStage]).validate_python(record.stages),
        timeline=story(attempts, stages) if timeline is None else list(timeline),
        attempts=arrange_rows([table(attempts)]),
        arrivals=None if arrivals is None else arrange_rows([table(arrivals)]),
        watched=[code for code, region in enumerate(record.regions) if region.receiver] if watched else [],
        strays=0,
        torn=0,
        locust_totals={
            f"{stage['name']} local nearest": len(_events(attempts, number)) - len(_abandoned(attempts, number))
            for number, stage in enumerate(stages)
        },
    )


def story(attempts: Sequence[Row], stages: Sequence[dict[str, Any]]) -> list[Entry]:
    """The timeline of a run in which every stage was started and ended."""
    entries: list[Entry] = []
    for number, stage in enumerate(stages):
        due, abandoned = len(_events(attempts, number)), len(_abandoned(attempts, number))
        report = worker_report(stage=number, due=due, settled=due - abandoned, abandoned=abandoned)
        entries.append(StageStarted(at_ns=START, stage=number, name=stage["name"]))
        entries.append(StageEnded(at_ns=START + 11 * SECOND, stage=number, reports=[report]))
    return [*entries, RunEnded(at_ns=START + 12 * SECOND, interrupted=False)]


def _events(attempts: Sequence[Row], stage: int) -> set[tuple[int, int]]:
    return {(row["webhook"], row["sequence"]) for row in attempts if row.get("stage", 0) == stage}


def _abandoned(attempts: Sequence[Row], stage: int) -> set[tuple[int, int]]:
    return _events([row for row in attempts if row["outcome"] == Outcome.ABANDONED], stage)


def write_journal(
    folder: Path, kind: str, rows: Rows, process: str = "w1", anchor: int = ANCHOR, boot: str = "", run: str = RUN_ID
) -> Path:
    """A journal as `records` writes it, of this boot unless told otherwise."""
    path = folder / f"{kind}-{process}.journal"
    journal = Journal(path, Header(kind, run, process, anchor, boot=boot or boot_id() or "boot"))
    for row in rows:
        journal.append(row.tobytes())
    journal.close()
    return path


def write_run(folder: Path, frames: RunFrames) -> Path:
    """A run's folder that reads as those frames."""
    folder.mkdir(parents=True, exist_ok=True)
    frames.manifest.save(folder)
    timeline = Timeline(folder)
    for entry in frames.timeline:
        timeline.add(entry)
    write_journal(folder, "attempts", frames.attempts)
    if frames.arrivals is not None:
        write_journal(folder, "arrivals", frames.arrivals)
    if frames.locust_totals is not None:
        write_locust_csv(folder, frames.locust_totals)
    return folder


def write_locust_csv(folder: Path, totals: Mapping[str, int]) -> None:
    """Locust's statistics, as far as the analysis reads them."""
    with (folder / "locust_stats.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("Type", "Name", "Request Count"))
        writer.writerows(("DELIVERY", name, count) for name, count in totals.items())
        writer.writerow(("", "Aggregated", sum(totals.values())))
