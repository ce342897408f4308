"""Strategies of load balancing side by side, over the same arrivals and faults, and ranked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.deliveries import quantiles
from _hookswarm.analysis.deliveries.deliveries import State, was_sent
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Ints, Mask, take_rows
from _hookswarm.analysis.regions import ranking
from _hookswarm.analysis.regions.geography import Floats, Geographies, Geography, Trips, known_together, trips_of
from _hookswarm.analysis.regions.ranking import OBJECTIVE, Ranked
from _hookswarm.analysis.regions.receiver_outages import ReceiverLogs
from _hookswarm.analysis.regions.resampling import Sample, Slices, total
from _hookswarm.analysis.schema.distribution import Strategies, Strategy
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.timeline import IncidentPlayed

SLICES = 15
"""Of a phase: the time without an incident is one, that of incidents the other."""
ON_TIME_MS = 1_000.0
"""An event is on time if it is acknowledged so soon, unless the plan says otherwise (`on_time_ms` of a stage)."""


@dataclass(frozen=True)
class _Tally:
    """What adds up over the repeats of a strategy."""

    window_s: float
    events: int
    on_time: int
    sent: int
    """Events that had an attempt."""
    during: int
    """Attempts that began while an incident was on, from origins that noticed it."""
    degraded: int
    """Those of them to a region that it befell."""


@dataclass(frozen=True)
class _Kept:
    """What is kept of a stage."""

    tally: _Tally
    latency_ms: Floats
    """Of each event that fell due in the window; infinite if it was never acknowledged."""
    slices: npt.NDArray[np.uint8]
    trips: Trips


APART = ("name", "strategy", "repeat", "replay_of")
"""In which stages that are compared may differ."""


class StrategiesRecorder(Recorder):
    """Keeps what the comparison needs of the stages."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._plans = frames.manifest.stages
        self._geographies = Geographies(frames.manifest)
        self._incidents = frames.entries(IncidentPlayed)
        self._groups = _comparable_groups(self._plans)
        self._wanted = {number for group in self._groups for number in group} - {frames.stopped_stage()}
        self._kept: dict[int, _Kept] = {}
        self._receivers = ReceiverLogs(frames)
        self._hit: set[int] = set()
        """Stages in which a receiver of ours was out though nobody had planned it: they met more than the others."""

    def add(self, stage: PlayedStage) -> None:
        if stage.number not in self._wanted:
            return
        if self._receivers.of(stage):
            self._hit.add(stage.number)
        else:
            incidents = [entry for entry in self._incidents if entry.stage == stage.number]
            self._kept[stage.number] = _keep_slices(stage, incidents, on_time_ms(self._plans[stage.number]))

    def fill(self, sections: Sections) -> None:
        sections.performance.strategies = self.compared()

    def compared(self) -> list[Strategies]:
        """The comparisons, in the order of the plan."""
        return [one for one in map(self._compare, self._groups) if one]

    def _compare(self, group: Sequence[int]) -> Strategies | None:
        table = _repeats(self._plans, [number for number in group if number in self._kept])
        table = {name: own for name, own in table.items() if all(len(self._kept[n].slices) for n in own)}
        if len(table) < 2:
            return None
        played = {name: [self._kept[number] for number in own] for name, own in table.items()}
        samples, counts = paired(played)
        ranked = ranking.rank_strategies(samples, counts)
        plan = self._plans[group[0]]
        return Strategies(
            scenario=plan["scenario"],
            stages=[self._plans[number]["name"] for number in sorted(n for own in table.values() for n in own)],
            repeats=len(counts),
            objective=OBJECTIVE,
            on_time_ms=on_time_ms(plan),
            method=ranked.method,
            strategies=[_figures(one, played[one.strategy], self._geographies.of(plan)) for one in ranked.order],
            differences=ranked.differences,
            left_out=[self._plans[number]["name"] for number in group if number in self._hit],
        )


def on_time_ms(plan: Mapping[str, Any]) -> float:
    """Within how much time, from due to acknowledged, an event of this stage is on time."""
    return float(plan.get("on_time_ms") or ON_TIME_MS)


