"""The way between two regions: how long a trip takes, what a connection costs, what a cut lets through."""

import time
from collections.abc import Iterator
from random import Random

import pytest

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.links import LOST_S, Cut, Link, LinkedWire
from _hookswarm.senders.transport.wire import Endpoint, Timeouts
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer, answering, client_tls, closed_port, server_tls

HEADERS, BODY = b"webhook-id: msg_1\r\n", b"{}"
RTT_S = 0.1
SHORT = Timeouts(connect_s=0.3, response_s=0.3)
ALWAYS = Cut(0, 1 << 62, back_only=False)


def link(jitter: float = 0, loss: float = 0, cuts: tuple[Cut, ...] = ()) -> Link:
    return Link(RTT_S, jitter, loss, rto_s=0.2, random=Random(1), cuts=cuts)


@pytest.fixture
def seen() -> list[bytes]:
    """The requests that the server had."""
    return []


@pytest.fixture
def server(seen: list[bytes]) -> Iterator[ScriptedServer]:
    def script(peer: Peer) -> None:
        while request := peer.request():
            seen.append(request)
            peer.send(NO_CONTENT)

    with ScriptedServer(script) as running:
        yield running


def test_a_clean_trip_is_half_the_round_trip() -> None:
    """Without jitter and loss every trip takes as long as the next."""
    clean = link()
    assert {clean.trip_s(0, back=False) for _ in range(10)} == {RTT_S / 2}


def test_jitter_spreads_trips_about_the_half() -> None:
    """The median stays, and two thirds of the trips lie within a sigma of it."""
    spread = link(jitter=0.1)
    trips = sorted(spread.trip_s(0, back=False) for _ in range(2_000))
    assert trips[1_000] == pytest.approx(RTT_S / 2, rel=0.02)
    assert trips[1_680] / trips[1_000] == pytest.approx(1.1, rel=0.02)


def test_a_lost_packet_is_a_retransmission_later() -> None:
    """One in so many trips is the first wait longer, one in so many of those the second, twice as long, too."""
    lossy = link(loss=0.1)
    trips = [round(lossy.trip_s(0, back=True) - RTT_S / 2, 6) for _ in range(10_000)]
    assert trips.count(0.2) / 10_000 == pytest.approx(0.09, abs=0.01)
    assert trips.count(0.6) / 10_000 == pytest.approx(0.009, abs=0.004)


def test_what_is_sent_again_into_a_cut_is_lost() -> None:
    """A packet lost before a cut of 0.1 to 0.3 s goes again at 0.2 s, in vain; one lost twice, at 0.6 s, arrives."""
    way = link(loss=0.3, cuts=(Cut(100_000_000, 300_000_000, back_only=False),))
    trips = {round(way.trip_s(0, back=False), 6) for _ in range(1_000)}
    assert {RTT_S / 2, LOST_S, RTT_S / 2 + 0.6} < trips
    assert RTT_S / 2 + 0.2 not in trips


def test_a_connection_costs_a_round_trip(server: ScriptedServer) -> None:
    """TCP's handshake is paid once, each request its own way there and back."""
    slept: list[float] = []
    wire = LinkedWire(Endpoint(server.url), link(), sleep=slept.append)
    assert (wire.post(HEADERS, BODY), wire.reused, len(slept)) == (204, False, 4)
    assert (wire.post(HEADERS, BODY), wire.reused, len(slept)) == (204, True, 6)
    wire.close()


def test_to_open_it_ahead_takes_the_same_way(server: ScriptedServer, seen: list[bytes]) -> None:
    """The connection's round trip is paid before the first request, which then goes its own way alone."""
    slept: list[float] = []
    wire = LinkedWire(Endpoint(server.url), link(), sleep=slept.append)
    wire.open()
    assert (len(slept), seen) == (2, [])
    assert (wire.post(HEADERS, BODY), wire.reused, len(slept)) == (204, True, 4)
    wire.close()


