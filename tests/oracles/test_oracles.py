"""Providers' own libraries judge what we send: right, changed by one byte, and signed by two secrets in a rotation."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from _hookswarm.protocol.credentials import Secret, public_key_text
from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.providers import Provider, load_provider
from _hookswarm.protocol.signing import Signer
from _hookswarm.senders.plan.payloads import Generated
from tests.support.receivers import CHECKOUT
from tests.support.signed import fields

HERE, ORACLES = Path(__file__).parent, CHECKOUT / ".venv" / "oracles"
COMMANDS = {
    "python": [str(ORACLES / "bin" / "python"), str(HERE / "verify.py")],
    "node": ["node", str(HERE / "verify.mjs"), str(ORACLES)],
}
LANGUAGES = {
    **dict.fromkeys(("github", "linear", "shopify"), "node"),
    **dict.fromkeys(
        ("standard-webhooks", "debezium", "mcp-events", "svix", "stripe", "slack", "twilio", "sendgrid", "discord",
         "square", "paddle", "hubspot", "hook0", "mailgun"), "python",
    ),
}  # fmt: skip
"""The providers whose own library we have, or that of the specification they follow, and what it is written in."""
ROTATED = [name for name in LANGUAGES if (signature := load_provider(name).signature) and signature.again]

URL = "https://hooks.example.com/in/1?a=b&c=%20d"
EVENT = b"msg_deadbeef_3_7_5"
KINDS = ("right", "body", "signature", "secret", "new", "old")

pytestmark = pytest.mark.skipif(not (ORACLES / ".done").exists(), reason="the oracles are not there: make oracles")


class Made(NamedTuple):
    """A secret of a provider, in each of its forms."""

    text: str
    key: bytes
    public: str


def made(provider: Provider) -> Made:
    """A new one."""
    assert provider.signature
    text = make_secret(provider.signature.secret)
    key = parse_secret(text, provider.signature.secret)
    return Made(text, key, public_key_text(provider, Secret(key, "", provider.signature.secret, True)) or "")


def cases(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the library is to judge, by its kind."""
    provider = load_provider(name)
    one, other = made(provider), made(provider)

    def sent(signers: list[Made], held: Made) -> dict[str, Any]:
        signer = Signer(provider, [secret.key for secret in signers])
        payload = Generated("thin", 1).body(EVENT, 1)
        headers, body = signer.dress(EVENT, time.time(), payload, b"1-0-0-0", url=URL.encode())
        told = {"provider": name, "secret": held.text, "public": held.public, "url": URL}
        return {**told, "headers": fields(headers), "body": body.decode()}

    right = sent([one], one)
    yield "right", right
    yield "body", {**right, "body": changed(right["body"], provider)}
    yield "signature", changed_signature(right, provider)
    yield "secret", sent([one], other)
    if name in ROTATED:
        yield "old", sent([one, other], one)
        yield "new", sent([one, other], other)


def changed(text: str, provider: Provider) -> str:
    """A body with one character changed, where it is signed."""
    place = text.index('"token":"') + 9 if provider.name == "mailgun" else len(text) // 2
    return text[:place] + ("y" if text[place] != "y" else "z") + text[place + 1 :]


def changed_signature(right: dict[str, Any], provider: Provider) -> dict[str, Any]:
    """The same with one character of the signature changed."""
    assert provider.signature
    name = (provider.signature.header or "").lower()
    text = right["headers"][name] if name else right["body"]
    place = text.index('"signature":"') + 20 if not name else len(text) - 12
    text = text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
    return {**right, "headers": {**right["headers"], name: text}} if name else {**right, "body": text}


@pytest.fixture(scope="module")
def judged() -> Mapping[tuple[str, str], bool]:
    """What each library says of each case: one process for each language, since importing them takes seconds."""
    answers: dict[tuple[str, str], bool] = {}
    for language, command in COMMANDS.items():
        asked = {(name, kind): case for name in LANGUAGES if LANGUAGES[name] == language for kind, case in cases(name)}
        done = subprocess.run(
            command, input=json.dumps(list(asked.values())), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        answers.update(zip(asked, json.loads(done.stdout.splitlines()[-1]), strict=True))
    return answers


@pytest.mark.parametrize("name", LANGUAGES)
def test_its_own_library_accepts_what_we_send(name: str, judged: Mapping[tuple[str, str], bool]) -> None:
    """And refuses it with one byte of the body or of the signature changed, or with another secret."""
    found = {kind: judged[name, kind] for kind in ("right", "body", "signature", "secret")}
    assert found == {"right": True, "body": False, "signature": False, "secret": False}


@pytest.mark.parametrize("name", ROTATED)
def test_during_a_rotation_either_secret_verifies(name: str, judged: Mapping[tuple[str, str], bool]) -> None:
    """Both signatures stand in one header: a receiver that holds the old secret takes it, and one that has the new."""
    assert (judged[name, "old"], judged[name, "new"]) == (True, True)
