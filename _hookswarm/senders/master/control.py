"""The receivers' control APIs, as the master uses them: which run is on, and what goes wrong."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import gevent
import httpx
from pydantic import TypeAdapter, ValidationError

from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.protocol.clock import ClockTold
from _hookswarm.protocol.credentials import control_token
from _hookswarm.protocol.faults import FaultOrder, dump_order
from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.protocol.outage import Outage, dump_outage, parse_seen
from _hookswarm.protocol.refusal import refusal_reason
from _hookswarm.protocol.regions import Region
from _hookswarm.protocol.served import Caught, Served
from _hookswarm.protocol.setup import Setup
from _hookswarm.protocol.version import version_difference
from _hookswarm.records.clock import Clock, Exchange, Offset, boot_id, measure_offset
from _hookswarm.records.timeline import ClockRead

POLL_S = 0.05
EXCHANGES = 16
"""How often another host's clock is read; the shortest round trip counts."""
PATIENCE_S = 30.0
"""How long a call may take: a data plane that starts anew needs seconds."""
WATCHER_PATIENCE_S = 0.5
"""The same of a call that only somebody who watches waits for."""


_CAUGHT = TypeAdapter(dict[str, list[Caught]])

T = TypeVar("T")


class ControlError(HookswarmError):
    """A receiver does not obey; the text says why, for people."""


