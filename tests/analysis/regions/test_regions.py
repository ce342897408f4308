"""Regions: attempts whose figures are known to the digit."""

from typing import Any

import pytest

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.regions import regions
from _hookswarm.analysis.schema.distribution import RegionOrigin, RegionPair, Regions
from _hookswarm.records.manifest import RegionRecord
from _hookswarm.records.rows import Outcome
from tests.support.distributed import WORLD
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run

EAST, WEST, SOUTH = range(3)


def found(rows: list[Row], world: dict[str, Any] = WORLD, **plan: Any) -> Regions:
    """What is said of a run's only stage, ten seconds long."""
    frames = run(rows, stages=[planned(**plan)], **world)
    recorder = regions.RegionsRecorder(frames)
    stages.stage_figures(frames, recorder.add)
    (only,) = recorder.found
    return only


def trip(n: int, origin: int, target: int, took_ms: int = 1, at_s: float = 0, **fields: int) -> Row:
    due = START + round(at_s * SECOND)
    return attempt(n, due=due, origin=origin, target=target, **({"done": due + took_ms * MS} | fields))


def failed(n: int, origin: int, target: int, **fields: int) -> Row:
    return trip(n, origin, target, outcome=Outcome.REJECTED, **fields)


def pair(of: Regions, origin: str, target: str) -> RegionPair:
    (only,) = (one for one in of.pairs if (one.origin, one.target) == (origin, target))
    return only


def origin(of: Regions, name: str) -> RegionOrigin:
    (only,) = (one for one in of.origins if one.origin == name)
    return only


def test_each_pair_has_its_own_figures() -> None:
    """Attempts, those acknowledged, the share of the others, throughput, latencies and the table's round trip."""
    rows = [trip(n, EAST, WEST, took_ms=20 + n) for n in range(10)]
    rows += [failed(n, EAST, SOUTH, took_ms=150) for n in range(10, 13)] + [trip(13, EAST, SOUTH, took_ms=110)]
    rows += [trip(14, WEST, EAST, took_ms=30)]
    of = found(rows)
    assert [(one.origin, one.target) for one in of.pairs] == [("east", "west"), ("east", "south"), ("west", "east")]
    west = pair(of, "east", "west")
    assert (west.attempts, west.acknowledged, west.error_rate, west.throughput_per_s) == (10, 10, 0, 1)
    assert (west.latency_ms.count, west.latency_ms.p50, west.latency_ms.max, west.rtt_ms) == (10, 24, 29, 20)
    south = pair(of, "east", "south")
    assert (south.attempts, south.acknowledged, south.error_rate, south.throughput_per_s) == (4, 1, 0.75, 0.1)
    assert (south.latency_ms.count, south.latency_ms.p50, south.rtt_ms) == (4, 150, 100)
    assert pair(of, "west", "east").rtt_ms == 20


def test_a_retry_elsewhere() -> None:
    """Each attempt counts where it went, the event where it came from; what acknowledged it, and nothing else, has
    its throughput."""
    rows = [failed(0, EAST, WEST), trip(0, EAST, SOUTH, took_ms=90, attempt=2), trip(1, EAST, EAST, took_ms=3)]
    of = found(rows)
    assert [one.attempts for one in of.pairs] == [1, 1, 1]
    assert [one.throughput_per_s for one in of.pairs] == [0.1, 0, 0.1]
    east = origin(of, "east")
    assert (east.due, east.attempts, east.error_rate) == (2, 3, 0)
    assert (east.latency_ms.p50, east.latency_ms.max) == (3, 90)


def test_only_the_window_has_rates_and_latencies() -> None:
    """What fell due in the warm-up, or was acknowledged in the drain, counts as attempts and deliveries alone."""
    early, inside = trip(0, EAST, WEST, took_ms=500), trip(1, EAST, WEST, took_ms=40, at_s=5)
    drained = trip(2, EAST, WEST, took_ms=3_000, at_s=11)
    of = found([early, inside, drained], warmup_s=2.0, duration_s=10.0)
    west, east = pair(of, "east", "west"), origin(of, "east")
    assert (west.attempts, west.acknowledged, west.throughput_per_s) == (3, 3, 0.1)
    assert (west.latency_ms.count, west.latency_ms.p50, west.latency_ms.max) == (2, 40, 3_000)
    assert (east.due, east.latency_ms.count, east.latency_ms.p50) == (3, 2, 40)


