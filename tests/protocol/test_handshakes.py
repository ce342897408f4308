"""Handshakes: what is asked, and that our own receivers answer right."""

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.handshakes import VERIFY_TOKEN, Answerer, Greeting, greeting
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.signing import Signer, Verifier
from tests.support.signed import fields

TOKEN = {VERIFY_TOKEN: "a token & more"}


def asked(name: str, challenge: bytes = b"c4a11e") -> tuple[Greeting, Answerer, Verifier]:
    provider = load_provider(name)
    assert provider.signature
    keys = [parse_secret(make_secret(provider.signature.secret), provider.signature.secret)]
    found = greeting(Signer(provider, keys), keys, challenge, 1_700_000_000, env=TOKEN)
    assert found
    return found, Answerer(provider, keys, TOKEN), Verifier(provider, keys)


@pytest.mark.parametrize("name", ["slack", "zoom", "meta", "discord", "mcp-events"])
def test_our_own_receivers_answer_right(name: str) -> None:
    """What must stand in the answer stands there, and what is posted is signed as an event is."""
    found, answerer, verifier = asked(name)
    answer = answerer.answer(found.query.encode() if found.method == "GET" else found.body)
    assert answer is not None
    assert all(one in answer for one in found.expect)
    assert (answerer.method, answerer.status) == (found.method, found.status)
    assert found.method == "GET" or verifier.verify(fields(found.headers), found.body)
    assert b"hookswarm-" not in found.headers


def test_zoom_wants_what_the_secret_makes_of_the_challenge() -> None:
    """A receiver that merely echoes has not the secret."""
    found, _, _ = asked("zoom")
    assert found.expect[0] == b"c4a11e"
    assert len(found.expect[1]) == 64


def test_events_are_no_handshakes() -> None:
    """Nor is a GET with another token."""
    assert asked("slack")[1].answer(b'{"type":"event_callback"}') is None
    found, _, _ = asked("meta")
    other = Answerer(load_provider("meta"), [b"k"], {VERIFY_TOKEN: "another"})
    assert other.answer(found.query.encode()) is None


def test_most_have_none() -> None:
    """And one that names a token needs it."""
    assert greeting(Signer(load_provider("github"), [b"k"]), [b"k"], b"c", 0) is None
    with pytest.raises(ConfigError, match=r"set \$HOOKSWARM_VERIFY_TOKEN"):
        greeting(Signer(load_provider("meta"), [b"k"]), [b"k"], b"c", 0, env={})
