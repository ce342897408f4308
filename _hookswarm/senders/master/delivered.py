"""What a service delivered of a stage, end to end, by the journals in the run's folder."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.journal import JournalError
from _hookswarm.records.piling import Ints, piles_up
from _hookswarm.records.reading import Rows, read_journal
from _hookswarm.records.rows import Flag, Outcome, latency_start_ns

Keys = npt.NDArray[np.uint64]


class Delivered(NamedTuple):
    """An event that goes to several endpoints is delivered when the last of them took it."""

    events: int
    failed: int
    """Those of them that were not accepted, or not taken."""
    p99_ms: float
    """From offered to taken; one that was not taken counts as long as it was waited for. 0 of none."""
    piled_up: bool


def delivered_of(folder: Path, number: int, clock: Clock, fan_out: int, until_ns: int) -> Delivered | None:
    """Of the stage of that number, whose last delivery was waited for until then. None: nothing tells it, because the
    journals are on other hosts.
    """
    both = _both_ends(folder, number, clock)
    if both is None:
        return None
    published, arrived = both
    accepted = published[published["outcome"] == Outcome.ACKNOWLEDGED]
    offered = latency_start_ns(accepted["due"], accepted["late"].astype(np.int64))
    at = _taken_at(_events(accepted), arrived, fan_out)
    failed = len(published) - int(np.count_nonzero(at))
    if not len(at):
        return Delivered(failed, failed, 0.0, piled_up=False)
    took_ms = (np.where(at == 0, until_ns, at) - offered) / 1e6
    p99_ms = round(float(np.quantile(took_ms, 0.99, method="inverted_cdf")), 3)
    return Delivered(len(published), failed, p99_ms, piles_up(offered, at, until_ns))


def missing_of(folder: Path, number: int, clock: Clock, fan_out: int) -> int | None:
    """How many events of that stage were accepted, and not taken by all their endpoints so far. None: as above."""
    both = _both_ends(folder, number, clock)
    if both is None:
        return None
    published, arrived = both
    events = np.unique(_events(published[published["outcome"] == Outcome.ACKNOWLEDGED]))
    return int(np.count_nonzero(_taken_at(events, arrived, fan_out) == 0))


def _both_ends(folder: Path, number: int, clock: Clock) -> tuple[Rows, Rows] | None:
    """What was published in a stage, and what arrived of it: of other runs a service may have such events, too."""
    published, arrived = _rows(folder, "attempts", number, clock), _rows(folder, "arrivals", number, clock)
    if published is None or arrived is None:
        return None
    return published, arrived[np.isin(arrived["run"], np.unique(published["run"]))]


def _events(rows: Rows) -> Keys:
    keys: Keys = rows["webhook"].astype(np.uint64) << np.uint64(32) | rows["sequence"]
    return keys


def _taken_at(events: Keys, arrived: Rows, fan_out: int) -> Ints:
    """When the last of each event's endpoints first took it; 0: not all did."""
    own = arrived["webhook"] // fan_out == (arrived["late"].astype(np.int64) - 1) // fan_out
    taken = arrived[own & (arrived["status"] // 100 == 2) & ((arrived["flags"] & Flag.BODILESS) == 0)]
    event, endpoint, start = _events(taken), taken["late"], taken["start"]
    order = np.lexsort((start, endpoint, event))
    event, endpoint, start = event[order], endpoint[order], start[order]
    first = np.ones(len(event), np.bool_)
    first[1:] = (event[1:] != event[:-1]) | (endpoint[1:] != endpoint[:-1])
    known, place, endpoints = np.unique(event[first], return_inverse=True, return_counts=True)
    if not len(known):
        return np.zeros(len(events), np.int64)
    last = np.zeros(len(known), np.int64)
    np.maximum.at(last, place, start[first])
    found = np.minimum(np.searchsorted(known, events), len(known) - 1)
    return np.where((known[found] == events) & (endpoints[found] >= fan_out), last[found], 0)


def _rows(folder: Path, kind: str, number: int, clock: Clock) -> Rows | None:
    """Rows of a stage, by this clock; None where some journal is not here, or is by another machine's clock."""
    parts = []
    for path in sorted(folder.glob(f"{kind}-*.journal")):
        try:
            view = read_journal(path)
        except JournalError:
            return None
        if view.header.boot != boot_id():
            return None
        rows = view.rows[view.rows["stage"] == number]
        for name in ("due", "start") if kind == "attempts" else ("start",):
            rows[name] += clock.anchor_ns - view.header.anchor_ns
        parts.append(rows)
    return np.concatenate(parts) if parts else None
