"""What a service makes of answers: told from what came after them."""

from dataclasses import replace
from typing import Any

import pytest

from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.answers import answer_rules
from _hookswarm.analysis.service.watched import watched
from _hookswarm.records.rows import Flag, Outcome
from tests.support.journals import Row
from tests.support.published import drained
from tests.support.serviced import came, own_class, played, published, through, tried

HINTED = own_class("hinted", 2, fail_first=1, fail_status=503, retry_after_s=3.0, retry_after_as="seconds")
DATED = own_class("dated", 2, fail_first=1, fail_status=503, retry_after_s=3.0, retry_after_as="date")
THROTTLED = own_class("hinted", 2, fail_first=1, fail_status=429, retry_after_s=3.0, retry_after_as="seconds")
PLAIN = published(webhook=1)
USUAL = tried(PLAIN, (0.1, 503), (1.1, 204))
"""An event that is tried again after a second, as it is without being asked for more."""


def rules(events: list[Row], arrivals: list[Row], classes: Any = (), **promises: Any) -> dict[str, Rule]:
    stage = watched(played(through([PLAIN, *events], [*USUAL, *arrivals], classes)))
    assert stage
    return {rule.rule: rule for rule in answer_rules([stage], promises)}


def answered(status: int, *then_s: float) -> tuple[list[Row], list[Row]]:
    """Three events whose first attempt is answered so at 0.1 s; each is tried again at these times, and taken."""
    events = [published(webhook=2, sequence=place) for place in range(3)]
    arrivals = [row for own in events for row in tried(own, (0.1, status), *((at_s, 204) for at_s in then_s))]
    return events, arrivals


@pytest.mark.parametrize(
    ("again_s", "promised", "verdict", "told"),
    [
        (3.101, "obeyed", "kept", "obeyed: waits 3 s where 3 s were asked for"),
        (1.101, "obeyed", "broken", "ignored: waits 1 s where 3 s were asked for"),
        (1.101, "ignored", "kept", "ignored: waits 1 s where 3 s were asked for"),
        (3.101, "obeyed on 429", "broken", "obeyed: waits 3 s where 3 s were asked for"),
        (1.101, None, "not promised", "ignored: waits 1 s where 3 s were asked for"),
    ],
)
@pytest.mark.parametrize(("own", "spelt"), [(HINTED, "in seconds"), (DATED, "as a date")])
def test_a_hint_is_obeyed_or_ignored(
    own: dict[str, Any], spelt: str, again_s: float, promised: str | None, verdict: str, told: str
) -> None:
    """By the wait after it, beside the one that nobody asked for."""
    found = rules(*answered(503, again_s), [own], retry_after=promised)[f"Retry-After {spelt}, with a 503"]
    assert (found.verdict, found.observed) == (verdict, told)
    assert found.evidence == "3 waits, and 0.999 s where nothing was"


def test_a_hint_may_be_obeyed_now_and_then() -> None:
    """Then it is told how often, and no promise is kept."""
    events, arrivals = answered(503, 3.2)
    arrivals[1] = came(events[0], 1.1)
    found = rules(events, arrivals, [HINTED], retry_after="obeyed")["Retry-After in seconds, with a 503"]
    assert (found.verdict, found.observed.partition(":")[0]) == ("broken", "obeyed 2 of 3 times")


def test_a_hint_that_is_shorter_than_the_usual_wait_says_nothing() -> None:
    """Nor does one after which nothing comes."""
    short = own_class("hinted", 2, fail_first=1, fail_status=503, retry_after_s=1.0, retry_after_as="seconds")
    found = rules(*answered(503, 1.101), [short], retry_after="obeyed")["Retry-After in seconds, with a 503"]
    assert found.verdict == "not observed"
    assert found.evidence == "it waits 0.999 s without being asked; 1 s were asked for"
    found = rules(*answered(429), [THROTTLED], retry_after="obeyed")["Retry-After in seconds, with a 429"]
    assert (found.verdict, found.evidence) == ("not observed", "it was never tried again: 0 of 3 events")
    assert rules([], [])["Retry-After as a date, with a 503"].verdict == "not observed"


@pytest.mark.parametrize(
    ("status", "promise", "again", "verdict", "told"),
    [
        (429, {"throttled": "retried"}, (1.101,), "kept", "retried, after 1 s"),
        (429, {"throttled": "final"}, (1.101,), "broken", "retried, after 1 s"),
        (404, {"not_found": "final"}, (), "kept", "final"),
        (404, {"not_found": "retried"}, (), "broken", "final"),
        (404, {}, (), "not promised", "final"),
    ],
)
def test_what_is_retried_and_what_is_final(
    status: int, promise: dict[str, Any], again: tuple[float, ...], verdict: str, told: str
) -> None:
    """A 429 without a hint, and a 404."""
    found = rules(*answered(status, *again), [own_class("own", 2)], **promise)[f"after a {status}"]
    assert (found.verdict, found.observed, found.evidence) == (verdict, told, "3 events answered so")


