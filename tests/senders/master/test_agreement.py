"""Whether a sending process signs as its master does."""

import argparse
from pathlib import Path

import pytest

from _hookswarm.senders.exchange.messages import Signs
from _hookswarm.senders.master.agreement import disagreement
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOKSWARM_SECRET", "a secret of github's")


def settings(*options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check_options(parser.parse_args(["--provider=github", *options]))


def signs(how: str = "", keys: str = "") -> Signs:
    own_how, own_keys = settings().signs_as()
    return Signs(process="a-1", how=how or own_how, keys=keys or own_keys)


def test_who_signs_alike_agrees() -> None:
    """It has the same provider, headers and secret."""
    assert disagreement(signs(), settings()) == ""


def test_what_differs_is_named() -> None:
    """With the process; how it signs goes before what it signs with."""
    assert disagreement(signs(keys="other"), settings()).startswith("a-1: it has another secret ($HOOKSWARM_SECRET)")
    assert disagreement(signs("other", "other"), settings()).startswith("a-1: it has another --provider or --header")


def test_a_secret_that_no_endpoint_uses_may_differ() -> None:
    """Where each has its own; how it signs may not."""
    Path("ends.csv").write_text("url,secret\nhttp://127.0.0.1:9/,mine\n")
    assert disagreement(signs(keys="other"), settings("--endpoints=ends.csv")) == ""
    assert disagreement(signs(how="other"), settings("--endpoints=ends.csv"))