def _comparable_groups(plans: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Stages, by number, that differ in what is APART alone; where there is more than one strategy."""
    found: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        if plan.get("strategy"):
            alike = {key: value for key, value in plan.items() if key not in APART}
            found.setdefault(json.dumps(alike, sort_keys=True, default=str), []).append(number)
    return [group for group in found.values() if len({plans[number]["strategy"] for number in group}) > 1]


def _repeats(plans: Sequence[Mapping[str, Any]], group: Sequence[int]) -> dict[str, list[int]]:
    """The stages of each strategy, by repeat; of those repeats that all of them have."""
    found: dict[str, dict[int, int]] = {}
    for number in group:
        found.setdefault(plans[number]["strategy"], {})[plans[number].get("repeat", 1)] = number
    shared = sorted(set.intersection(*(set(own) for own in found.values()))) if found else []
    return {name: [own[repeat] for repeat in shared] for name, own in found.items()} if shared else {}


def _keep_slices(stage: PlayedStage, incidents: Sequence[IncidentPlayed], on_time: float) -> _Kept:
    begin, end = stage.window
    gathered = stage.delivered.attempts
    counted: Mask = (stage.delivered.due_ns >= begin) & (stage.delivered.due_ns < end)
    events = stage.delivered.where(counted)
    rows = take_rows(gathered.rows, counted[gathered.event] & was_sent(gathered.rows))
    latency_ms = np.where(events.state == State.ACKNOWLEDGED, (events.acknowledged_ns - events.due_ns) / 1e6, np.inf)
    during, degraded = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    for incident in incidents:
        noticed = (rows["start"] >= incident.at_ns) & (rows["start"] < incident.until_ns)
        noticed &= np.isin(rows["origin"], incident.origins)
        during |= noticed
        degraded |= noticed & np.isin(rows["target"], incident.regions)
    tally = _Tally(
        window_s=(end - begin) / 1e9,
        events=len(events),
        on_time=int(np.count_nonzero(latency_ms <= on_time)),
        sent=int(np.count_nonzero(events.sent)),
        during=int(np.count_nonzero(during)),
        degraded=int(np.count_nonzero(degraded)),
    )
    return _Kept(tally, latency_ms, _slices(events.due_ns, incidents), trips_of(rows))


def _slices(due: Ints, incidents: Sequence[IncidentPlayed]) -> npt.NDArray[np.uint8]:
    """Each phase cut into parts of equally many events, in the order of their due times: the same for all strategies.

    Slices below SLICES are of the time without an incident, the others of incidents.
    """
    hit = np.zeros(len(due), np.bool_)
    for incident in incidents:
        hit |= (due >= incident.at_ns) & (due < incident.until_ns)
    found = np.zeros(len(due), np.uint8)
    for phase, inside in enumerate((~hit, hit)):
        events = np.flatnonzero(inside)
        in_turn = events[np.argsort(due[events], kind="stable")]
        found[in_turn] = phase * SLICES + np.arange(len(events)) * SLICES // max(1, len(events))
    return found


def paired(played: Mapping[str, Sequence[_Kept]]) -> tuple[dict[str, Sample], list[list[int]]]:
    """The strategies' events in slices numbered through all repeats, and how many those are, by repeat and phase.

    A slice in which no strategy had an event is none.
    """
    counts: list[list[int]] = []
    slices: dict[str, list[Slices]] = {name: [] for name in played}
    for repeat in range(min(map(len, played.values()))):
        used = np.unique(np.concatenate([own[repeat].slices for own in played.values()]))
        for name, own in played.items():
            slices[name].append(np.searchsorted(used, own[repeat].slices) + total(counts))
        calm = int(np.count_nonzero(used < SLICES))
        counts.append([phase for phase in (calm, len(used) - calm) if phase])
    samples = {
        name: Sample(np.concatenate([kept.latency_ms for kept in own]), np.concatenate(slices[name]))
        for name, own in played.items()
    }
    return samples, counts


def _figures(ranked: Ranked, played: Sequence[_Kept], geography: Geography) -> Strategy:
    tally = _Tally(*(sum(getattr(kept.tally, column.name) for kept in played) for column in fields(_Tally)))
    latency_ms = np.concatenate([kept.latency_ms for kept in played])
    latency = quantiles.quantiles_of(latency_ms[np.isfinite(latency_ms)])
    went = known_together([kept.trips for kept in played])
    load = _load(went, geography)
    return Strategy(
        strategy=ranked.strategy,
        rank=ranked.rank,
        objective_ms=round(ranked.objective_ms, 4) if np.isfinite(ranked.objective_ms) else None,
        events=tally.events,
        p50_ms=latency.p50,
        p99_ms=latency.p99,
        p999_ms=latency.p999,
        error_rate=round(1 - latency.count / tally.events, 6) if tally.events else None,
        goodput_per_s=round(tally.on_time / tally.window_s, 3) if tally.window_s else None,
        amplification=round(len(went) / tally.sent, 4) if tally.sent else None,
        jain=jain(load),
        peak_to_mean=round(float(load.max() / load.mean()), 4) if load.any() else None,
        cross_region_share=went.cross_region_share(geography),
        rtt_above_nearest_ms=went.rtt_above_nearest_ms(geography),
        degraded_share=round(tally.degraded / tally.during, 6) if tally.during else None,
    )


def _load(went: Trips, geography: Geography) -> Floats:
    """Attempts / weight, of each region of the run that can take any."""
    able = geography.weight > 0
    load: Floats = went.by_target()[able] / geography.weight[able]
    return load


def jain(load: Floats) -> float | None:
    """(sum x)^2 / (n sum x^2): Jain, Chiu and Hawe, DEC-TR-301, 1984. 1 if all are alike, 1 / n if one has it all."""
    squares = len(load) * float(load @ load)
    return round(float(load.sum()) ** 2 / squares, 6) if squares else None
