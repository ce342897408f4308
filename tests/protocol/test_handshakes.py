"""Handshakes: what a provider asks, and what our own receivers answer."""

import pytest

from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.handshakes import VERIFY_TOKEN, Answerer, Asked, ask
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.signing import Signer

CHALLENGE, TOKEN = b"c4a11e", "a token & more"


def asking(name: str) -> tuple[Asked, Answerer]:
    provider = load_provider(name)
    assert provider.signature
    key = parse_secret(make_secret(provider.signature.secret), provider.signature.secret)
    env = {VERIFY_TOKEN: TOKEN}
    return ask(Signer(provider, [key]), [key], CHALLENGE, 1.8e9, env=env), Answerer(provider, [key], env)


@pytest.mark.parametrize("name", ["slack", "zoom", "meta", "discord", "mcp-events"])
def test_our_own_receivers_answer_right(name: str) -> None:
    """What must stand in the answer stands there."""
    found, answerer = asking(name)
    answer = answerer.answer(found.query.encode() if found.method == "GET" else found.body)
    assert answer is not None
    assert answerer.method == found.method
    assert found.lacks(answerer.status, answer) == ""


def test_zoom_wants_what_the_secret_makes_of_the_challenge() -> None:
    """A receiver that merely echoes has not the secret."""
    found, _ = asking("zoom")
    assert found.expect[0] == CHALLENGE
    assert len(found.expect[1]) == 64


def test_what_an_answer_lacks_is_told() -> None:
    """Status and body, both of them; a provider that wants no body looks at none."""
    found, _ = asking("slack")
    assert found.lacks(200, b'{"challenge": "c4a11e"}') == ""
    for answer in ((200, b"c4a11"), (204, b"c4a11e")):
        assert found.lacks(*answer) == "it wants status 200, and c4a11e in the body"
    assert asking("discord")[0].lacks(200, b"{}") == "it wants status 204"
    assert asking("discord")[0].lacks(204, b"") == ""


def test_what_is_posted_is_signed_and_named() -> None:
    """By its time and by an id of its own; a GET has no signature, and always some token."""
    found, _ = asking("mcp-events")
    assert b"webhook-id: msg_c4a11e\r\n" in found.headers
    assert b"webhook-timestamp: 1800000000\r\n" in found.headers
    assert found.body == b'{"type":"verification","challenge":"c4a11e"}'
    meta = ask(Signer(load_provider("meta"), [b"k"]), [b"k"], CHALLENGE, 1.8e9, env={})
    assert (meta.headers, meta.query[-22:]) == (b"", "&hub.verify_token=none")


def test_events_are_no_handshakes() -> None:
    """Nor is a GET with another token; and most providers have none."""
    assert asking("slack")[1].answer(b'{"type":"event_callback"}') is None
    found, _ = asking("meta")
    other = Answerer(load_provider("meta"), [b"k"], {VERIFY_TOKEN: "another"})
    assert other.answer(found.query.encode()) is None
    assert Answerer(load_provider("github"), [b"k"]).answer(b"") is None
