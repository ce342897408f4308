"""The receivers that the command starts by itself."""

import contextlib
import http.client
import threading
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from _hookswarm.runner.interrupt import Interrupt
from _hookswarm.runner.options import make_parser
from _hookswarm.runner.receivers import listening_host, running_receivers
from _hookswarm.runner.tests import TESTS
from tests.support.receivers import CHECKOUT

ENDPOINTS = 1_200
"""More than a receiver takes as it is usually started."""


@pytest.mark.parametrize(
    ("advertise", "host"),
    [
        ("", ""),
        ("http://192.0.2.7:{port}", "0.0.0.0"),
        ("http://192.0.2.7", "0.0.0.0"),
        ("http://[::1]:{port}", "::"),
        ("https://[2001:db8::7]/a", "::"),
        ("http://receivers.example:{port}", "::"),
    ],
)
def test_receivers_listen_where_the_advertised_address_may_be(advertise: str, host: str) -> None:
    """A name may have addresses of either family."""
    assert listening_host(advertise) == host


@pytest.mark.slow
def test_a_service_may_keep_a_connection_open_for_each_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None waits for another to end: all are answered, and stay open."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    options = make_parser().parse_args(["--service", "alertmanager"])
    with running_receivers(TESTS["load"], options, Interrupt(threading.Event())) as [regions, *_]:
        [region] = tomllib.loads(Path(regions.partition("=")[2]).read_text())["region"]
        parts = urlsplit(region["url"])
        with contextlib.ExitStack() as opened:
            for _ in range(ENDPOINTS):
                connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
                opened.callback(connection.close)
                connection.request("GET", "/health")
                assert connection.getresponse().read()
                assert connection.sock
