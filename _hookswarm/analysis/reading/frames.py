"""A run's folder as frames: the only module of the analysis that reads it."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, TypeAdapter, ValidationError

from _hookswarm.analysis.reading import logs
from _hookswarm.analysis.reading.balanced import arrivals_by_region
from _hookswarm.analysis.reading.clocks import Clocks
from _hookswarm.analysis.reading.law import Law
from _hookswarm.analysis.reading.looks import Looks, read_looks
from _hookswarm.analysis.reading.no_run import OfNoRun, count_no_run, read_no_run
from _hookswarm.analysis.reading.replays import Replays
from _hookswarm.analysis.reading.rows import Keys, arrange_rows, take_rows
from _hookswarm.analysis.reading.through_service import delivered_rows, published_rows
from _hookswarm.common.plain import place_told
from _hookswarm.records import neighbours
from _hookswarm.records.journal import JournalError
from _hookswarm.records.manifest import MANIFEST, Manifest, RunError
from _hookswarm.records.reading import JournalView, Rows, read_journal
from _hookswarm.records.rows import BALANCED, CODES, Flag
from _hookswarm.records.timeline import (
    TIMELINE,
    Entry,
    RunEnded,
    StageEnded,
    StageOverloaded,
    StageStarted,
    read_timeline,
)

_E = TypeVar("_E")
REQUEST_TYPE = "DELIVERY"


class PlannedArrivals(BaseModel):
    """How events fall due. Of a `closed` loop they do when a worker is free, so no worker can be late."""

    kind: str


class PlannedClass(BaseModel):
    """Webhooks `first` to `first + count - 1`."""

    name: str
    first: int
    count: int
    faults: dict[str, Any] | None = None


class PlannedHealth(BaseModel):
    """How senders judge targets: by attempts that failed in a row, by probes in a row. Times in seconds."""

    failures: int | None = None
    probe_s: float | None = None
    probe_timeout_s: float | None = None
    fall: int | None = None


class PlannedDuplicate(BaseModel):
    """How every event was delivered a second time, on purpose."""

    kind: Literal["later", "at_once", "ack_lost", "interleaved"]
    after_s: float = 0.0
    times: int = 2


class PlannedStage(BaseModel):
    """What the analysis has to know of a planned stage; the manifest has all of it."""

    name: str
    scenario: str
    events: int | None
    duration_s: float | None
    warmup_s: float
    arrivals: PlannedArrivals
    webhooks: int = 1
    settle_s: float = 0
    retry: Law = Law()
    faults: dict[str, Any] | None = None
    incidents: list[dict[str, Any]] = []
    classes: list[PlannedClass] = []
    restart: str = ""
    """What of a delivery service was ended and started again; empty: nothing."""
    evidence: bool | None = None
    """It asks a delivery service for its manners: few events, most of which wait for retries."""
    limits: dict[str, Any] | None = None
    users: int | None = None
    timeout_s: float | None = None
    health: PlannedHealth | None = None
    duplicate: PlannedDuplicate | None = None

    @property
    def plans_faults(self) -> bool:
        """Whether something was to go wrong in it."""
        return bool(self.faults or self.incidents or self.restart or any(own.faults for own in self.classes))

    def may_fail(self, published: bool) -> bool:
        """Whether what was sent might fail by plan. `published`: to a delivery service, which takes events whatever our
        receivers answer, unless it was restarted, or was given again what it had.
        """
        return bool(self.restart or self.duplicate) if published else self.plans_faults


_PLAN = TypeAdapter(list[PlannedStage])


@dataclass(frozen=True)
class RunFrames:
    """All that was written of a run. `arrivals` is None where no receiver kept a journal for it.

    Rows are arranged: sorted by stage, event, attempt and time.
    """

    manifest: Manifest
    plan: list[PlannedStage]
    timeline: list[Entry]
    attempts: Rows
    arrivals: Rows | None
    watched: list[int]
    """Codes of the targets whose arrivals are in a journal of ours: a balancer's, too, if all regions' are."""
    strays: int
    """Arrivals that belong to no stage of this run; they are not in `arrivals`."""
    torn: int
    """Rows that a killed process left half-written; they are in no frame."""
    locust_totals: dict[str, int] | None
    """Deliveries by Locust's own count and name; None if Locust wrote no statistics."""
    resources: pd.DataFrame = field(default_factory=logs.no_samples)
    """psutil's samples of every process in the order of time: the log's columns, `process` and `role`."""
    damaged: list[str] = field(default_factory=list)
    """Journals of senders and receivers that cannot be read, and why: without them no books balance."""
    spoilt: list[str] = field(default_factory=list)
    """Logs that cannot be read, and why: what they would tell is unknown."""
    clock_uncertainty_ns: int = 0
    """Times of different hosts may be off by so much; 0 on one machine."""
    machine: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Samples of the machine that the senders' master ran on, with its number of `cores`; empty: there are none."""
    replayed: frozenset[int] = frozenset()
    """Numbers of the stages that were disturbed and played once more."""
    fsyncs: Sequence[Rows] = ()
    """By receiving process, when each fdatasync began and was done."""
    strangers: Mapping[str, int] = field(default_factory=dict)
    """Of the strays those that say which run they are of: how many, by its name; by its tag if it is not beside."""
    looks: Sequence[Looks] = ()
    """Of a service's deliveries, where receivers kept them: headers and connections, in the order of time."""
    of_no_run: OfNoRun = field(default_factory=OfNoRun)
    """Of `arrivals` those that came while their receiver knew of no run."""

    def entries(self, kind: type[_E]) -> list[_E]:
        """The timeline's entries of one kind, in the order in which they were written."""
        return [entry for entry in self.timeline if isinstance(entry, kind)]

    def stopped_stage(self) -> int | None:
        """The stage in which a run was stopped, by whatever: it met less than was planned. None: it ended in order."""
        ends = self.entries(RunEnded)
        if ends and not ends[-1].interrupted and not ends[-1].error:
            return None
        # By time: tries of a search, and replays, have numbers beyond those of the stages that follow them.
        started = self.entries(StageStarted)
        return started[-1].stage if started else None


