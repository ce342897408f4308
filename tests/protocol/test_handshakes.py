"""Handshakes: our own receivers answer right."""

import pytest

from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.handshakes import VERIFY_TOKEN, Answerer
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.signing import Signer
from tests.support.handshakes import CHALLENGE, TOKEN, Asked, asked


def asking(name: str) -> tuple[Asked, Answerer]:
    provider = load_provider(name)
    assert provider.signature
    key = parse_secret(make_secret(provider.signature.secret), provider.signature.secret)
    return asked(Signer(provider, [key]), key), Answerer(provider, [key], {VERIFY_TOKEN: TOKEN})


@pytest.mark.parametrize("name", ["slack", "zoom", "meta", "discord", "mcp-events"])
def test_our_own_receivers_answer_right(name: str) -> None:
    """What must stand in the answer stands there."""
    found, answerer = asking(name)
    answer = answerer.answer(found.query.encode() if found.method == "GET" else found.body)
    assert answer is not None
    assert all(one in answer for one in found.expect)
    assert (answerer.method, answerer.status) == (found.method, found.status)


def test_zoom_wants_what_the_secret_makes_of_the_challenge() -> None:
    """A receiver that merely echoes has not the secret."""
    found, _ = asking("zoom")
    assert found.expect[0] == CHALLENGE
    assert len(found.expect[1]) == 64


def test_events_are_no_handshakes() -> None:
    """Nor is a GET with another token; and most providers have none."""
    assert asking("slack")[1].answer(b'{"type":"event_callback"}') is None
    found, _ = asking("meta")
    other = Answerer(load_provider("meta"), [b"k"], {VERIFY_TOKEN: "another"})
    assert other.answer(found.query.encode()) is None
    assert Answerer(load_provider("github"), [b"k"]).answer(b"") is None
