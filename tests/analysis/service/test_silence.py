"""How long a service waits for an answer."""

from typing import Any

import pytest

from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.silence import timeout_rule
from _hookswarm.analysis.service.watched import watched
from tests.support.serviced import came, own_class, played, published, through, tried

SILENT = own_class("silent", 2, fail_first=1, fail_status=0, hang_s=8.0)
SLOW = own_class("slow", 3, delay={"mean_s": 1.6})
PLAIN, QUIET, LATE, OTHER = (published(webhook=webhook) for webhook in (1, 2, 3, 4))
USUAL = tried(PLAIN, (0.1, 503), (1.101, 204))


def rule(*then_s: float, promised_s: float | None = None, usual: Any = USUAL, first_s: float | None = 1.0) -> Rule:
    """One event gets no answer at 0.1 s, and is tried again then."""
    slow = [came(LATE, 0.1, took_s=1.6)]
    arrivals = [*usual, *slow, came(QUIET, 0.1, 0), *(came(QUIET, at_s) for at_s in then_s)]
    stage = watched(played(through([PLAIN, QUIET, LATE, OTHER], arrivals, [SILENT, SLOW])))
    assert stage
    return timeout_rule([stage], promised_s, first_s)


@pytest.mark.parametrize(
    ("again_s", "promised_s", "observed", "verdict"),
    [
        (3.1, 2.0, "2 s", "kept"),
        (3.1, 5.0, "2 s", "broken"),
        (3.1, None, "2 s", "not promised"),
        (9.1, None, "longer than 7 s", "not promised"),
        (9.1, 5.0, "longer than 7 s", "broken"),
        (8.11, 5.0, "longer than 7 s", "broken"),
    ],
)
def test_the_next_attempt_tells(again_s: float, promised_s: float | None, observed: str, verdict: str) -> None:
    """From when the silent one began, without the usual wait after a failure."""
    found = rule(again_s, promised_s=promised_s)
    assert (found.observed, found.verdict) == (observed, verdict)
    assert found.evidence.endswith("its usual wait is 1 s; an answer after 1.6 s was taken 1 of 1 times")


def test_chance_in_the_usual_wait_shortens_no_time_out() -> None:
    """It waited to our end, and was sooner than usual with its next attempt."""
    usual = [
        *tried(PLAIN, (0.1, 503), (0.401, 503), (1.401, 204)),
        *tried(OTHER, (0.1, 503), (1.101, 503), (2.101, 204)),
    ]
    assert rule(8.45, promised_s=15.0, usual=usual).verdict == "not observed"


def test_usual_waits_that_differ_tell_a_time_out_as_far_as_they_allow() -> None:
    """As where a clock rounds them up: 1 to 3 s after a failure, and the next attempt 5 s after the silent one."""
    usual = [*tried(PLAIN, (0.1, 503), (1.101, 204)), *tried(OTHER, (0.1, 503), (3.101, 204))]
    assert rule(5.1, promised_s=4.2, usual=usual).verdict == "kept"
    found = rule(5.1, promised_s=6.0, usual=usual)
    assert (found.observed, found.verdict) == ("2 to 4 s", "broken")


def test_a_wait_beside_the_attempt_shortens_no_time_out() -> None:
    """It waited to our end, and went on at once: Alertmanager counts its waits from an attempt's begin."""
    assert rule(8.15, promised_s=15.0).verdict == "not observed"
    assert rule(8.15, promised_s=7.0).verdict == "not observed"


def test_what_cannot_be_known_is_told() -> None:
    """A promise beyond our patience, no next attempt, no usual wait, nothing silent."""
    for promised_s in (7.0, 15.0):
        assert rule(9.1, promised_s=promised_s).verdict == "not observed"
    assert rule(8.4, promised_s=300.0).verdict == "not observed"  # its wait was shorter this time
    assert rule().evidence.startswith("1 events that got no answer were never tried again")
    assert rule(3.1, usual=(), first_s=None).verdict == "not observed"
    assert rule(3.1, usual=(), first_s=1.0).observed == "2 s"
    stage = watched(played(through([PLAIN], USUAL)))
    assert stage
    assert timeout_rule([stage], 2.0, None).verdict == "not observed"


LONG = tried(PLAIN, (0.1, 503), (30.101, 204))
"""It waits longer than nothing is answered."""


@pytest.mark.parametrize(("again_s", "observed", "verdict"), [(35.1, "5 s", "kept"), (33.1, "3 s", "broken")])
def test_a_usual_wait_beyond_our_silence_hides_no_time_out(again_s: float, observed: str, verdict: str) -> None:
    """Had it waited for the end of the silence, the next attempt would have come later, or no later than usual."""
    found = rule(again_s, promised_s=5.0, usual=LONG, first_s=30.0)
    assert (found.observed, found.verdict) == (observed, verdict)


@pytest.mark.parametrize("again_s", [30.1, 38.1])
def test_what_a_long_wait_hides_is_not_observed(again_s: float) -> None:
    """It waited for our end, or counts its waits from the begin: no time is told, and none below nothing."""
    for promised_s in (5.0, None):
        found = rule(again_s, promised_s=promised_s, usual=LONG, first_s=30.0)
        assert (found.observed, found.verdict) == ("-", "not observed")
        assert found.evidence.startswith("its usual wait hides it")


def test_a_queue_shortens_no_time_out() -> None:
    """A service that delivers one at a time: the next attempt waited for those of others, as first ones did."""
    first = [came(one, at_s) for one, at_s in ((PLAIN, 0.1), (LATE, 5.1), (OTHER, 10.1))]
    arrivals = [*first, came(QUIET, 0.1, 0), came(QUIET, 16.1)]
    stage = watched(played(through([PLAIN, QUIET, LATE, OTHER], arrivals, [SILENT, SLOW])))
    assert stage
    found = timeout_rule([stage], 5.0, 1.0)
    assert found.verdict == "not observed"
    assert found.evidence.startswith("its queue of ")
