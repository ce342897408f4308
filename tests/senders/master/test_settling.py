"""Whose arrival tells that a service knows its endpoints."""

import base64
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.protocol.served import Caught
from _hookswarm.senders.master.ending import UntestedError
from _hookswarm.senders.master.settling import settle_by_probe
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.service.handing import Handed
from tests.senders.plan.test_plan import settings

TABLE = """
drain_s = 1
addresses = { api = "http://127.0.0.1:1" }
publish = { request = "POST {api}/events", body = "{payload}" }
settle_by_probe = true
"""
OURS, OTHERS = "msg_0000beef_ffff_0_%x", "msg_0000feed_ffff_0_%x"


class Probing:
    """Hands events over, and is its own clock and receiver: `caught` has come already."""

    def __init__(self, *caught: str) -> None:
        self.handed = 0
        self._caught = caught
        self._now = 0.0

    def now(self) -> float:
        self._now += 0.1
        return self._now

    def over(self, webhook: int, now: Any) -> Handed:
        self.handed += 1
        return Handed(OURS % (self.handed - 1), webhook, b"{}", now(), now())

    def caught(self) -> list[Caught]:
        body = base64.b64encode(b"{}")
        return [
            Caught(endpoint=0, event=event, method="POST", headers={}, body=body, received_ns=1, flags=0)
            for event in self._caught
        ]


def settle(folder: Path, *caught: str) -> int:
    """How many events it took."""
    path = folder / "own.toml"
    path.write_text(TABLE)
    told: Settings = settings(folder, "--service", str(path))
    assert told.service
    probing: Any = Probing(*caught)
    settle_by_probe(probing, probing, told.service, ["http://127.0.0.1:2/"], lambda: False, probing.now, print, 3)
    return int(probing.handed)


def test_one_of_the_events_tells_it(tmp_path: Path) -> None:
    """The latest, or one before it that comes late."""
    assert settle(tmp_path, OURS % 0) == 1
    assert settle(tmp_path, OURS % 1) == 1


@pytest.mark.parametrize("caught", [[], [OTHERS % 0], [""]])
def test_others_do_not(tmp_path: Path, caught: list[str]) -> None:
    """What the service still had of an earlier run, or of somebody else, was for endpoints that it knew."""
    with pytest.raises(UntestedError, match="none arrived within 3 s"):
        settle(tmp_path, *caught)
