"""Events that are delivered twice on purpose: when the second time is, and which plans have them."""

from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.arrivals import Closed, Constant
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.plan import Plan, make_plan
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.stages import Limits, Stage, from_plain, named, to_plain
from tests.senders.plan.test_plan import settings

LATER = Stage("later", events=10, duplicate=Duplicate("later"))
ACK_LOST = Stage("ack lost", events=10, duplicate=Duplicate("ack_lost"))
TWICE = (LATER, ACK_LOST)


def test_an_interleaved_repeat_waits_for_newer_events() -> None:
    """At any rate some fall due in between; other repeats come when they are planned."""
    interleaved = Duplicate("interleaved", after_s=0.5)
    assert interleaved.pause_s(Constant(100)) == 0.5
    assert interleaved.pause_s(Constant(2)) == 1.5
    assert interleaved.pause_s(Closed()) == 0.5
    assert replace(interleaved, kind="later").pause_s(Constant(2)) == 0.5


def test_without_an_observer_nobody_could_tell(tmp_path: Path) -> None:
    """The stages are left out, with what they need."""
    plan = make_plan((Stage("plain", events=1), *TWICE), settings(tmp_path))
    assert [stage.name for stage in plan.stages] == ["plain"]
    assert set(plan.left_out.values()) == {"to know how many effects there are (--observe URL|COMMAND)"}
    observed = settings(tmp_path, "--observe", "echo 0", "--target", "http://127.0.0.1:9/")
    assert make_plan(TWICE, observed) == Plan(named(TWICE), {})


def test_httpx_breaks_nothing_off(tmp_path: Path) -> None:
    """Its connections are not ours to break."""
    plan = make_plan(TWICE, settings(tmp_path, "--observe", "echo 0", "--transport", "httpx"))
    assert plan.left_out == {"ack lost": "--transport wire, to break connections off"}


def test_an_impossible_one_is_refused(tmp_path: Path) -> None:
    """Every fault at once."""
    one = Duplicate("interleaved", times=3)
    stage = replace(
        LATER, duplicate=one, retry=RetryLaw(retries=1), limits=Limits(), arrivals=Constant(1), duration_s=1
    )
    with pytest.raises(ConfigError) as caught:
        make_plan((stage,), settings(tmp_path, "--observe", "echo 0"))
    assert caught.value.faults == (
        "stage 'later': deliveries that are repeated on purpose, and retries, exclude each other: leave one out",
        "stage 'later': a search for capacity delivers nothing twice: leave the duplicates out",
        "stage 'later': an event is delivered more than twice at the same instant only: write times=2",
        "stage 'later': new and old events are interleaved by 2 users or more: give it more users",
    )


def test_a_worker_gets_it_whole() -> None:
    """As plain data, and back."""
    assert from_plain(to_plain(LATER)) == LATER
