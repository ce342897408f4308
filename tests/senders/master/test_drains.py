"""How long a run waits after a stage for what a service still has."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from _hookswarm.protocol.faults import Faults
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import Header, Journal
from _hookswarm.records.rows import Flag, Outcome, pack_row
from _hookswarm.records.timeline import ServiceDrained, Timeline
from _hookswarm.senders.master.drains import Drains
from _hookswarm.senders.master.ending import Ending
from _hookswarm.senders.master.patience import FULL, Waits
from _hookswarm.senders.plan.stages import Stage
from tests.senders.plan.test_plan import settings

CLOCK = Clock()
KINDS = ("attempts", "arrivals")
PLAIN = Stage("plain", users=1)
FAILING = Stage("failing", users=1, faults=Faults({503: 1.0}))
TABLE = """
drain_s = 1.2
addresses = { api = "http://127.0.0.1:1" }
publish = { request = "POST {api}/events", body = "{payload}" }
"""


class Counted:
    """What was accepted, and what our receivers took, so far."""

    accepted = taken = 0

    def outcomes(self) -> dict[Outcome, int]:
        return {Outcome.ACKNOWLEDGED: self.accepted}

    def arrived(self) -> dict[str, int]:
        return {"local": self.taken}


def draining(folder: Path, waits: Waits) -> Any:
    """The drain of a stage after which so many were accepted and taken in all."""
    path = folder / "own.toml"
    path.write_text(TABLE)
    counted: Any = Counted()
    told, timeline = settings(folder, "--service", str(path)), Timeline(folder)
    own = Drains(told, timeline, folder, counted, counted, Ending(), CLOCK, print, waits)

    def after(stage: Stage, accepted: int, taken: int) -> ServiceDrained:
        counted.accepted, counted.taken = accepted, taken
        return own.wait(0, stage, 1)

    return SimpleNamespace(after=after)


@pytest.fixture
def drained(tmp_path: Path) -> Any:
    """As in the full form of a test, but for the longest that it takes."""
    return draining(tmp_path, replace(FULL, longest_s=3.0))


def test_what_was_given_up_may_come_after_the_next_stage(drained: Any) -> None:
    """Its endpoint fails no longer: more arrive than are expected, and nothing is waited for."""
    given_up = drained.after(FAILING, accepted=10, taken=7)
    assert (given_up.expected, given_up.settled) == (10, True)
    late = drained.after(PLAIN, accepted=20, taken=19)
    assert (late.expected, late.settled) == (17, True)
    assert late.waited_s < 1 < given_up.waited_s
    assert drained.after(PLAIN, accepted=30, taken=29).expected == 29


def test_what_comes_twice_hides_nothing(drained: Any) -> None:
    """More than anything explains: what is missing may yet come, and is waited for as long as something moves."""
    assert drained.after(PLAIN, accepted=10, taken=12).waited_s > 1


@pytest.mark.parametrize(("sequences", "waits"), [((0, 1, 2), False), ((0, 1, 1), True)])
def test_one_that_comes_twice_does_not_stand_for_another(
    drained: Any, tmp_path: Path, sequences: tuple[int, ...], waits: bool
) -> None:
    """As many arrived as are expected: the journals tell whether each did, also where something was planned to fail."""
    sent, seen = (Journal(tmp_path / f"{kind}-p.journal", Header(kind, "run", "p", CLOCK.anchor_ns)) for kind in KINDS)
    for sequence in range(3):
        sent.append(pack_row(sequence=sequence, outcome=Outcome.ACKNOWLEDGED, run=1, flags=Flag.WRITTEN))
    for sequence in sequences:
        seen.append(pack_row(sequence=sequence, start=1, status=204, late=1, run=1, flags=Flag.WRITTEN | Flag.SERVED))
    found = drained.after(FAILING, accepted=3, taken=3)
    assert (found.settled, found.waited_s > 1) == (True, waits)


def test_what_is_waited_for_is_of_the_stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not of the whole run."""
    drained = draining(tmp_path, replace(FULL, longest_s=3.0, told_s=0.2))
    drained.after(PLAIN, accepted=1000, taken=1000)
    drained.after(FAILING, accepted=1020, taken=1017)
    assert ": waits for 3 of 20 accepted deliveries; nothing moved for" in capsys.readouterr().out


def test_who_waits_for_what_doubles_hide_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not for a negative number of them, nor that it was given too much."""
    draining(tmp_path, replace(FULL, longest_s=0.5)).after(PLAIN, accepted=10, taken=12)
    told = "waits no longer for some of 10 accepted deliveries; the report tells what is missing, and what came twice"
    assert told in capsys.readouterr().out
