"""Which disturbed stages are played once more."""

from _hookswarm.senders.master.replays import LONGEST_S, Replays, again
from _hookswarm.senders.plan.stages import Limits, Stage

STAGE = Stage("load", users=4, duration_s=10, name="load")


def _after(*lasted_s: float, allowed: bool = True) -> Replays:
    replays = Replays(allowed)
    for one in lasted_s:
        replays.note(one)
    return replays


def test_a_third_of_the_plan_may_be_played_again() -> None:
    """What was played and what is left make the plan: of 30 s, 10 s once, and no more."""
    replays = _after(10)
    assert replays.spend(STAGE, 10, left_s=20)
    replays.note(10)
    assert not replays.spend(STAGE, 10, left_s=10)
    assert not _after(10).spend(STAGE, 10.1, left_s=20)


def test_a_long_stage_is_not_played_again() -> None:
    """A minute is the longest."""
    assert _after(LONGEST_S).spend(STAGE, LONGEST_S, left_s=600)
    assert not _after(LONGEST_S).spend(STAGE, LONGEST_S + 0.1, left_s=600)


def test_nothing_is_played_again_where_that_is_not_allowed() -> None:
    """Beyond loopback it is more load than was asked for; a search for capacity repeats its tries itself."""
    assert not _after(10, allowed=False).spend(STAGE, 10, left_s=100)
    assert not _after(10).spend(Stage("search", users=4, limits=Limits(), name="s"), 10, left_s=100)


def test_a_replay_says_what_it_repeats() -> None:
    """By another name, for Locust's statistics go by names."""
    found = again(STAGE, 3)
    assert (found.name, found.replay_of, found.duration_s) == ("load (again)", 3, 10)