def test_pairs_add_up_to_the_stage() -> None:
    """Attempts and throughput of all pairs are the stage's; events of all origins, too."""
    rows = [
        trip(n, n % 3, n % 2, took_ms=n, at_s=n / 5, outcome=(Outcome.ACKNOWLEDGED, Outcome.RESET)[n % 4 == 0])
        for n in range(50)
    ]
    frames = run(rows, stages=[planned()], **WORLD)
    recorder = regions.RegionsRecorder(frames)
    (stage,) = stages.stage_figures(frames, recorder.add)
    (of,) = recorder.found
    assert sum(one.attempts for one in of.pairs) == sum(one.attempts for one in of.targets) == stage.attempts.total
    assert sum(one.throughput_per_s or 0 for one in of.pairs) == pytest.approx(stage.throughput_per_s)
    assert sum(one.due for one in of.origins) == stage.deliveries.due
    assert sum(one.latency_ms.count for one in of.origins) == stage.latency_ms.delivery.count


def test_how_far_an_origin_s_attempts_went() -> None:
    """From east the way west is 19 ms longer than to itself, south 99: of one, two and one attempts the mean is
    (0 + 2 * 19 + 99) / 4, and three of four crossed."""
    of = found([trip(n, EAST, target) for n, target in enumerate((EAST, WEST, WEST, SOUTH))])
    east = origin(of, "east")
    assert (east.cross_region_share, east.rtt_above_nearest_ms) == (0.75, 34.25)


def test_the_nearest_may_be_another_region() -> None:
    """An origin that is no near target of its own crosses when it goes beyond the nearest."""
    links = WORLD["links"].model_copy(update={"rtt_ms": [[50.0, 20.0, 100.0], *WORLD["links"].rtt_ms[1:]]})
    of = found([trip(n, EAST, target) for n, target in enumerate((EAST, EAST, WEST))], WORLD | {"links": links})
    assert (origin(of, "east").cross_region_share, origin(of, "east").rtt_above_nearest_ms) == (0.666667, 20)


def test_foreign_targets_have_no_round_trips() -> None:
    """Without a table they are null, and an attempt crosses that goes to any but its own region."""
    of = found([trip(0, EAST, EAST), trip(1, EAST, WEST), trip(2, EAST, WEST)], WORLD | {"links": None})
    assert [one.rtt_ms for one in of.pairs] == [None, None]
    assert (origin(of, "east").cross_region_share, origin(of, "east").rtt_above_nearest_ms) == (0.666667, None)


def test_load_by_what_a_region_can_take() -> None:
    """Attempts by weight, of every region of the run; one that can take nothing has no load."""
    rows = [trip(n, EAST, target) for n, target in enumerate([WEST] * 3 + [SOUTH] * 8)]
    of = found(rows)
    told = [(one.target, one.weight, one.attempts, one.load) for one in of.targets]
    assert told == [("east", 1, 0, 0), ("west", 1, 3, 3), ("south", 2, 8, 4)]
    drained = [RegionRecord(name=name, url="http://x.test/", receiver=False, weight=0) for name in ("e", "w", "s")]
    assert [one.load for one in found(rows, WORLD | {"regions": drained}).targets] == [None, None, None]


def test_a_region_that_the_run_does_not_know() -> None:
    """It is told by its code, with what can be known of it."""
    of = found([trip(0, EAST, 9), trip(1, 9, EAST)])
    assert [(one.origin, one.target, one.rtt_ms) for one in of.pairs] == [
        ("east", "region 9", None),
        ("region 9", "east", None),
    ]
    assert (of.targets[-1].target, of.targets[-1].attempts, of.targets[-1].load) == ("region 9", 1, None)


def test_what_was_never_sent_went_nowhere() -> None:
    """An abandoned event is its origin's, and no attempt."""
    of = found([trip(0, WEST, EAST), attempt(1, origin=WEST, target=SOUTH, outcome=Outcome.ABANDONED)])
    assert [(one.origin, one.target) for one in of.pairs] == [("west", "east")]
    assert (origin(of, "west").due, origin(of, "west").attempts, origin(of, "west").error_rate) == (2, 1, 0.5)
    nothing = found([attempt(1, origin=WEST, outcome=Outcome.ABANDONED)])
    assert (nothing.pairs, nothing.origins[0].cross_region_share) == ([], None)
    assert found([]).origins == []
