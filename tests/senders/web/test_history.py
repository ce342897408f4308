"""What the tab's pictures show, made of two looks at a run's counts."""

from collections.abc import Iterator

import pytest

from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.master.live import Live, LiveLedger, LiveStage
from _hookswarm.senders.web.history import KEPT, History

STAGE = LiveStage(name="sustained", number=1, of=1, passed_s=1.0, length_s=10.0, share=0.1)


def live(due: int, acknowledged: int, errors: int = 0, run: str = "run-1", on: bool = True) -> Live:
    ledger = LiveLedger(
        due=due, acknowledged=acknowledged, failed=0, abandoned=0, waiting=0, in_flight=due - acknowledged, attempts=0
    )
    attempts = {"acknowledged": acknowledged, "rejected": errors}
    return Live(
        run=run, running=on, says="", stage=STAGE if on else None, faults=[], rows=[], attempts=attempts, arrived={},
        ledger=ledger,
    )  # fmt: skip


def told(latencies: dict[float, int]) -> list[CountedDeliveries]:
    return [CountedDeliveries("sustained", "eu", "nearest", sum(latencies.values()), 0, 0.0, latencies)]


@pytest.fixture
def history() -> History:
    """Of a clock that reads 2 s more each time."""
    return History(_seconds(100.0).__next__)


def _seconds(now: float) -> Iterator[float]:
    while True:
        yield now
        now += 2.0


def test_rates_and_latencies_are_those_between_two_looks(history: History) -> None:
    """Not those of the whole run."""
    history.look(live(100, 90, errors=5), told({1.0: 90}))
    history.look(live(150, 130, errors=9), told({1.0: 90, 20.0: 39, 500.0: 1}))
    (moment,) = history.moments
    assert (moment.at_s, moment.stage) == (2.0, "sustained")
    assert (moment.due_per_s, moment.acknowledged_per_s, moment.errors_per_s) == (25, 20, 2)
    assert (moment.p50_ms, moment.p99_ms) == (20.0, 500.0)


def test_an_outage_shows(history: History) -> None:
    """Nothing is acknowledged, and of no deliveries there is no latency."""
    history.look(live(100, 90), told({1.0: 90}))
    history.look(live(150, 90), told({1.0: 90}))
    (moment,) = history.moments
    assert (moment.acknowledged_per_s, moment.p50_ms, moment.p99_ms) == (0, None, None)


def test_another_run_begins_anew(history: History) -> None:
    """And what lies between two stages is no moment of either."""
    history.look(live(100, 90), [])
    history.look(live(120, 110), [])
    history.look(live(120, 120, on=False), [])
    assert len(history.moments) == 2
    history.look(live(130, 125), [])
    assert len(history.moments) == 2
    history.look(live(10, 5, run="run-2"), [])
    assert (history.run, list(history.moments)) == ("run-2", [])
    history.look(live(20, 15, run="run-2"), [])
    assert [moment.at_s for moment in history.moments] == [2.0]


def test_of_a_long_run_the_last_quarter_of_an_hour_is_kept(history: History) -> None:
    """The page asks for all of it every second."""
    for place in range(KEPT + 50):
        history.look(live(place, place), [])
    assert len(history.moments) == KEPT
    assert history.moments[-1].at_s == 2.0 * (KEPT + 49)
