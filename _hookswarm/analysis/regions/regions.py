"""A stage by its regions: what each sent, to which, how fast it was acknowledged, and how far it went."""

from collections.abc import Iterator

import numpy as np

from _hookswarm.analysis.deliveries import figures, quantiles
from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Mask
from _hookswarm.analysis.regions.geography import Geographies, Geography, known_rtt_ms, trips_of
from _hookswarm.analysis.schema.base import Quantiles
from _hookswarm.analysis.schema.distribution import RegionOrigin, RegionPair, Regions, RegionTarget
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.reading import Rows, answered_status
from _hookswarm.records.rows import CODES, Outcome, latency_start_ns


class RegionsRecorder(Recorder):
    """Notes each stage's regions."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._geographies = Geographies(frames.manifest)
        self.found: list[Regions] = []

    def add(self, stage: PlayedStage) -> None:
        self.found.append(_regions_of(stage, self._geographies.of(self._frames.manifest.stages[stage.number])))

    def fill(self, sections: Sections) -> None:
        sections.performance.regions = self.found


def _regions_of(stage: PlayedStage, geography: Geography) -> Regions:
    return Regions(
        stage=stage.plan.name,
        scenario=stage.plan.scenario,
        pairs=list(_pairs(stage, geography)),
        origins=list(_origins(stage, geography)),
        targets=list(_targets(stage, geography)),
    )


def _pairs(stage: PlayedStage, geography: Geography) -> Iterator[RegionPair]:
    begin, end = stage.window
    rows, event = stage.delivered.attempts.rows, stage.delivered.attempts.event
    pair = rows["origin"].astype(np.int64) * CODES + rows["target"]
    sent, acknowledged = was_sent(rows), rows["outcome"] == Outcome.ACKNOWLEDGED
    answered = _answered(stage, sent)
    # An event counts by its first acknowledgement, as in the stage's throughput.
    counted = acknowledged & (rows["done"] == stage.delivered.acknowledged_ns[event])
    counted &= (rows["done"] >= begin) & (rows["done"] < end)
    for code in np.unique(pair[sent]).tolist():
        own = pair == code
        attempts, fine = int(np.count_nonzero(own & sent)), int(np.count_nonzero(own & acknowledged))
        timed = own & answered
        origin, target = divmod(code, CODES)
        yield RegionPair(
            origin=geography.name(origin),
            target=geography.name(target),
            attempts=attempts,
            acknowledged=fine,
            error_rate=round(1 - fine / attempts, 6),
            throughput_per_s=_rate(int(np.count_nonzero(own & counted)), end - begin),
            latency_ms=_latency_ms(rows, timed),
            rtt_ms=known_rtt_ms(geography.rtt_ms[origin, target]),
        )


def _answered(stage: PlayedStage, sent: Mask) -> Mask:
    """Which attempts, of what fell due in the window, had an answer."""
    rows, (begin, end) = stage.delivered.attempts.rows, stage.window
    due = latency_start_ns(rows["due"], rows["late"])
    answered: Mask = sent & (due >= begin) & (due < end) & (answered_status(rows) != 0)
    return answered


def _latency_ms(rows: Rows, mask: Mask) -> Quantiles:
    return quantiles.quantiles_of((rows["done"][mask] - rows["start"][mask]) / 1e6)


def _rate(count: int, window_ns: int) -> float | None:
    return round(count / window_ns * 1e9, 3) if window_ns > 0 else None


def _origins(stage: PlayedStage, geography: Geography) -> Iterator[RegionOrigin]:
    gathered = stage.delivered.attempts
    home = gathered.rows["origin"][gathered.first]
    attempts = trips_of(gathered.rows)
    for code in np.unique(home).tolist():
        events = stage.delivered.where(home == code)
        own = attempts.where(attempts.origin == code)
        yield RegionOrigin(
            origin=geography.name(code),
            due=len(events),
            error_rate=figures.error_rate(events),
            latency_ms=figures.latency(events, stage.window),
            attempts=len(own),
            cross_region_share=own.cross_region_share(geography),
            rtt_above_nearest_ms=own.rtt_above_nearest_ms(geography),
        )


def _targets(stage: PlayedStage, geography: Geography) -> Iterator[RegionTarget]:
    rows = stage.delivered.attempts.rows
    sent = was_sent(rows)
    answered, acknowledged = _answered(stage, sent), rows["outcome"] == Outcome.ACKNOWLEDGED
    counts = trips_of(rows).by_target().tolist()
    for code, attempts in enumerate(counts):
        if code < len(geography) or attempts:
            weight = known_rtt_ms(geography.weight[code])
            load = round(attempts / weight, 4) if weight else None
            own = rows["target"] == code
            fine = int(np.count_nonzero(own & sent & acknowledged))
            yield RegionTarget(
                target=geography.name(code),
                weight=weight,
                attempts=attempts,
                load=load,
                error_rate=round(1 - fine / attempts, 6) if attempts else None,
                latency_ms=_latency_ms(rows, own & answered),
            )
