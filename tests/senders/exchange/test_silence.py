"""When a sending process counts as lost. Time is a number."""

import pytest

from _hookswarm.senders.exchange.silence import LISTENED_S, Silence

LOOK_S = 0.02
SILENT_S = 4.0


def lost_at(heard_until_s: float, *, looks_from_s: float = 0.0) -> float:
    """When "a" is told as lost, which says every second that it lives, as "b" does for ever."""
    silence, beats = Silence(SILENT_S), 0
    for look in range(round(60 / LOOK_S)):
        now_s = looks_from_s + look * LOOK_S
        if now_s >= beats:
            silence.heard("b")
            if now_s <= heard_until_s:
                silence.heard("a")
            beats += 1
        if lost := silence.lost(now_s, ["a", "b"]):
            assert lost == {"a"}
            return now_s
    return float("inf")


def test_a_process_is_lost_when_it_was_silent_for_too_long() -> None:
    """Counted from its last word, so within that time of its end."""
    assert lost_at(10.0) == pytest.approx(10 + SILENT_S, abs=2 * LOOK_S)
    assert lost_at(float("inf")) == float("inf")


def test_a_process_that_was_never_heard_is_silent_from_the_first_look() -> None:
    """One that was connected and killed before its first word."""
    assert lost_at(-1.0, looks_from_s=100.0) == pytest.approx(100 + SILENT_S, abs=2 * LOOK_S)


def test_a_master_that_stood_still_loses_nobody() -> None:
    """It could not hear them, either; what they said meanwhile is read after its next look."""
    silence = Silence(SILENT_S)
    assert silence.lost(0.0, ["a"]) == set()
    assert silence.lost(60.0, ["a"]) == set()
    silence.heard("a")
    looks = round(SILENT_S / LISTENED_S)
    assert [silence.lost(61.0 + look, ["a"]) for look in range(looks)] == [set()] * (looks - 1) + [{"a"}]


def test_a_process_that_speaks_again_is_back() -> None:
    """It was frozen, not dead."""
    silence = Silence(SILENT_S)
    for look in range(round(SILENT_S / LISTENED_S) + 1):
        silence.lost(LISTENED_S * look, ["a"])
    assert silence.lost(100.0, ["a"]) == {"a"}
    silence.heard("a")
    assert silence.lost(100.1, ["a"]) == set()