def test_a_stage_that_ends_before_any_retry_tells_nothing_final() -> None:
    """In another one events are tried again: what was watched for less long than that may yet be, too."""
    failed = published(webhook=1)
    rows = [(status, published(webhook=webhook)) for webhook, status in enumerate((404, 410, 307, 304), 2)]
    later = published(webhook=3, sequence=1, at_s=0.5)
    short = through(
        [failed, *(event for _, event in rows), later],
        [*tried(failed, (0.1, 503)), *(row for status, event in rows for row in tried(event, (0.1, status))),
         *tried(later, (0.6, 204))],
    )  # fmt: skip
    stages = [watched(played(one)) for one in (short, through([PLAIN], [*USUAL]))]
    found = {rule.rule: rule for rule in answer_rules([one for one in stages if one], {"success": "2xx"})}
    for rule in ("after a 404", "after a 410"):
        assert (found[rule].verdict, found[rule].observed) == ("not observed", "-"), found[rule]
        assert "play it without --quick" in found[rule].evidence
    assert found["after a 307"].observed == "not followed"
    assert "304" not in found["what is a success"].observed


def test_an_event_that_was_not_watched_for_as_long_as_a_retry_takes_tells_nothing_final() -> None:
    """Of the same stage: the first ones were tried again after a minute, and the wait ended a little later."""
    early, late = published(webhook=1), [published(webhook=2, sequence=n, at_s=5.0) for n in range(3)]
    arrivals = [*tried(early, (0.1, 503), (60.1, 204)), *(row for own in late for row in tried(own, (5.1, 404)))]
    frames = through([early, *late], arrivals)
    for until_s, verdict in ((62.0, "not observed"), (80.0, "not promised")):
        stage = watched(replace(played(frames), drained=drained(at_s=until_s)))
        assert stage
        found = {rule.rule: rule for rule in answer_rules([stage], {})}["after a 404"]
        assert found.verdict == verdict
        assert ("play it without --quick" in found.evidence) is (verdict == "not observed")


@pytest.mark.parametrize(("longest_s", "final"), [(60.0, False), (10.0, True), (None, True)])
def test_stages_in_which_nothing_is_tried_again_tell_nothing_final(longest_s: float | None, final: bool) -> None:
    """Unless they are watched for longer than a retry takes, as other stages or the service's word have it; a service
    that never tries anything again gives up at once.
    """
    failed, *gone = published(webhook=1), *(published(webhook=2, sequence=n) for n in range(3))
    arrivals = [*tried(failed, (0.1, 503)), *(row for own in gone for row in tried(own, (0.1, 404)))]
    stage = watched(replace(played(through([failed, *gone], arrivals)), drained=drained(at_s=20.0)))
    assert stage
    found = {rule.rule: rule for rule in answer_rules([stage], {}, longest_s)}["after a 404"]
    assert found.observed == ("final" if final else "-")
    assert ("play it without --quick" in found.evidence) is not final


def test_a_wait_that_may_be_as_long_as_the_hint_says_nothing() -> None:
    """The longest that nobody asked for, as of a service that looks every few seconds."""
    others = [published(webhook=1, sequence=n) for n in (1, 2)]
    usual = [*tried(others[0], (0.1, 503), (3.1, 204)), *tried(others[1], (0.1, 503), (1.2, 204))]
    events, arrivals = answered(503, 2.9)
    found = rules([*others, *events], [*usual, *arrivals], [HINTED], retry_after="ignored")
    assert found["Retry-After in seconds, with a 503"].verdict == "not observed"


def test_some_are_retried() -> None:
    """That keeps no promise."""
    events, arrivals = answered(404, 1.1)
    found = rules(events, arrivals[:-1], not_found="retried")["after a 404"]
    assert (found.verdict, found.observed.partition(",")[0]) == ("broken", "retried 2 of 3 times")


GONE = [published(webhook=2, sequence=place, at_s=place) for place in range(3)]