def load_run(folder: Path) -> RunFrames:
    """Read a run's folder. Raises RunError, JournalError or OSError that says which file is at fault."""
    manifest = Manifest.load(folder)
    replays = Replays.settle(manifest)
    plan = _plan(manifest, folder)
    timeline = _timeline(folder, len(plan))
    damaged: list[str] = []
    spoilt: list[str] = []
    attempts = _journals(folder, "attempts", manifest.id, damaged)
    clock = Clocks(attempts[0].header if attempts else None, timeline)
    torn = sum(view.torn for view in attempts)
    sent = _on_one_clock(attempts, [view.rows for view in attempts], clock)
    del attempts  # what is mapped, and was read, is in memory
    arrivals = _journals(folder, "arrivals", manifest.id, damaged)
    torn += sum(view.torn for view in arrivals)
    regions = [region.name for region in manifest.regions]
    tags = np.unique(sent["run"])
    runless = read_no_run(folder, tags)
    views = [*arrivals, *runless]
    seen = _on_one_clock(views, [arrivals_by_region(view, regions) for view in views], clock)
    started = [entry.stage for entry in timeline if isinstance(entry, StageStarted)]
    if manifest.service:
        sent = published_rows(sent, manifest.service, len(regions))
        begun = [(entry.at_ns, entry.stage) for entry in timeline if isinstance(entry, StageStarted)]
        seen = delivered_rows(seen, manifest.service, begun, tags)
    tagged, known = (seen["flags"] & Flag.FOREIGN) == 0, np.isin(seen["run"], tags)
    at_home = np.isin(seen["stage"], started) & known & tagged
    ended_ns = max((entry.at_ns for entry in timeline if isinstance(entry, StageEnded)), default=0)
    watched = [code for code, region in enumerate(manifest.regions) if region.receiver]
    totals = _locust_totals(folder / "locust_stats.csv")
    if len(watched) == len(regions):
        watched += range(BALANCED, CODES)  # whichever region a balancer chose
    return RunFrames(
        manifest=manifest,
        plan=plan,
        timeline=timeline,
        attempts=sent,
        arrivals=(seen if at_home.all() else take_rows(seen, at_home)) if views or watched else None,
        watched=watched,
        strays=int(np.count_nonzero(~at_home)),
        strangers=_strangers(folder, manifest.id, seen["run"][tagged & ~known]),
        looks=read_looks(folder, tags, spoilt) if manifest.service else (),
        of_no_run=count_no_run(runless, clock, ended_ns, sent),
        torn=torn,
        damaged=damaged,
        spoilt=spoilt,
        locust_totals=None if totals is None else replays.totals(totals),
        replayed=replays.first,
        resources=logs.read_resources(folder, clock, spoilt),
        machine=logs.read_machine(folder, clock, spoilt),
        clock_uncertainty_ns=max([clock.uncertainty_ns, *(host.uncertainty_ns for host in manifest.hosts)]),
        fsyncs=[
            arrange_rows([view.rows], [clock.shift(view.header)])
            for view in _journals(folder, "fsyncs", manifest.id, spoilt)
        ],
    )


def _plan(manifest: Manifest, folder: Path) -> list[PlannedStage]:
    try:
        return _PLAN.validate_python(manifest.stages)
    except ValidationError as error:
        raise RunError(
            f"{folder / MANIFEST} is damaged (at stages{place_told(error.errors()[0]['loc'])}): name another run"
        ) from None


def _timeline(folder: Path, stages: int) -> list[Entry]:
    timeline = list(read_timeline(folder))
    for entry in timeline:
        if isinstance(entry, StageStarted | StageOverloaded | StageEnded) and not 0 <= entry.stage < stages:
            raise RunError(f"{folder / TIMELINE}: stage {entry.stage} is not in the plan of {stages}: name another run")
    return timeline


def _journals(folder: Path, kind: str, run: str, damaged: list[str]) -> list[JournalView]:
    """Those that can be read; what is wrong with the others goes to `damaged`."""
    views = []
    for path in sorted(folder.glob(f"{kind}-*.journal")):
        try:
            view = read_journal(path)
        except JournalError as error:
            damaged.append(str(error))
            continue
        if (view.header.kind, view.header.run) == (kind, run):
            views.append(view)
        else:
            damaged.append(f"{path}: it holds {view.header.kind} of run {view.header.run}")
    return views


def _strangers(folder: Path, run: str, tags: Keys) -> dict[str, int]:
    """How many rows are of which other run."""
    if not len(tags):
        return {}
    names = neighbours.runs_by_tag(folder)
    codes, counts = np.unique(tags, return_counts=True)
    found = {
        names.get(code, f"tag {code:08x}"): count for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
    }
    return {name: count for name, count in found.items() if name != run}


def _on_one_clock(views: Sequence[JournalView], rows: Sequence[Rows], clock: Clocks) -> Rows:
    """All rows, arranged, with times by the senders' clock."""
    return arrange_rows(rows, [clock.shift(view.header) for view in views])


def _locust_totals(path: Path) -> dict[str, int] | None:
    try:
        with path.open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["Type"] == REQUEST_TYPE]
        return {row["Name"]: int(row["Request Count"]) for row in rows}
    except (FileNotFoundError, KeyError, TypeError, ValueError, csv.Error):
        return None
