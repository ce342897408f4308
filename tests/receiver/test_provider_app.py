"""The receiver as another provider's: what it takes, refuses, and answers to a handshake."""

import time
from pathlib import Path

import pytest

from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.handshakes import VERIFY_TOKEN, ask
from _hookswarm.protocol.identity import format_attempt_tag, format_event_id
from _hookswarm.protocol.providers import load_provider, provider_names
from _hookswarm.protocol.signing import Signer
from tests.support.receivers import EVENT, TAG
from tests.support.rig import Rig, rig
from tests.support.signed import fields

URL = b"http://receiver/hooks"


def started(folder: Path, name: str) -> tuple[Rig, Signer, bytes]:
    provider = load_provider(name)
    assert provider.signature
    key = parse_secret(make_secret(provider.signature.secret), provider.signature.secret)
    return rig(folder, provider=provider, key=key), Signer(provider, [key]), key


@pytest.mark.parametrize("name", provider_names())
def test_it_takes_what_the_sender_sends(name: str, tmp_path: Path) -> None:
    """And knows the event; with a change of the signature it is refused, and without one that is plain, too."""
    app, signer, _ = started(tmp_path, name)
    headers, body = signer.dress(
        format_event_id(EVENT), time.time(), b'{"a": 1}', format_attempt_tag(TAG), b"", 3, 4, 1, URL
    )
    sent = fields(headers)
    status, told = signer.provider.acceptance.example()
    answer = app.post(body, sent)
    assert (answer.status_code, answer.content) == (status, told)
    (row,) = app.rows()
    assert (row["webhook"], row["sequence"], row["stage"]) == (EVENT.webhook, EVENT.sequence, EVENT.stage)
    signature = ((signer.provider.signature and signer.provider.signature.header) or "").lower()
    if signature:
        wrong = {**sent, signature: sent[signature][:-6] + "AAAAAA"}
        assert app.post(body, wrong).status_code == 401
        answer = app.post(body, {key: value for key, value in sent.items() if key != signature})
        assert (answer.status_code, "is missing" in answer.text) == (400, True)
    else:
        assert app.post(body.replace(b'"signature":"', b'"signature":"0'), sent).status_code == 401


def test_what_is_stale_is_refused(tmp_path: Path) -> None:
    """Where the provider's receivers look at the time, which may stand within the signature's header."""
    app, signer, _ = started(tmp_path, "stripe")
    headers, body = signer.dress(format_event_id(EVENT), time.time() - 400, b"{}")
    answer = app.post(body, fields(headers))
    assert answer.status_code == 400
    assert answer.text.startswith("the time in Stripe-Signature says ")
    assert ", which is not within 300 s of ours: 40" in answer.text


@pytest.mark.parametrize("name", ["slack", "zoom", "discord", "mcp-events", "meta"])
def test_a_handshake_is_answered_and_is_no_arrival(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the provider wants to see."""
    monkeypatch.setenv(VERIFY_TOKEN, "a token & more")
    app, signer, key = started(tmp_path, name)
    found = ask(signer, [key], b"c4a11e", time.time(), URL)
    answer = app.client.request(
        found.method, f"/hooks?{found.query}".rstrip("?"), content=found.body, headers=fields(found.headers)
    )
    assert found.lacks(answer.status_code, answer.content) == ""
    assert app.journals() == []
