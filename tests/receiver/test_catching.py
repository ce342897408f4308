"""What comes of a service ahead of the load: kept whole and told where it is to be caught, and never in a journal."""

from pathlib import Path

import httpx

from _hookswarm.protocol.identity import PROBE_STAGE, format_event_id
from _hookswarm.protocol.marks import mark, mark_after_id
from _hookswarm.protocol.served import MOST_CAUGHT, Served, endpoint_path
from _hookswarm.records.rows import Flag
from tests.support.receivers import EVENT
from tests.support.rig import Rig, rig
from tests.support.signed import STANDARD

AHEAD = format_event_id(EVENT._replace(stage=PROBE_STAGE))
AFTER = mark_after_id(b'{"a": 1}')


def deliver(app: Rig, event_id: bytes, **headers: str) -> httpx.Response:
    return app.client.post(endpoint_path(3), content=mark(event_id, AFTER), headers=headers)


def test_what_is_caught_is_told_whole(tmp_path: Path) -> None:
    """Also what has no event of ours in it; nothing is in the journal."""
    app = rig(tmp_path)
    app.state.serve(Served(provider=STANDARD, catch=True))
    assert deliver(app, AHEAD, **{"X-Id": AHEAD.decode()}).status_code == 204
    assert app.client.post(endpoint_path(4), content=b"\xff{").status_code == 204
    first, second = app.state.caught()
    assert (first.event, first.endpoint, first.method, first.body) == (AHEAD.decode(), 3, "POST", mark(AHEAD, AFTER))
    assert first.headers["x-id"] == AHEAD.decode()
    assert first.flags & Flag.UNVERIFIED
    assert (second.event, second.endpoint, second.body) == ("", 4, b"\xff{")
    assert not list(app.results.glob("**/*.journal"))


def test_events_published_ahead_are_in_no_journal_later(tmp_path: Path) -> None:
    """A retry of one may come at any time; others are written down."""
    app = rig(tmp_path)
    app.state.serve(Served(provider=STANDARD, catch=True))
    deliver(app, AHEAD)
    app.state.serve(Served(provider=STANDARD))
    assert app.state.caught() == []
    assert deliver(app, AHEAD).status_code == 204
    assert deliver(app, format_event_id(EVENT)).status_code == 204
    (row,) = app.rows()
    assert row["stage"] == EVENT.stage
    assert app.state.caught() == []


def test_of_very_many_the_first_are_kept(tmp_path: Path) -> None:
    """All are answered; the next run catches anew."""
    app = rig(tmp_path)
    for _ in range(2):
        app.state.serve(Served(provider=STANDARD, catch=True))
        assert all(deliver(app, AHEAD).status_code == 204 for _ in range(MOST_CAUGHT + 5))
        assert len(app.state.caught()) == MOST_CAUGHT


def test_what_is_looked_for_has_its_place_beside_others(tmp_path: Path) -> None:
    """A service that still has very many events, of an earlier run or of somebody else, hides no probe."""
    app = rig(tmp_path)
    app.state.serve(Served(provider=STANDARD, catch=True))
    for number in range(MOST_CAUGHT):
        deliver(app, format_event_id(EVENT._replace(sequence=number)))
        app.client.post(endpoint_path(4), content=b'{"theirs": 1}')
    deliver(app, AHEAD)
    assert app.state.caught()[-1].event == AHEAD.decode()
