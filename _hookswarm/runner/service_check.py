"""`check`: a service's table tried with one endpoint and one event, told step by step."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import BaseModel

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import figure
from _hookswarm.protocol.credentials import control_token
from _hookswarm.protocol.regions import Region, RegionTable
from _hookswarm.protocol.served import Served
from _hookswarm.receiver.fleet import OWN_BODIES, Fleet, on_free_ports
from _hookswarm.records.clock import Clock
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import new_run_id
from _hookswarm.records.rows import Flag
from _hookswarm.runner.interrupt import Insisting
from _hookswarm.runner.receivers import listening_host
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.master.ending import RunFailedError
from _hookswarm.senders.master.settling import settle_by_probe
from _hookswarm.senders.master.trial import (
    Tried,
    bytes_told,
    id_headers,
    patience_s,
    signature_mend,
    signature_told,
    try_once,
    why_not_arrived,
)
from _hookswarm.senders.plan.marked import Marked
from _hookswarm.senders.plan.payloads import Generated
from _hookswarm.senders.plan.reachable import unreachable_addresses
from _hookswarm.senders.plan.serviced import addresses_of
from _hookswarm.senders.service.account import open_account, settle
from _hookswarm.senders.service.endpoints import advertise_faults, endpoint_urls, served_by
from _hookswarm.senders.service.handing import Hand
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.kept import ACCOUNT, AccountFile, left_behind
from _hookswarm.senders.service.steps import StepError, Steps, Told
from _hookswarm.senders.service.table import Service, load_service
from _hookswarm.senders.transport.certificates import client_tls

SIZE = 64
"""Bytes of the payload, without its mark: small enough to be shown."""
_SPOILT = Flag.CORRUPT | Flag.BODILESS


class StepTold(BaseModel):
    """A request and its answer, without secrets."""

    step: str
    request: str
    answer: str
    ms: float


class Arrival(BaseModel):
    """The event as it arrived."""

    after_ms: float
    """Since it was accepted."""
    method: str
    bytes: int
    payload: str
    id_headers: list[str]
    """Headers that bring the event's id back."""
    signature: str
    mend: str
    """What makes the signature verify; empty: it does, or nothing is known."""


class Found(BaseModel):
    """What a check found."""

    service: str
    steps: list[StepTold] = []
    accepted: bool = False
    arrived: Arrival | None = None
    faults: list[str] = []
    """What is not well, each with what to do."""


def check(options: argparse.Namespace, interrupt: Insisting) -> Exit:
    """Try a table, and tell what was found. Raises ConfigError, ControlError, OSError."""
    service = load_service(options.service)
    addresses = addresses_of(service)
    region = _region(options)
    out = sys.stderr if options.json else sys.stdout

    def say(text: str) -> None:
        print(text, file=out, flush=True)

    found = Found(service=service.name)
    say(f"{service.name}: {', '.join(addresses.values())}")
    found.faults = unreachable_addresses(service.name, addresses)
    if not found.faults:
        _Check(service, region, options, found, interrupt, say).run()
    for fault in found.faults:
        say(f"not well: {fault}")
    if not found.faults and not interrupt.wanted.is_set():
        say(f"all is well: hookswarm --service {options.service} --quick tests it")
    if options.json:
        print(found.model_dump_json(indent=2))
    if interrupt.wanted.is_set():
        return Exit.INTERRUPTED
    return Exit.FAIL if found.faults else Exit.PASS


def _region(options: argparse.Namespace) -> Region:
    """Where our receiver is. Raises ConfigError."""
    (free,) = on_free_ports(["check"])
    if options.port is not None:
        if not 1 <= options.port <= 65535:
            raise ConfigError([f"--port {options.port} is out of range: write 1 to 65535"])
        free = free.model_copy(update={"url": f"http://127.0.0.1:{options.port}/hooks"})
    if options.advertise:
        faults = advertise_faults(options.advertise)
        if faults:
            raise ConfigError(faults)
    return free


