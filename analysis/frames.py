"""A run's folder as frames: the only module of the analysis that reads it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from records.export import read_journals
from records.journal import JournalView, Rows
from records.rows import DTYPE
from records.run import Entry, Manifest, StageStarted, read_timeline

_E = TypeVar("_E")
REQUEST_TYPE = "DELIVERY"


@dataclass(frozen=True)
class RunFrames:
    """All that was written of a run. `arrivals` is None where no receiver kept a journal for it."""

    manifest: Manifest
    timeline: list[Entry]
    attempts: Rows
    arrivals: Rows | None
    strays: int
    """Arrivals that belong to no stage of this run; they are not in `arrivals`."""
    torn: int
    """Rows that a killed process left half-written; they are in no frame."""
    locust_totals: dict[str, int] | None
    """Deliveries by Locust's own count and name; None if Locust wrote no statistics."""

    def entries(self, kind: type[_E]) -> list[_E]:
        return [entry for entry in self.timeline if isinstance(entry, kind)]


def load(folder: Path) -> RunFrames:
    """Read a run's folder. Raises RunError, JournalError or OSError that says which file is at fault."""
    manifest = Manifest.load(folder)
    attempts = read_journals(folder, "attempts")
    arrivals = read_journals(folder, "arrivals")
    anchor = attempts[0].header.anchor_ns if attempts else 0
    boot = attempts[0].header.boot if attempts else ""
    sent = _on_one_clock(attempts, boot, anchor)
    seen = _on_one_clock(arrivals, boot, anchor)
    timeline = list(read_timeline(folder))
    started = [entry.stage for entry in timeline if isinstance(entry, StageStarted)]
    at_home = np.isin(seen["stage"], started) & np.isin(seen["run"], np.unique(sent["run"]))
    ours = all(region.receiver for region in manifest.regions)
    return RunFrames(
        manifest=manifest,
        timeline=timeline,
        attempts=sent,
        arrivals=seen[at_home] if arrivals or ours else None,
        strays=int(np.count_nonzero(~at_home)),
        torn=sum(view.torn for view in (*attempts, *arrivals)),
        locust_totals=_locust_totals(folder / "locust_stats.csv"),
    )


def _on_one_clock(views: Sequence[JournalView], boot: str, anchor: int) -> Rows:
    """All rows, with times as the first sender's clock would have told them.

    Processes since one boot share the monotonic clock, so their wall clocks differ by their anchors alone.
    """
    parts = []
    for view in views:
        rows = np.array(view.rows)
        if shift := anchor - view.header.anchor_ns if view.header.boot == boot != "" else 0:
            for column in ("due", "start", "done"):
                rows[column] += np.where(rows[column] != 0, shift, 0)
        parts.append(rows)
    return np.concatenate(parts) if parts else np.empty(0, DTYPE)


def _locust_totals(path: Path) -> dict[str, int] | None:
    try:
        with path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["Type"] == REQUEST_TYPE]
        return {row["Name"]: int(row["Request Count"]) for row in rows}
    except (FileNotFoundError, KeyError, ValueError):
        return None