class Controls:
    """Tells every region's receiver that is ours. Every call raises ControlError but `release`."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self._table = regions
        self._regions = [region for region in regions if region.control]
        self._faulty = False
        self._ahead_ns: dict[str, int] = {}
        """By region: how far its clock is ahead of ours."""
        self.neighbours: set[int] = set()
        """Process ids of the supervisors on this machine."""
        self._setup = Setup()
        """What the receivers are told to be, where that is not as they were started."""

    def read_clocks(self, clock: Clock) -> list[ClockRead]:
        """How far every receiver's clock is ahead of `clock`; from now on it is told instants by its own."""
        found = [self._read_clock(region, clock) for region in self._regions]
        self._ahead_ns = {read.region: read.offset_ns for read in found}
        return found

    def _read_clock(self, region: Region, clock: Clock) -> ClockRead:
        exchanges: list[Exchange] = []
        for _ in range(EXCHANGES):
            asked = clock.now()
            answer = self._call(region, "GET", "/clock")
            answered = clock.now()
            told = _parsed(ClockTold.model_validate_json, region, answer)
            if fault := version_difference(f"the receiver of {region.name}", told.protocol):
                raise ControlError(fault)
            if told.boot == boot_id() != "":  # one monotonic clock: the anchors say it exactly
                self.neighbours |= {told.pid} - {0}
                offset = Offset(told.anchor_ns - clock.anchor_ns, 0)
                break
            exchanges.append(Exchange(asked, told.now_ns, answered))
        else:
            offset = measure_offset(exchanges)
        return ClockRead(
            at_ns=answered,
            region=region.name,
            host=told.host,
            boot=told.boot,
            anchor_ns=told.anchor_ns,
            offset_ns=offset.ns,
            uncertainty_ns=offset.uncertainty_ns,
        )

    def reset(self, run: str) -> None:
        """Journals of `run` from now on, and no faults."""
        self._post("/reset", json.dumps({"run": run}).encode())

    def set_faults(self, order: FaultOrder) -> None:
        """What goes wrong from now on; one without faults ends those that were set."""
        faulty = bool(order.parts())
        if faulty or self._faulty:
            for region in self._regions:
                self._call(region, "POST", "/faults", dump_order(self._theirs(region, order)).encode())
        self._faulty = faulty

    def befall(self, region: int, order: FaultOrder) -> None:
        """What goes wrong at one region, by its place in the table."""
        told = dump_order(self._theirs(self._region(region), order))
        self._call(self._region(region), "POST", "/faults", told.encode())
        self._faulty = True  # so that the next stage ends it

    def set_outage(self, region: int, outage: Outage) -> None:
        """Have a whole region out for a while."""
        ahead_ns = self._ahead_ns.get(self._region(region).name, 0)
        theirs = replace(outage, begin_ns=outage.begin_ns + ahead_ns, end_ns=outage.end_ns + ahead_ns)
        self._call(self._region(region), "POST", "/outage", dump_outage(theirs).encode())

    def await_outage(self, region: int) -> tuple[int, int]:
        """When a region's outage began and ended (ns, by our clock), once it is over."""
        ahead_ns = self._ahead_ns.get(self._region(region).name, 0)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            seen = _parsed(parse_seen, self._region(region), self._call(self._region(region), "GET", "/outage"))
            if seen.begun_ns is not None and seen.ended_ns is not None:
                return seen.begun_ns - ahead_ns, seen.ended_ns - ahead_ns
            gevent.sleep(POLL_S)
        raise ControlError(
            f"the receiver of {self._table[region].name} is not back {PATIENCE_S:.0f} s after its outage"
        )

    def _theirs(self, region: Region, order: FaultOrder) -> FaultOrder:
        """An order by that receiver's clock."""
        ahead_ns = self._ahead_ns.get(region.name, 0)
        begin_ns, end_ns = (at if at is None else at + ahead_ns for at in (order.begin_ns, order.end_ns))
        return replace(order, begin_ns=begin_ns, end_ns=end_ns)

    def _region(self, place: int) -> Region:
        return self._table[place]

    def set_up(self, setup: Setup) -> None:
        """How every receiver is to serve."""
        if setup != self._setup:
            self._setup = setup  # first, because a call that fails may have reached some of them
            self._post("/setup", setup.model_dump_json().encode())

    def serve(self, served: Served) -> None:
        """Take a service's deliveries in the run that is on."""
        self._post("/served", served.model_dump_json().encode())

    def caught(self) -> list[Caught]:
        """What came of the service since then, to any region, where it was to be caught; as it came, by our clock."""
        found = []
        for region in self._regions:
            told = _parsed(_CAUGHT.validate_json, region, self._call(region, "GET", "/caught"))
            ahead_ns = self._ahead_ns.get(region.name, 0)
            found += [one.model_copy(update={"received_ns": one.received_ns - ahead_ns}) for one in told["caught"]]
        return sorted(found, key=lambda one: one.received_ns)

    def rest(self) -> None:
        """Nothing is being sent: let them give back the memory that is free."""
        self._post("/rest", b"")

    def arrived(self) -> dict[str, int]:
        """How many attempts reached each region's receiver in this run, as far as they say so at once."""
        found = {}
        for region in self._regions:
            if self._client.is_closed:  # the run ended meanwhile
                break
            try:
                told = self._call(region, "GET", "/stats", patience_s=WATCHER_PATIENCE_S).json()
                found[region.name] = int(told["arrivals"])
            except (ControlError, ValueError, TypeError, KeyError, RecursionError):
                continue
        return found

    def release(self) -> None:
        """The run is over, however it went: leave the receivers as they were."""
        try:
            self.reset(NO_RUN)
            self.set_up(Setup())
        except ControlError:
            pass
        if "_client" in vars(self):  # without receivers of ours nobody was called
            self._client.close()

    def _post(self, call: str, body: bytes) -> None:
        for region in self._regions:
            self._call(region, "POST", call, body)

    @cached_property
    def _client(self) -> httpx.Client:
        try:
            headers = {"Authorization": f"Bearer {control_token()}"}
        except ConfigError as error:
            raise ControlError(str(error)) from None
        return httpx.Client(headers=headers, trust_env=False)

    def _call(
        self, region: Region, method: str, call: str, body: bytes = b"", patience_s: float = PATIENCE_S
    ) -> httpx.Response:
        try:
            answer = self._client.request(method, f"{region.control}{call}", content=body, timeout=patience_s)
        except httpx.HTTPError as error:
            raise ControlError(
                f"the control API of {region.name}, {region.control}, does not answer: {error}: "
                "see what the receiver printed last, and start it again"
            ) from None
        if answer.status_code != httpx.codes.OK:
            raise ControlError(f"the receiver of {region.name} refuses {call}: {refusal_reason(answer)}")
        return answer


def _parsed(parse: Callable[[bytes], T], region: Region, answer: httpx.Response) -> T:
    """What an answer says. Raises ControlError where somebody else gave it."""
    try:
        return parse(answer.content)
    except ValidationError:
        raise ControlError(
            f"the control API of {region.name}, {region.control}, answers as none of ours does: "
            "mend 'control' in the table of regions"
        ) from None
