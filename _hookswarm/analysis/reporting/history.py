"""`history.csv`: a row for each run, for change-point tools such as Apache Otava, which read it as it is."""

import csv
import io
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.manifest import RunError
from _hookswarm.records.writing import append_whole

NAME = "history.csv"
COLUMNS = (
    "time", "run", "test", "quick", "seed", "verdict", "stages", "due", "acknowledged", "error_rate", "lost",
    "duplicated", "attempts_per_delivery", "throughput_per_s", "p50_ms", "p99_ms", "capacity_per_s",
)  # fmt: skip
"""Counts are sums over the stages, rates and latencies geometric means over those that have one; see docs/ci.md."""


def _history_row(section: Section) -> dict[str, object]:
    stages, run = section.stages, section.run
    due = sum(stage.deliveries.due for stage in stages)
    acknowledged = sum(stage.deliveries.acknowledged for stage in stages)
    return {
        "time": run.started_at.isoformat(timespec="seconds"),
        "run": run.id,
        "test": run.test,
        "quick": int(bool(run.options.get("quick"))),
        "seed": run.seed,
        "verdict": section.verdict.status.value,
        "stages": len(stages),
        "due": due,
        "acknowledged": acknowledged,
        "error_rate": round(1 - acknowledged / due, 6) if due else None,
        "lost": _sum(stage.ledger.lost for stage in stages),
        "duplicated": _sum(stage.ledger.duplicated for stage in stages),
        "attempts_per_delivery": _mean(stage.attempts.per_delivery for stage in stages),
        "throughput_per_s": _mean(stage.throughput_per_s for stage in stages),
        "p50_ms": _mean(stage.latency_ms.delivery.p50 for stage in stages),
        "p99_ms": _mean(stage.latency_ms.delivery.p99 for stage in stages),
        "capacity_per_s": _mean(one.rate_per_s for one in section.capacity or []),
    }


def append_history(folder: Path, section: Section) -> Path:
    """Add a run's row, unless it is there. Raises RunError for a file that is none of ours, OSError."""
    path = folder / NAME
    header = ",".join(COLUMNS) + "\n"
    try:
        content = path.read_text()
    except FileNotFoundError:
        content = ""
    except UnicodeDecodeError:
        raise RunError(f"{path} is not a history of ours: move it away") from None
    if content and not content.startswith(header):
        raise RunError(f"{path} has other columns than this version writes; move it away")
    if any(line.split(",", 2)[1:2] == [section.run.id] for line in content.splitlines()[1:]):
        return path
    text = io.StringIO()
    csv.DictWriter(text, COLUMNS, lineterminator="\n").writerow(_history_row(section))
    with path.open("ab", buffering=0) as file:
        append_whole(file, (("" if content else header) + text.getvalue()).encode())
    return path


def save_history(folder: Path, section: Section) -> Path | None:
    """As `append_history`, but a fault is told on standard error, and does not spoil the run: then None."""
    try:
        return append_history(folder, section)
    except (RunError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"{folder / NAME} was not written: {reason}", file=sys.stderr)
        return None


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and value > 0]
    return float(f"{np.exp(np.mean(np.log(known))):.6g}") if known else None
