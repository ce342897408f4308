"""Order, concurrency, bytes and signatures of all that a service delivers."""

import numpy as np
import pytest

from _hookswarm.analysis.service.stream import Stream, concurrency_rule, most_open
from _hookswarm.analysis.service.watched import watched
from _hookswarm.records.rows import Flag
from tests.support.journals import Row
from tests.support.serviced import came, own_class, played, published, through, tried


def stream(events: list[Row], arrivals: list[Row], *classes: dict[str, object]) -> Stream:
    found = Stream()
    found.add(played(through(events, arrivals, classes)))
    return found


EVENTS = [published(sequence=place, at_s=place) for place in range(4)]


@pytest.mark.parametrize(("promised", "verdict"), [("kept", "broken"), ("not kept", "kept"), (None, "not promised")])
def test_an_event_that_was_overtaken_is_counted(promised: str | None, verdict: str) -> None:
    """By one that was published when it had been accepted; at another endpoint nothing overtakes it."""
    elsewhere = published(webhook=1, sequence=9, at_s=3.5)
    arrivals = [came(own, at_s) for own, at_s in zip(EVENTS, (4.0, 2.0, 3.0, 5.0), strict=True)]
    found = stream([*EVENTS, elsewhere], [*arrivals, came(elsewhere, 3.6)]).order_rule(promised)
    assert (found.observed, found.verdict) == (
        "not kept: 1 of 5 events came after one that was published later",
        verdict,
    )


def test_events_that_were_published_at_the_same_time_have_no_order() -> None:
    """Nor has what an endpoint refused at first."""
    together = [published(sequence=place) for place in range(3)]
    found = stream(together, [came(own, 3.0 - place) for place, own in enumerate(together)])
    assert (found.compared, found.overtaken) == (3, 0)
    retried = [row for own in EVENTS[:1] for row in tried(own, (0.1, 503), (5.0, 204))]
    found = stream(EVENTS[:2], [*retried, came(EVENTS[1], 1.1)], own_class("503", 0, fail_first=1))
    assert (found.compared, found.order_rule("kept").verdict) == (0, "not observed")


def test_bytes_and_signatures_are_counted_by_attempts() -> None:
    """Some rewrite a payload on late attempts only."""
    arrivals = [came(EVENTS[0], 0.1, 503), came(EVENTS[0], 1.1, flags=Flag.REWRITTEN), came(EVENTS[1], 1.2)]
    found = stream(EVENTS[:2], arrivals)
    assert found.bytes_rule().observed == "the same value in other bytes: 1 of 3; first attempts 0, later ones 1"
    assert found.signature_rule(signed=True).verdict == "kept"
    bad = stream(EVENTS[:1], [came(EVENTS[0], 0.1, flags=Flag.UNVERIFIED | Flag.CORRUPT)])
    assert bad.signature_rule(signed=True).observed == "not right, or too old: 1 of 1"
    assert bad.signature_rule(signed=True).verdict == "broken"
    assert bad.signature_rule(signed=False).verdict == "not observed"
    assert bad.bytes_rule().observed == "another value than was published: 1 of 1; else kept"
    assert stream(EVENTS[:1], []).bytes_rule().verdict == "not observed"


def test_the_most_that_are_open_at_an_instant() -> None:
    """One that ends when another begins is no longer open."""
    assert most_open(np.array([0, 1, 5]), np.array([5, 3, 9])) == 2
    assert most_open(np.array([], np.int64), np.array([], np.int64)) == 0


def test_concurrency_is_told_for_one_endpoint_and_for_all() -> None:
    """By when each request came and was answered."""
    events = [*EVENTS[:3], published(webhook=1, sequence=0)]
    arrivals = [came(own, 4.0 + place / 10, took_s=0.5) for place, own in enumerate(events)]
    stage = watched(played(through(events, arrivals)))
    assert stage
    assert concurrency_rule([stage]).observed == "up to 3 at one endpoint, 4 over all"
