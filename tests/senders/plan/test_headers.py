"""Headers of a user's own: what may be set, and what is never shown."""

import argparse

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.signing import Signer
from _hookswarm.senders.plan.headers import read_headers
from _hookswarm.senders.plan.options import add_options, lines_of
from tests.support.receivers import KEY

GITHUB = load_provider("github")


def faults(*texts: str, provider: str = "github", **env: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read_headers(texts, load_provider(provider), env)
    return caught.value.faults


def test_variables_are_filled_in() -> None:
    """Where they stand in braces; all else is sent as it was written."""
    headers = read_headers(["Authorization: Bearer ${TOKEN}", "X-Cost:  $5 {id} ", "X-None:"], GITHUB, {"TOKEN": "t:1"})
    assert headers.sent == {"Authorization": "Bearer t:1", "X-Cost": "$5 {id}", "X-None": ""}
    assert headers.given["Authorization"] == "Bearer ${TOKEN}"
    assert "t:1" not in repr(headers)


def test_what_stood_in_the_environment_is_known() -> None:
    """Alone, as an endpoint may repeat it."""
    given = ["Authorization: Bearer ${A}", "X: ${B}${C}", "Y: plain"]
    headers = read_headers(given, GITHUB, {"A": "a:1", "B": "b", "C": ""})
    assert list(headers.hidden()) == [b"a:1", b"b"]


def test_a_request_is_shown_as_its_headers_were_given() -> None:
    """And its body as it is."""
    headers = read_headers(["Authorization: ${TOKEN}"], GITHUB, {"TOKEN": "secret"})
    request = b"POST / HTTP/1.1\r\nAuthorization: secret\r\nA: 1\r\n\r\nAuthorization: secret"
    assert headers.unread(request) == request.replace(b"secret", b"${TOKEN}", 1)


def test_every_fault_is_named_at_once() -> None:
    """A phrase for each, with what to do; what came from the environment is in none."""
    said = faults(
        "no colon", "A b: 1", "Content-Length: 3", "Host: x", "X: ${NONE} ${NONE}", "Y: ${LINES}", "Z: a\x07",
        "A: 1", "a: 2", "X-Hub-Signature-256: sha256=0", LINES="hid\r\nden",
    )  # fmt: skip
    assert len(said) == 9
    for fault, wanted in zip(
        sorted(said),
        sorted((
            "without a colon", "is not a header's name", "the wire sets it", "Host: the URL says it",
            "${NONE} is not set: set it", "a line break", "a control character", "given twice",
            "the signature of github stands in it",
        ), key=lambda phrase: next(fault for fault in said if phrase in fault)),
        strict=True,
    ):  # fmt: skip
        assert fault.startswith("--header: ")
        assert wanted in fault
    assert "hid" not in " ".join(said)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("standard-webhooks", "Webhook-Timestamp"),
        ("svix", "svix-id"),
        ("github", "hookswarm-attempt"),
        ("slack", "x-slack-request-timestamp"),
    ],
)
def test_what_is_signed_is_not_to_be_replaced(provider: str, name: str) -> None:
    """Nor what events are told apart by: a receiver would refuse every one of them."""
    (fault,) = faults(f"{name}: 1", provider=provider)
    assert fault.endswith("leave it out")


def test_a_break_within_one_header_makes_no_other() -> None:
    """On the command line, too, where each option is one header."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = parser.parse_args(["--header", "A: 1\nB: 2", "--header", "C: 3"])
    (fault,) = faults(*lines_of(options.header))
    assert "'A': a line break in its value" in fault


def test_they_stand_in_the_place_of_the_providers() -> None:
    """Whatever their case: the provider's own line is gone, and those that are no one else's are added."""
    own = read_headers(["user-agent: me", "Content-Type: text/plain", "x-github-event: mine", "X-New: é"], GITHUB).sent
    signer = Signer(GITHUB, [KEY], own)
    sent = signer.head + signer.dress(b"1", 0, b"{}")[0]
    lines = sent.decode().splitlines()
    for line in ("user-agent: me", "Content-Type: text/plain", "x-github-event: mine", "X-New: é"):
        assert [one for one in lines if one.lower().startswith(line.lower().partition(":")[0] + ":")] == [line]