class _Check:
    """One check, from the receiver's start to the teardown."""

    def __init__(
        self,
        service: Service,
        region: Region,
        options: argparse.Namespace,
        found: Found,
        interrupt: Insisting,
        say: Callable[[str], object],
    ) -> None:
        self._service = service
        self._region = region
        self._found = found
        self._interrupt = interrupt
        self._stopped = interrupt.wanted.is_set
        self._say = say
        self._clock = Clock()
        self._tls = client_tls(options.ca_file)
        self._advertise = options.advertise.rstrip("/")
        self._id = new_run_id("check", datetime.now(UTC))
        self._folder = options.results / self._id

    def run(self) -> None:
        """Raises ConfigError where the receiver does not start, ControlError, OSError."""
        self._folder.mkdir(parents=True)
        with tempfile.TemporaryFile() as log:
            arguments = ["--results", str(self._folder), *OWN_BODIES]
            table = RegionTable(region=(self._region,))
            with Fleet(table, arguments, output=log, host=listening_host(self._advertise)) as fleet:
                try:
                    fleet.wait_ready(control_token(), self._interrupt.wanted)
                except ConfigError as error:
                    log.seek(0)
                    raise ConfigError([*error.faults, log.read().decode(errors="replace").strip()[-500:]]) from None
                if self._stopped():
                    return
                controls = Controls([self._region])
                try:
                    controls.read_clocks(self._clock)
                    controls.reset(self._id)
                    self._with_receiver(controls)
                except KeyboardInterrupt:
                    if (self._folder / ACCOUNT).exists():
                        self._say(left_behind(self._service.name, self._folder))
                    raise
                finally:
                    controls.release()
        self._remove_folder()

    def _with_receiver(self, controls: Controls) -> None:
        urls = endpoint_urls([self._region], 1, self._advertise)
        self._say(f"a receiver of ours is the endpoint {urls[0]}")
        account = open_account(self._service, urls, self._id)
        steps = Steps(self._service, self._tell, self._tls)
        keeper = Keeper(
            self._service,
            account,
            steps,
            self._say,
            AccountFile(self._folder / ACCOUNT, self._service, self._id),
            self._stopped,
        )
        try:
            keeper.set_up()
            if not self._stopped():
                served = served_by(self._service, account)
                controls.serve(served.model_copy(update={"catch": True}))
                hand = Hand(self._service, account, steps, Marked(Generated(SIZE, 1)).body)
                self._settle(hand, controls, urls)
                self._try(hand, controls, urls, served)
        except (StepError, RunFailedError) as error:
            if not self._stopped():
                self._found.faults.append(str(error))
        except Exception:  # OSError for one: also then nothing is left behind
            self._tear_down(keeper, steps)
            raise
        self._tear_down(keeper, steps)

    def _tear_down(self, keeper: Keeper, steps: Steps) -> None:
        """Tell what was not taken down, and who can do it."""
        try:
            failed = keeper.tear_down()
        finally:
            steps.close()
        self._found.faults += [f"not taken down: {text}" for text in failed]
        if failed:
            self._found.faults.append(left_behind(self._service.name, self._folder))
        else:
            (self._folder / ACCOUNT).unlink(missing_ok=True)

    def _settle(self, hand: Hand, controls: Controls, urls: list[str]) -> None:
        if self._service.settle_by_probe:
            settle_by_probe(hand, controls, self._service, urls, self._stopped, self._now_s, self._say)
        else:
            settle(self._service.settle_s, self._stopped)

    def _try(self, hand: Hand, controls: Controls, urls: list[str], served: Served) -> None:
        """Publish the event, and tell what came of it."""
        tried = try_once(hand, controls, 0, patience_s(self._service), self._stopped, self._now_s, self._say)
        self._found.accepted = True
        if self._stopped():
            return
        if not tried.arrived:
            why = why_not_arrived(self._service, tried, urls[0])
            self._found.faults.append(
                f"the event was accepted, and did not arrive within {tried.waited_s:.0f} s: {why}"
            )
            return
        self._arrived(tried, served)

    def _arrived(self, tried: Tried, served: Served) -> None:
        caught = tried.arrived
        assert caught
        arrival = Arrival(
            after_ms=round(tried.pickup_ms, 3),
            method=caught.method,
            bytes=len(caught.body),
            payload=bytes_told(caught),
            id_headers=id_headers(caught),
            signature=signature_told(caught, served),
            mend=signature_mend(caught, served),
        )
        self._found.arrived = arrival
        size = f"{arrival.method} of {arrival.bytes:,} bytes"
        when = "after" if arrival.after_ms >= 0 else "before"
        self._say(f"arrived: a {size}, {figure(abs(arrival.after_ms))} ms {when} the service said that it accepted it")
        self._say(f"  payload: {arrival.payload}")
        headers = ", ".join(arrival.id_headers) or "no header; the mark in its payload does"
        self._say(f"  its id comes back in: {headers}")
        self._say(f"  signature: {arrival.signature}" + f": {arrival.mend}" * bool(arrival.mend))
        if caught.flags & Flag.UNVERIFIED and served.provider.signature:
            self._found.faults.append(f"the signature does not verify: {arrival.mend}")
        if caught.flags & _SPOILT:
            self._found.faults.append(f"what arrived is not what was published: {arrival.payload}: see what it logged")

    def _tell(self, told: Told) -> None:
        self._found.steps.append(
            StepTold(step=told.step, request=told.request, answer=told.answer, ms=round(told.seconds * 1e3, 3))
        )
        self._say(f"{told.step}\n  {told.request}\n  {told.answer}, {figure(told.seconds * 1e3)} ms")

    def _now_s(self) -> float:
        return self._clock.now() / 1e9

    def _remove_folder(self) -> None:
        """Nothing is in it that anybody needs, unless something is left at the service."""
        if not (self._folder / ACCOUNT).exists():
            shutil.rmtree(self._folder)
