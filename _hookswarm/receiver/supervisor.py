"""One region's supervisor: keeps a data plane running, and answers the control API."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event

from _hookswarm.common.errors import HookswarmError
from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.outage import Outage, OutageSeen
from _hookswarm.protocol.served import Caught, Served
from _hookswarm.protocol.setup import Setup
from _hookswarm.receiver import children, files
from _hookswarm.receiver.config import CONFIG_VARIABLE, ReceiverConfig, Server
from _hookswarm.receiver.control import ControlApp, ScaleError
from _hookswarm.receiver.faults import check_playable, unplayable
from _hookswarm.receiver.metrics import ReceiverSnapshot
from _hookswarm.receiver.quiet import quiet_server
from _hookswarm.receiver.sampling import Sampler
from _hookswarm.receiver.served import ServedEndpoints
from _hookswarm.receiver.state import StateWriter
from _hookswarm.records.clock import Clock

START_TIMEOUT_S = 20
"""And a second more for each process."""
MAX_RESTARTS = 5
"""Data planes that may die within RESTART_WINDOW_S before the supervisor gives up."""
RESTART_WINDOW_S = 30
SETTLE_TIMEOUT_S = 3
WAKING_S = 0.02


class DataPlaneError(HookswarmError):
    """The data plane does not serve."""


class Supervisor:
    """Runs the data plane of one region. `serve` blocks until SIGTERM or SIGINT."""

    def __init__(self, config: ReceiverConfig) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hookswarm-")
        self.config = config.model_copy(update={"state": Path(self._folder.name)})
        self._started = self.config
        """What it was started with."""
        self._state = StateWriter(self.config.state)
        self._child: subprocess.Popen[bytes] | None = None
        self._running = self.config
        """What the data plane was started with."""
        self._stopping = Event()
        self._clock = Clock()
        self._sampler = Sampler(self.config, self._clock, "supervisor", every_s=1.0)
        self._out = False
        """The data plane is out because it was asked for: nobody else starts it again."""
        self._outage: gevent.Greenlet | None = None
        self._outage_over = Event()
        """Ends it before its time. Nobody kills it: a second kill would end its ending, and leave the region out."""
        self._seen = OutageSeen()

    def serve(self, control_host: str, control_port: int, token: str) -> None:
        """Start the data plane and the control API; raises DataPlaneError if the data plane won't stay up."""
        control = quiet_server((control_host, control_port), ControlApp(self, token, self._clock))
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, self._stopping.set)
        try:
            self._start()
            control.start()
            print(f"receiver {self.config.region}: {self._address()}", flush=True)
            self._watch()
        finally:
            control.stop(timeout=1)
            self._end_outage()
            if self._child:
                children.stop_child(self._child)
            self._folder.cleanup()

    def _start(self) -> None:
        """Start the data plane, and return when all of it serves."""
        config = self.config
        env = {CONFIG_VARIABLE: config.model_dump_json()}
        self._child = children.start_child([sys.executable, "-m", "_hookswarm.receiver.dataplane"], env)
        timeout_s = START_TIMEOUT_S + config.workers
        deadline = time.monotonic() + timeout_s
        while len(self._state.reports()) < config.workers or not self._serving():
            if self._child.poll() is not None:
                raise DataPlaneError(f"the data plane ended at once, exit code {self._child.returncode}")
            if time.monotonic() > deadline:
                raise DataPlaneError(f"the data plane does not serve after {timeout_s} s")
            if self._stopping.wait(0.01):
                return
        self._running = config

    def _watch(self) -> None:
        deaths: list[float] = []
        while not self._stopping.wait(0.1):
            assert self._child
            if self._out:
                continue
            self._sample()
            if self._child.poll() is None:
                if self._running != self.config:
                    # In a thread: the control API goes on answering.
                    gevent.get_hub().threadpool.apply(children.stop_child, (self._child,))
                    self._start()
                continue
            now = time.monotonic()
            deaths = [when for when in deaths if now - when < RESTART_WINDOW_S] + [now]
            if len(deaths) > MAX_RESTARTS:
                raise DataPlaneError(f"the data plane died {len(deaths)} times in {RESTART_WINDOW_S} s")
            print(f"receiver {self.config.region}: data plane died, starting it again", file=sys.stderr, flush=True)
            self._start()

    def _sample(self) -> None:
        try:
            self._sampler.follow(self._state.setting.run, rests=0)
        except OSError:  # a full disk: the data plane's journals say so
            pass

    def _serving(self) -> bool:
        try:
            with socket.create_connection((self.config.host, self.config.port), timeout=1):
                pass
            with closing(HTTPConnection(self.config.host, self.config.port, timeout=2)) as connection:
                connection.request("GET", "/health")
                connection.getresponse()
        except (OSError, HTTPException):
            return False
        return True  # whatever it says: it may have been told to say that it is not well

    def _address(self) -> str:
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"{host}:{self.config.port}"

    # What the control API asks for.

    def health(self) -> dict[str, Any]:
        """The answer to `GET /health`. `status` is "down" during an outage, too."""
        alive = self._child is not None and self._child.poll() is None
        return {
            "region": self.config.region,
            "status": "ready" if alive and self._serving() else "down",
            "supervisor": os.getpid(),
            "data_plane": self._child.pid if self._child else None,
            "workers": [report.pid for report in self._state.reports()],
            "wanted_workers": self.config.workers,
            "durability": self.config.durability,
            "cannot_play": unplayable(self.config.server),
        }

    def stats(self) -> dict[str, Any]:
        """The answer to `GET /stats`: counts since the last reset, those of processes that have ended included."""
        return {
            "region": self.config.region,
            "run": self._state.setting.run,
            **self._state.counts().model_dump(),
            "workers": [report.pid for report in self._state.reports()],
        }

    def metrics(self, now_ns: int) -> ReceiverSnapshot:
        """Counts since the start; `now_ns` (Unix) is when faults must hold to count as active."""
        total, order = self._state.total(), self._state.setting.order
        written = self.files(self._state.setting.run)
        return ReceiverSnapshot(
            region=self.config.region,
            arrivals=total.arrivals,
            refused=total.refused,
            faults=total.faults,
            faults_active=self._out or order.active(now_ns, None) is not None or bool(order.webhooks),
            journal_bytes=sum(size for name, size in written if name.endswith(".journal")),
            processes=len(self._state.reports()),
        )

    def reset(self, run: str) -> None:
        """Switch to the journals of `run`, and return when every process has done so (and flushed the old ones)."""
        self._end_outage()
        self._state.set_run(run)
        self._settle()

    def faults(self) -> FaultOrder:
        """The order that was given last, whether it holds now or not."""
        return self._state.setting.order

    def set_faults(self, order: FaultOrder) -> None:
        """Play these faults, and return when every process does; raises PlayError, and then nothing has changed."""
        check_playable(order, self.config.server)
        self._state.set_faults(order)
        self._settle()

    def files(self, run: str) -> list[tuple[str, int]]:
        """Names and sizes of what this region wrote of a run."""
        return files.files_of_run(self.config.results, run, self.config.region)

    def read(self, run: str, name: str) -> Iterable[bytes]:
        """One of those, as large as it is now."""
        path = self.config.results / run / name
        return files.read_part(path, path.stat().st_size)

    def outage(self) -> OutageSeen:
        """How far the outage that was asked for last has come."""
        return self._seen

    def set_outage(self, outage: Outage) -> None:
        """Have one, in the place of the one that is on, or to come."""
        self._end_outage()
        self._seen = OutageSeen()
        self._outage_over = Event()
        self._outage = gevent.spawn(self._play, outage, self._outage_over)

    def _end_outage(self) -> None:
        """Return when none is on, nor to come; several may ask at the same time, and one may set the next meanwhile."""
        while self._outage and not self._outage.ready():
            self._outage_over.set()
            self._outage.join()

    def _play(self, outage: Outage, over: Event) -> None:
        if over.wait(self._seconds_to(outage.begin_ns)):
            return
        assert self._child
        try:
            self._out = True
            # The signal is the begin: senders are refused long before a busy machine has cleared the process away.
            begun_ns = self._clock.now()
            if outage.kind == "refused":
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()
            else:
                os.killpg(self._child.pid, signal.SIGSTOP)
            self._seen = OutageSeen(begun_ns)
            over.wait(self._seconds_to(outage.end_ns))
            if outage.kind == "refused":
                self._start()
                ended_ns = self._clock.now()
            else:
                os.killpg(self._child.pid, signal.SIGCONT)
                ended_ns = self._clock.now()
                # A signal to a process that has not woken yet goes to any thread of it, where Python never sees it.
                time.sleep(WAKING_S)
        finally:
            self._out = False  # also where it could not be started: then it counts as one that died
        self._seen = replace(self._seen, ended_ns=ended_ns)

    def _seconds_to(self, at_ns: int) -> float:
        return max(at_ns - self._clock.now(), 0) / 1e9

    def rest(self) -> None:
        """Give back memory that is free, and return when every process begins to."""
        self._state.rest()
        self._settle()

    def set_up(self, setup: Setup) -> None:
        """Serve so, and return when all processes do; raises ScaleError, and then nothing has changed.

        The run, its faults and its counts stay. Connections end; whatever was acknowledged is in the journals.
        """
        wanted = ReceiverConfig.model_validate(self._started.model_dump() | setup.model_dump(exclude_none=True))
        if self.config.server is Server.GEVENT and wanted.workers != 1:
            raise ScaleError("--server gevent runs one process: start the receiver with --server granian")
        self.config = wanted
        while self._running != self.config and not self._stopping.wait(0.02):
            pass

    def serve_service(self, served: Served) -> None:
        """Take a service's deliveries, and return when every process does; raises ConfigError, and changes nothing."""
        ServedEndpoints(served)
        self._state.serve(served)
        self._settle()

    def caught(self) -> list[Caught]:
        """What came of a service since then, where it was to be caught."""
        return self._state.caught()

    def _settle(self) -> None:
        """Return when every process follows the setting."""
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        while any(report.generation < self._state.setting.generation for report in self._state.reports()):
            if time.monotonic() > deadline:
                return
            gevent.sleep(0.01)
