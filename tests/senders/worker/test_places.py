"""Where a webhook's deliveries go, and who signs them."""

import argparse
import base64
from pathlib import Path

import pytest

from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.transport.aimed import Place
from _hookswarm.senders.worker.places import KEPT, Places, make_places
from tests.support.receivers import KEY, SECRET
from tests.support.signed import fields, verify

OWN = b"o" * 32


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)


def settings(*options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check_options(parser.parse_args(options))


def places(rows: list[str], *options: str) -> Places:
    Path("e.csv").write_text("\n".join(["url,secret,headers", *rows, ""]))
    made = make_places(settings("--endpoints=e.csv", *options))
    assert made
    return made


def signs(place: Place, key: bytes) -> bool:
    """Whether it dresses attempts under a key."""
    assert place.plainly
    headers = {name: text.encode() for name, text in fields(place.plainly(b"msg_1", 1.0, b"{}", b"t")).items()}
    signed = (headers["webhook-id"], headers["webhook-timestamp"], b"{}", headers["webhook-signature"])
    return verify(key, *signed)


def test_one_target_has_no_places() -> None:
    """Its deliveries pay nothing for those that have."""
    assert make_places(settings("--target=http://127.0.0.1:9/x")) is None


def test_an_endpoint_has_its_own_line_secret_and_headers() -> None:
    """Headers of its own stand in the place of those of all; who has no secret is signed for as all are."""
    own = base64.b64encode(OWN).decode()
    made = places(
        [f"http://127.0.0.1:9/a,whsec_{own},X-All: its|Content-Type: text/plain", "http://127.0.0.1:9/b%20,,"],
        "--header=X-All: all",
    )
    first, second = made.of(0), made.of(1)
    assert first.url == b"http://127.0.0.1:9/a"
    assert first.lines.startswith(b"POST /a HTTP/1.1\r\nHost: 127.0.0.1:9\r\nUser-Agent: ")
    assert first.lines.count(b"X-All") == first.lines.lower().count(b"content-type") == 1
    assert first.lines.endswith(b"X-All: its\r\nContent-Type: text/plain\r\n")
    assert signs(first, OWN)
    assert not signs(first, KEY)
    assert second.lines.startswith(b"POST /b%20 HTTP/1.1\r\n")
    assert second.lines.endswith(b"X-All: all\r\n")
    assert second.dress is None


def test_httpx_gets_only_what_is_the_endpoints_own() -> None:
    """Its client has the other lines."""
    made = places(["http://127.0.0.1:9/a,,X: 1"], "--transport=httpx")
    assert made.of(0).lines == b"X: 1\r\n"


def test_a_template_is_signed_for_as_all_are() -> None:
    """A rotation of the secret holds for it, too."""
    made = make_places(settings("--target=http://127.0.0.1:9/t/{webhook}"))
    assert made
    assert made.of(7).lines.startswith(b"POST /t/7 HTTP/1.1\r\n")
    assert made.of(7).dress is None


def test_few_are_made_once_and_many_when_they_are_used() -> None:
    """So a file of 100,000 costs what is in use."""
    few, many = (places([f"http://127.0.0.1:9/{n},," for n in range(count)]) for count in (KEPT, KEPT + 1))
    assert few.of(3) is few.of(3)
    assert many.of(3) is not many.of(3)
