"""A master that waits for its sending processes: what it says, and when it gives up."""

import itertools
import socket
import subprocess
import time

import pytest

from _hookswarm.senders.master.expecting import Expecting, listens_at, living_children


def _wait(*there: int, forked: bool = False, living: int = 2, limit_s: float = 0.5) -> tuple[str, list[str]]:
    """Two are wanted; so many are there at each look, and the run begins after the last."""
    said: list[str] = []
    come = iter(there)
    looks = itertools.count()
    expecting = Expecting(2, "here:5557", limit_s, forked, said.append)
    found = expecting.wait(lambda: next(come), lambda: living, lambda: next(looks) >= len(there))
    return found, said


def test_it_says_at_once_for_whom_it_waits_and_where() -> None:
    """How many are there, and how long it will wait; no more once they have come."""
    fault, said = _wait(0, 1, 2, limit_s=60)
    assert fault == ""
    assert said == ["waits for sending processes at here:5557: 0 of 2 sending processes are there; gives up in 60 s"]
    assert _wait(2) == ("", [])


def test_it_gives_up_in_time_and_says_what_to_do() -> None:
    """With the address, how many came, and the master of another project."""
    began = time.monotonic()
    fault, _ = _wait(*[1] * 10)
    assert 0.5 <= time.monotonic() - began < 1.5
    assert fault.startswith(
        "gave up after 0.5 s: 1 of 2 sending processes came to here:5557; see that they are started"
    )
    assert "docker compose stop master" in fault


def test_its_own_children_come_without_a_word_or_are_told_to_have_ended() -> None:
    """They come at once, or never."""
    assert _wait(0, 2, forked=True) == ("", [])
    fault, said = _wait(0, forked=True, living=1, limit_s=60)
    assert fault == "one of its own 2 sending processes ended before it was there: see what it printed"
    assert said == []


def test_one_that_comes_and_leaves_is_missed() -> None:
    """Before the run began: Locust would wait for it for ever."""
    assert _wait(2, 2, 1, 1, 1, 1)[0].startswith("gave up after 0.5 s: 1 of 2")
    assert "ended before it was there" in _wait(2, 1, forked=True, living=1)[0]


def test_children_that_ended_are_not_alive() -> None:
    """Also where nobody asked for their ends."""
    before = living_children()
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    assert living_children() == before + 1
    child.kill()
    time.sleep(0.2)
    assert living_children() == before
    child.communicate()


@pytest.mark.parametrize(
    ("host", "said"),
    [("127.0.0.1", "127.0.0.1:5557"), ("*", f"{socket.gethostname()}:5557 (every address of this host)")],
)
def test_where_it_listens(host: str, said: str) -> None:
    """One address, or all of this host's."""
    assert listens_at(host, 5557) == said