def test_tls_costs_another() -> None:
    """TLS 1.3 adds one round trip to a new connection."""
    slept: list[float] = []
    with ScriptedServer(answering(NO_CONTENT), tls=server_tls()) as server:
        wire = LinkedWire(Endpoint(server.url, client_tls()), link(), sleep=slept.append)
        assert wire.post(HEADERS, BODY) == 204
        wire.close()
    assert len(slept) == 6


def test_a_refusal_is_known_a_round_trip_later() -> None:
    """Whoever dials a closed port far away learns of it when the answer is back."""
    slept: list[float] = []
    wire = LinkedWire(Endpoint(f"http://127.0.0.1:{closed_port()}/"), link(), sleep=slept.append)
    with pytest.raises(WireError) as caught:
        wire.post(HEADERS, BODY)
    assert (caught.value.outcome, sum(slept)) == (Outcome.REFUSED, RTT_S)


def test_the_way_takes_its_time(server: ScriptedServer) -> None:
    """Slept for real, a post on a new connection takes two round trips; the first, of connecting, is told apart."""
    wire = LinkedWire(Endpoint(server.url), link())
    before = time.monotonic()
    wire.post(HEADERS, BODY)
    assert 2 * RTT_S <= time.monotonic() - before < 2 * RTT_S + 0.1
    assert wire.connecting_s is not None
    assert RTT_S <= wire.connecting_s < RTT_S + 0.1
    wire.close()


def _fails(wire: LinkedWire) -> tuple[Outcome, float]:
    before = time.monotonic()
    with pytest.raises(WireError) as caught:
        wire.post(HEADERS, BODY)
    return caught.value.outcome, time.monotonic() - before


def test_through_a_cut_nobody_connects(server: ScriptedServer, seen: list[bytes]) -> None:
    """A new connection over a cut ends with its time-out, and the server has seen nothing."""
    outcome, took_s = _fails(LinkedWire(Endpoint(server.url), link(cuts=(ALWAYS,)), SHORT))
    assert outcome is Outcome.CONNECT_TIMEOUT
    assert took_s == pytest.approx(SHORT.connect_s, abs=0.1)
    assert not seen


def test_an_open_connection_over_a_cut_waits_for_its_answer(server: ScriptedServer, seen: list[bytes]) -> None:
    """A request on an open connection is lost on the way: a read time-out, and the connection is not used again."""
    way = link()
    wire = LinkedWire(Endpoint(server.url), way, SHORT)
    wire.post(HEADERS, BODY)
    way.cuts = (ALWAYS,)
    outcome, took_s = _fails(wire)
    assert outcome is Outcome.READ_TIMEOUT
    assert took_s == pytest.approx(SHORT.response_s, abs=0.1)
    assert len(seen) == 1
    way.cuts = ()
    assert (wire.post(HEADERS, BODY), wire.reused) == (204, False)
    wire.close()


def test_a_cut_of_the_way_back_lets_requests_through(server: ScriptedServer, seen: list[bytes]) -> None:
    """The server has the request, and the sender never hears of it."""
    way = link()
    wire = LinkedWire(Endpoint(server.url), way, SHORT)
    wire.post(HEADERS, BODY)
    way.cuts = (ALWAYS._replace(back_only=True),)
    assert _fails(wire)[0] is Outcome.READ_TIMEOUT
    assert len(seen) == 2


def test_a_cut_holds_between_its_instants() -> None:
    """From its begin on, and not at its end; the way there is open while only answers are cut."""
    way = link(cuts=(Cut(10, 20, False), Cut(30, 40, True)))
    there = [way.passes(at, back=False) for at in (9, 10, 19, 20, 29, 30, 39, 40)]
    back = [way.passes(at, back=True) for at in (9, 10, 19, 20, 29, 30, 39, 40)]
    assert there == [True, False, False, True, True, True, True, True]
    assert back == [True, False, False, True, True, False, False, True]


def test_in_a_stage_without_distances_a_trip_takes_no_time() -> None:
    """What is compared with a load balancer is as near as that is; cuts hold all the same."""
    near = link(jitter=0.5, loss=0.5, cuts=(Cut(10, 20, back_only=False),))
    near.near = True
    assert [near.trip_s(at, back=False) for at in (9, 10, 20)] == [0, LOST_S, 0]
