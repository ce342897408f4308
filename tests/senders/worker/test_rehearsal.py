"""A request that is not sent."""

import argparse
from pathlib import Path

import pytest

from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.worker.rehearsal import first_request
from tests.support.receivers import KEY, SECRET
from tests.support.signed import verify


def test_it_is_what_would_be_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a host that there is not: head, signature that holds, and the user's own body."""
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)
    (tmp_path / "body.json").write_text('{"mine": 1}')
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = ["--target", "https://nobody.invalid/x?y=1", "--allow-remote", "--payloads", str(tmp_path / "body.json")]
    settings = check_options(parser.parse_args([*options, "--results", str(tmp_path / "results")]))
    head, _, body = first_request(Stage("one", events=1), settings).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    assert (first, body) == (b"POST /x?y=1 HTTP/1.1", b'{"mine": 1}')
    headers = {name: value for name, _, value in (line.partition(b": ") for line in lines)}
    assert headers[b"Host"] == b"nobody.invalid"
    assert headers[b"Content-Length"] == b"11"
    signed = (headers[b"webhook-id"], headers[b"webhook-timestamp"], body, headers[b"webhook-signature"])
    assert verify(KEY, *signed)


def test_a_payloads_type_and_format_are_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the header and the content type of the provider."""
    monkeypatch.setenv("HOOKSWARM_SECRET", "plain")
    (tmp_path / "bodies/star").mkdir(parents=True)
    (tmp_path / "bodies/star/1.xml").write_text("<star/>")
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = ["--provider=github", f"--payloads={tmp_path}/bodies", f"--results={tmp_path}/results"]
    request = first_request(Stage("one", events=1), check_options(parser.parse_args(options)))
    assert b"\r\nX-GitHub-Event: star\r\n" in request
    assert b"\r\nContent-Type: application/xml\r\n" in request
    assert request.endswith(b"\r\n\r\n<star/>")
