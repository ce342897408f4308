"""What the master tells receivers, over their real control API."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from _hookswarm.protocol.faults import FaultOrder, Faults
from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.protocol.outage import Outage, OutageSeen
from _hookswarm.protocol.regions import Region
from _hookswarm.protocol.setup import Setup
from _hookswarm.records.clock import Clock
from _hookswarm.senders.master.control import Controls
from tests.support.obedient import Obedient, obeying
from tests.support.receivers import TOKEN

SECOND = 1_000_000_000
AHEAD_NS = 3 * SECOND
BUSY = FaultOrder(Faults(status={503: 0.5}, seed=7), begin_ns=10 * SECOND, end_ns=20 * SECOND)
NONE = FaultOrder()


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Controls, Obedient, Obedient]]:
    """The master's side of two; the clock of the second is three seconds ahead of ours. And what each was told."""
    monkeypatch.setenv("HOOKSWARM_TOKEN", TOKEN)
    ours = Clock()
    theirs = Clock(ours.anchor_ns + AHEAD_NS)
    with obeying("near", ours) as (near, told_near), obeying("ahead", theirs) as (ahead, told_ahead):
        controls = Controls([near, Region(name="foreign", url="http://127.0.0.1:1/"), ahead])
        offsets = {read.region: (read.offset_ns, read.uncertainty_ns) for read in controls.read_clocks(ours)}
        assert offsets == {"near": (0, 0), "ahead": (AHEAD_NS, 0)}
        yield controls, told_near, told_ahead


def test_faults_hold_by_each_receivers_clock(receivers: tuple[Controls, Obedient, Obedient]) -> None:
    """An instant is told by the clock of who is to keep it; what has no instant is told as it is."""
    controls, near, ahead = receivers
    controls.set_faults(BUSY)
    assert near.told == [BUSY]
    assert ahead.told == [replace(BUSY, begin_ns=13 * SECOND, end_ns=23 * SECOND)]
    open_ended = replace(BUSY, begin_ns=None, end_ns=None)
    controls.befall(2, open_ended)
    assert (len(near.told), ahead.told[-1]) == (1, open_ended)


def test_an_outage_is_by_the_regions_clock_and_told_back_by_ours(
    receivers: tuple[Controls, Obedient, Obedient],
) -> None:
    """It befalls the one region that is meant, and is waited for until it is over."""
    controls, near, ahead = receivers
    controls.set_outage(2, Outage("refused", 10 * SECOND, 11 * SECOND))
    assert (near.told, ahead.told) == ([], [Outage("refused", 13 * SECOND, 14 * SECOND)])
    begun_ns = 13 * SECOND + 5
    ahead.seen = [OutageSeen(), OutageSeen(begun_ns), OutageSeen(begun_ns, 15 * SECOND)]
    assert controls.await_outage(2) == (10 * SECOND + 5, 12 * SECOND)


def test_faults_are_ended_where_there_were_some(receivers: tuple[Controls, Obedient, Obedient]) -> None:
    """A stage without faults tells nothing, but to end those of the one before, also where those befell one region."""
    controls, near, ahead = receivers
    controls.set_faults(NONE)
    assert near.told == []
    controls.set_faults(BUSY)
    controls.set_faults(NONE)
    controls.set_faults(NONE)
    assert near.told == [BUSY, NONE]
    controls.befall(2, BUSY)
    controls.set_faults(NONE)
    assert near.told == [BUSY, NONE, NONE]
    assert ahead.told[-1] == NONE


def test_receivers_are_set_up_when_that_changes(receivers: tuple[Controls, Obedient, Obedient]) -> None:
    """Stages that ask for the same need no restart; after the run all is as it was, and no run is on."""
    controls, near, ahead = receivers
    controls.set_up(Setup())
    assert near.told == []
    for workers in (2, 2, 3):
        controls.set_up(Setup(workers=workers))
    controls.rest()
    assert near.told == ahead.told == [Setup(workers=2), Setup(workers=3), "rest"]
    controls.release()
    assert near.told[3:] == ahead.told[3:] == [NO_RUN, Setup()]


def test_who_does_not_say_what_arrived_is_left_out(receivers: tuple[Controls, Obedient, Obedient]) -> None:
    """Somebody only watches: that is no reason to fail."""
    controls, near, _ = receivers
    assert controls.arrived() == {"near": 3, "ahead": 3}
    near.stats_of_run = {"arrivals": "many"}
    assert controls.arrived() == {"ahead": 3}
    near.stats_of_run = {}
    assert controls.arrived() == {"ahead": 3}
    controls.release()
    assert controls.arrived() == {}
