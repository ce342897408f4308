"""Where each webhook's deliveries go, and what signs them there."""

import argparse
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.signing import Verifier
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.settings import Settings, check_options
from _hookswarm.senders.transport.aimed import Place
from _hookswarm.senders.worker.places import make_places
from tests.support.signed import fields

AT_S = 1_700_000_000.0
OWN_HEADER = "url,headers\nhttp://127.0.0.1:9/a,X-GitHub-Hook-ID: own\n"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOOKSWARM_SECRET", "old-secret")
    monkeypatch.setenv("HOOKSWARM_SECRET_NEXT", "new-secret")
    monkeypatch.chdir(tmp_path)


def settings(*options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check_options(parser.parse_args(["--provider=github", "--rotate-at=30s", *options]))


def verified(place: Place, now_s: float) -> list[bool]:
    """By the old secret alone, and by the new one alone."""
    headers, body = place.dress(b"msg_deadbeef_3_7_5", now_s, b"{}", b"1-0-0-0", b"", 0, 5, 1, b"")
    provider = settings(TEMPLATE).provider
    return [Verifier(provider, [key]).verify(fields(headers), body) for key in (b"old-secret", b"new-secret")]


TEMPLATE = "--target=http://127.0.0.1:9/t/{webhook}"


@pytest.mark.parametrize("options", [TEMPLATE, "--endpoints=endpoints.csv"])
def test_the_secret_changes_at_each_of_them(options: str) -> None:
    """Those of a template, and those of a file that have headers of their own; in the next stage it begins anew."""
    Path("endpoints.csv").write_text(OWN_HEADER)
    places = make_places(settings(options))
    assert places
    for start_s in (AT_S, AT_S + 100):
        places.begin(start_s)
        assert verified(places.of(0), start_s - 1) == [True, False]
        assert verified(places.of(0), start_s) == [False, True]


def test_secrets_of_their_own_do_not_change() -> None:
    """There is one next secret: for endpoints that each have another it is refused."""
    Path("endpoints.csv").write_text("url,secret\nhttp://127.0.0.1:9/a,mine\n")
    with pytest.raises(ConfigError, match="--rotate-at changes the secret of all, and --endpoints has others"):
        settings("--endpoints=endpoints.csv")
