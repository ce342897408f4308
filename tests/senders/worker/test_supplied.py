"""The endpoints of a sending process whose host has no such file: the master's, in pieces, into memory."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from _hookswarm.protocol.providers import load_provider
from _hookswarm.senders.exchange.gather import CHUNK
from _hookswarm.senders.exchange.supply import Wanted
from _hookswarm.senders.master.ending import RunFailedError
from _hookswarm.senders.master.supplier import Supplier
from _hookswarm.senders.plan.endpoint_files import parse_endpoints
from _hookswarm.senders.worker.supplied import TRIES, Supplied

CONTENT = b"url\n" + b"".join(b"http://127.0.0.1/%d\n" % n for n in range(CHUNK // 16))
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Both:
    """A master and a sending process, `node`, that hear each other at once."""

    def __init__(self, folder: Path, ready: set[str], change: Callable[[], object] = lambda: None) -> None:
        self.file = folder / "endpoints.csv"
        self.file.write_bytes(CONTENT)
        self.ready = ready
        self.asked: list[Wanted] = []
        self.supplier = Supplier(ready)
        self.supplier.begin(self.file, parse_endpoints(io.BytesIO(CONTENT), self.file, load_provider()))
        self._change = change
        self.supplied = Supplied(self._ask)

    def _ask(self, wanted: Wanted) -> None:
        self.asked.append(wanted)
        self._change()
        self.supplied.hear(self.supplier.answer("node", wanted))


def test_who_has_no_file_gets_the_masters(tmp_path: Path) -> None:
    """Piece by piece, whole, and then the master knows."""
    both = Both(tmp_path, {"node"})
    got: list[bytes] = []
    assert both.supplied.fetch("", got.append) == ""
    assert got == [CONTENT]
    assert [wanted.offset for wanted in both.asked] == [0, CHUNK, 0]
    assert both.supplier.supplied == {"node"}


def test_who_has_another_file_gets_the_masters_too(tmp_path: Path) -> None:
    """One that is old would send elsewhere; one that is the same is not sent."""
    both = Both(tmp_path, {"node"})
    got: list[bytes] = []
    assert both.supplied.fetch("another", got.append) == ""
    assert both.supplied.fetch(DIGEST, got.append) == ""
    assert got == [CONTENT]


def test_nobody_is_supplied_before_it_can_be_sent_stages(tmp_path: Path) -> None:
    """It says so again, until the master listens."""
    ready: set[str] = set()
    both = Both(tmp_path, ready, lambda: ready.add("node") if len(both.asked) > 1 else None)
    assert both.supplied.fetch(DIGEST, lambda _content: None) == ""
    assert [wanted.digest for wanted in both.asked] == [DIGEST, DIGEST]


def test_a_file_that_changes_meanwhile_is_no_endless_matter(tmp_path: Path) -> None:
    """What was fetched is not what the master judged: after some tries that is told."""
    both = Both(tmp_path, {"node"}, lambda: both.file.write_bytes(b"url\nhttp://127.0.0.1/other\n"))
    assert "was changed at the master" in both.supplied.fetch("", lambda _content: None)
    assert len(both.asked) == TRIES


def test_the_master_waits_for_all_and_says_who_failed(tmp_path: Path) -> None:
    """Not at all where nobody is lacking, nor where the run is to end."""
    both = Both(tmp_path, {"node"})
    both.supplier.wait(lambda: set(), lambda: False, lambda: "")
    both.supplier.wait(lambda: {"node"}, lambda: True, lambda: "")
    with pytest.raises(RunFailedError, match="it has no room"):
        both.supplier.wait(lambda: {"node"}, lambda: False, lambda: "it has no room")
    both.supplier.supplied.add("node")
    both.supplier.wait(lambda: {"node"}, lambda: False, lambda: "")
