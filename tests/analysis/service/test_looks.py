"""Headers, methods and connections of a service's requests, and the times that retries are signed with."""

from typing import Any

import pytest

from _hookswarm.analysis.reading.looks import Looks
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.looks import look_rules, timestamp_rule
from _hookswarm.analysis.service.watched import Watched, watched
from _hookswarm.records.rows import Flag
from tests.support.journals import SECOND, START
from tests.support.serviced import came, played, published, through


def stage(*retried_s: float, same_time: bool = False, **plan: Any) -> Watched:
    """One event for each time, whose second attempt comes so long after its first."""
    events = [published(sequence=place) for place in range(len(retried_s))]
    arrivals = []
    for own, after_s in zip(events, retried_s, strict=True):
        first = came(own, 0.1, 503)
        again = came(own, 0.1 + after_s)
        arrivals += [first, again | ({"due": first["due"]} if same_time else {})]
    found = watched(played(through(events, arrivals, **plan)))
    assert found
    return found


def looks(
    sequence: int = 0, at: int = 0, ports: tuple[int, ...] = (), id_in: tuple[str, ...] = (), **named: str
) -> Looks:
    headers = {name.replace("_", "-"): value for name, value in named.items()}
    event = {"stage": 0, "webhook": 0, "sequence": sequence, "endpoint": 0}
    return Looks(at=at, **event, method="POST", path="/endpoints/0", ports=[*ports], id_in=[*id_in], headers=headers)


def ruled(*kept: Looks) -> dict[str, Rule]:
    return {rule.rule: rule for rule in look_rules(kept, [stage(1.0)])}


@pytest.mark.parametrize(
    ("same_time", "promise", "observed", "verdict"),
    [
        (False, "each attempt", "of each attempt", "kept"),
        (True, "each attempt", "the first attempt's: repeated 2 of 2 times", "broken"),
        (True, "the first", "the first attempt's: repeated 2 of 2 times", "kept"),
        (False, "the first", "of each attempt", "broken"),
        (True, None, "the first attempt's: repeated 2 of 2 times", "not promised"),
    ],
)
def test_a_retry_has_a_time_of_its_own(same_time: bool, promise: str | None, observed: str, verdict: str) -> None:
    """Or repeats the first one's; only attempts of different seconds tell."""
    found = timestamp_rule([stage(2.0, 3.0, 0.5, same_time=same_time)], promise)
    assert (found.observed, found.verdict) == (observed, verdict)


def test_attempts_of_one_second_do_not_tell() -> None:
    """Nor does what is published again."""
    again = {"kind": "later", "after_s": 1.0}
    for own in (stage(0.5), stage(2.0, duplicate=again)):
        assert timestamp_rule([own], "each attempt").verdict == "not observed"
    assert START % SECOND == 0


def test_what_follows_a_redirect_is_no_retry() -> None:
    """It is the same attempt: its time says nothing."""
    event = published()
    first = came(event, 0.1, 307)
    found = watched(played(through([event], [first, came(event, 2.1, flags=Flag.REDIRECTED) | {"due": first["due"]}])))
    assert found
    assert timestamp_rule([found], "each attempt").verdict == "not observed"


def test_headers_that_stay_and_that_change() -> None:
    """Over an event's attempts; those that are the same for every event are left out."""
    found = ruled(
        looks(0, 1, webhook_id="a", webhook_timestamp="1", user_agent="x", host="h"),
        looks(0, 2, webhook_id="a", webhook_timestamp="2", user_agent="x", host="i"),
        looks(1, 3, webhook_id="b", webhook_timestamp="2", user_agent="x", host="h"),
    )
    assert found["headers of a retry"].observed == "stay: webhook-id; change: webhook-timestamp"
    assert found["headers of a retry"].evidence == "1 pairs of attempts"


def test_the_header_that_brings_the_id() -> None:
    """In each arrival; else it is only in the payload."""
    assert ruled(looks(id_in=("webhook-id",)))["the event's id"].observed == "comes back in webhook-id"
    some = ruled(looks(id_in=("webhook-id",)), looks(1))["the event's id"]
    assert some.observed == "comes back in no header, only in the payload"


def test_method_content_and_framing() -> None:
    """As most requests have it."""
    length = looks(content_type="application/json", content_length="2")
    found = ruled(length, length, looks(content_type="application/json", transfer_encoding="chunked"))
    told = "POST application/json, with its length: 2 of 3; POST application/json, chunked: 1 of 3"
    assert found["method and content"].observed == told


@pytest.mark.parametrize(
    ("ports", "observed"),
    [
        (((7,), (7,), (7, 8)), "reused"),
        (((7,), (8,), (9,)), "a new one for each delivery"),
    ],
)
def test_connections(ports: tuple[tuple[int, ...], ...], observed: str) -> None:
    """As many as were ever seen open, beside the arrivals."""
    found = ruled(*(looks(place, ports=own) for place, own in enumerate(ports)))["connections"]
    assert found.observed == observed


def test_a_connection_is_new_once() -> None:
    """Also if it was there before the stage that tells."""
    before = looks(9, ports=(7, 8)).model_copy(update={"stage": 1})
    found = ruled(before, looks(0, ports=(7, 8, 9)), looks(1, ports=(9, 10)))["connections"]
    assert (found.observed, found.evidence) == ("a new one for each delivery", "2 were new over 2 arrivals")


def test_without_what_receivers_keep_nothing_is_told() -> None:
    """It says why."""
    assert {rule.verdict for rule in ruled().values()} == {"not observed"}
    assert ruled(looks())["connections"].evidence == "the receivers' machine does not tell them"