@pytest.mark.parametrize(
    ("arrivals", "observed", "told"),
    [
        ([came(GONE[0], 0.1, 410)], "disables", "disables the endpoint: 2 events published later never came"),
        (
            [came(own, place + 0.1, 410) for place, own in enumerate(GONE)],
            "final",
            "final, and later events still come: 2 of 2",
        ),
        (
            [row for place, own in enumerate(GONE) for row in tried(own, (place + 0.1, 410), (place + 1.1, 204))],
            "retried",
            "retried",
        ),
    ],
)
def test_a_410_ends_the_endpoint_or_the_event_or_nothing(arrivals: list[Row], observed: str, told: str) -> None:
    """Told by what comes of the events that are published to it afterwards."""
    for promised in ("disables", "final", "retried"):
        found = rules(GONE, arrivals, gone=promised)["after a 410"]
        assert (found.observed, found.verdict) == (told, "kept" if promised == observed else "broken")


def test_after_a_lone_410_nobody_knows() -> None:
    """Where no event follows, an endpoint may be disabled or not."""
    found = rules(GONE[:1], [came(GONE[0], 0.1, 410)], gone="disables")["after a 410"]
    assert found.verdict == "not observed"


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize(
    ("follow", "told", "kept"),
    [
        (None, "not followed; retried", "not followed"),
        (
            Flag.BODILESS,
            "followed without a body, and taken for delivered: 3 of 3 accepted, never arrived",
            "followed without a body",
        ),
        (Flag(0), "followed with its body: 3 of 3", "followed"),
    ],
)
def test_a_redirect_is_followed_or_not(status: int, follow: Flag | None, told: str, kept: str) -> None:
    """One that is followed without a body is called delivered by the service, and never arrived."""
    events, arrivals = answered(status, *([1.1] if follow is None else []))
    if follow is not None:
        arrivals += [came(own, 0.2, flags=follow | Flag.REDIRECTED) for own in events]
    key = "redirects" if status == 302 else "redirects_307"
    for promised in ("not followed", "followed", "followed without a body"):
        found = rules(events, arrivals, **{key: promised})[f"after a {status}"]
        assert (found.observed, found.verdict) == (told, "kept" if promised == kept else "broken")


@pytest.mark.parametrize(
    ("promises", "promised", "verdict"),
    [
        ({"redirects": "followed without a body", "redirects_307": "followed"}, "followed", "kept"),
        ({"redirects": "followed without a body", "redirects_307": "not followed"}, "not followed", "broken"),
        ({"redirects": "followed without a body"}, None, "not promised"),
        ({"redirects": "followed"}, "followed", "kept"),
        ({"redirects": "not followed"}, "not followed", "broken"),
        ({}, None, "not promised"),
    ],
)
def test_a_307_has_a_promise_of_its_own(promises: dict[str, str], promised: str | None, verdict: str) -> None:
    """Or that of other redirects: but who follows these without a body promises nothing of a 307."""
    events, arrivals = answered(307)
    arrivals += [came(own, 0.2, flags=Flag.REDIRECTED) for own in events]
    found = rules(events, arrivals, **promises)["after a 307"]
    assert (found.observed, found.promised, found.verdict) == ("followed with its body: 3 of 3", promised, verdict)


def test_only_what_was_accepted_is_missed() -> None:
    """An event whose publish was refused may come and follow a redirect all the same."""
    events, arrivals = answered(302)
    events[0] |= {"outcome": Outcome.REJECTED, "status": 503}
    arrivals += [came(own, 0.2, flags=Flag.BODILESS | Flag.REDIRECTED) for own in events]
    told = "followed without a body, and taken for delivered: 2 of 3 accepted, never arrived"
    assert rules(events, arrivals)["after a 302"].observed == told


@pytest.mark.parametrize(
    ("again", "promised", "verdict"),
    [
        ({304}, "2xx", "kept"),
        ({304}, "below 400", "broken"),
        (set(), "below 400", "kept"),
        (set(), "2xx", "broken"),
        ({299, 304}, "2xx", "broken"),
        ({299, 304}, None, "not promised"),
    ],
)
def test_what_is_a_success(again: set[int], promised: str | None, verdict: str) -> None:
    """What is not tried again, where a 404 is."""
    events, arrivals = [], []
    for webhook, status in enumerate((200, 299, 304, 404), 2):
        events.append(published(webhook=webhook))
        arrivals += tried(events[-1], (0.1, status), *([(1.1, 204)] if status in {*again, 404} else []))
    found = rules(events, arrivals, success=promised)["what is a success"]
    assert found.verdict == verdict
    assert "304: " + ("1 of 1" if 304 in again else "0 of 1") in found.evidence


def test_a_304_that_is_given_up_is_no_success() -> None:
    """Where a 404 is not tried again either, nobody knows: it breaks no promise."""
    events = [published(webhook=2), published(webhook=3)]
    arrivals = [came(events[0], 0.1, 304), came(events[1], 0.1, 404)]
    assert rules(events, arrivals, success="2xx")["what is a success"].verdict == "kept"
