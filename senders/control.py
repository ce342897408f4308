"""The receivers' control APIs, as the master uses them: which run is on, and what goes wrong."""

import json
import time
from collections.abc import Sequence

import gevent
import httpx

from protocol.credentials import control_token
from protocol.errors import ConfigError
from protocol.faults import FaultOrder, dump_order
from protocol.identity import NO_RUN
from protocol.outage import Outage, dump_outage, parse_seen
from protocol.regions import Region
from protocol.setup import Setup

POLL_S = 0.05
PATIENCE_S = 30.0
"""How long a call may take: a data plane that starts anew needs seconds."""


class ControlError(Exception):
    """A receiver does not obey; the text says why, for people."""


class Controls:
    """Tells every region's receiver that is ours. Every call raises ControlError but `release`."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._table = regions
        self._regions = [region for region in regions if region.control]
        self._faulty = False
        self._setup = Setup()
        """What the receivers are told to be, where that is not as they were started."""

    def reset(self, run: str) -> None:
        """Journals of `run` from now on, and no faults."""
        self._post("/reset", json.dumps({"run": run}).encode())

    def set_faults(self, order: FaultOrder) -> None:
        """What goes wrong from now on; one without faults ends those that were set."""
        faulty = bool(order.parts())
        if faulty or self._faulty:
            self._post("/faults", dump_order(order).encode())
        self._faulty = faulty

    def befall(self, region: int, order: FaultOrder) -> None:
        """What goes wrong at one region, by its place in the table."""
        self._call(self._region(region), "POST", "/faults", dump_order(order).encode())
        self._faulty = True  # so that the next stage ends it

    def set_outage(self, region: int, outage: Outage) -> None:
        """Have a whole region out for a while."""
        self._call(self._region(region), "POST", "/outage", dump_outage(outage).encode())

    def await_outage(self, region: int) -> tuple[int, int]:
        """When a region's outage began and ended (ns), once it is over."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            seen = parse_seen(self._call(self._region(region), "GET", "/outage").content)
            if seen.begun_ns is not None and seen.ended_ns is not None:
                return seen.begun_ns, seen.ended_ns
            gevent.sleep(POLL_S)
        raise ControlError(
            f"the receiver of {self._table[region].name} is not back {PATIENCE_S:.0f} s after its outage"
        )

    def _region(self, place: int) -> Region:
        return self._table[place]

    def set_up(self, setup: Setup) -> None:
        """How every receiver is to serve."""
        if setup != self._setup:
            self._setup = setup  # first, for a call that fails may have reached some of them
            self._post("/setup", setup.model_dump_json().encode())

    def rest(self) -> None:
        """Nothing is being sent: let them give back the memory that is free."""
        self._post("/rest", b"")

    def release(self) -> None:
        """The run is over, however it went: leave the receivers as they were."""
        try:
            self.reset(NO_RUN)
            self.set_up(Setup())
        except ControlError:
            pass

    def _post(self, call: str, body: bytes) -> None:
        for region in self._regions:
            self._call(region, "POST", call, body)

    def _call(self, region: Region, method: str, call: str, body: bytes = b"") -> httpx.Response:
        try:
            headers = {"Authorization": f"Bearer {control_token()}"}
            with httpx.Client(headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
                answer = client.request(method, f"{region.control}{call}", content=body)
        except (httpx.HTTPError, ConfigError) as error:
            raise ControlError(f"the receivers' control API does not obey: {error}") from None
        if answer.status_code != httpx.codes.OK:
            raise ControlError(f"the receiver of {region.name} refuses {call}: {_reason(answer)}")
        return answer


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, TypeError, KeyError):
        return f"status {answer.status_code}"
