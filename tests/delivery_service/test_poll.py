"""A queue that is looked at slowly while nothing comes."""

from tests.support.delivery_service.poll import SlowPoll


def test_an_idle_queue_is_looked_at_by_its_clock() -> None:
    """What comes first waits for it, and so does what comes before it."""
    poll = SlowPoll(2)
    assert [poll.look_at(now) for now in (100.5, 101.9)] == [102, 102]


def test_a_busy_queue_is_looked_at_at_once() -> None:
    """Until nothing has come for as long as the poll is slow."""
    poll = SlowPoll(2)
    assert [poll.look_at(now) for now in (100.5, 102.1, 104, 105.5, 107.6)] == [102, 102.1, 104, 105.5, 108]


def test_without_it_all_is_seen_at_once() -> None:
    """As it is by default."""
    poll = SlowPoll(0)
    assert [poll.look_at(now) for now in (1.5, 7.25, 7.25)] == [1.5, 7.25, 7.25]
