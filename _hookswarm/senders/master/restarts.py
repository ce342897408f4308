"""Ends a delivery service, or a store of it, in mid-run, as its table says, and starts it again.

Only a process that the table names is ever sent a signal, and only what was started here and did not serve is ended.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import gevent
import httpx

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import of_system
from _hookswarm.records.clock import Clock
from _hookswarm.records.resources import available
from _hookswarm.records.timeline import ServiceRestarted
from _hookswarm.senders.service.bounded import bounded_client
from _hookswarm.senders.service.filling import fill, from_environment
from _hookswarm.senders.service.processes import (
    ASK_MOST_S,
    RestartError,
    find_process,
    lives,
    port_of,
    program,
    takes_connection,
)
from _hookswarm.senders.service.promises import Restart

if available() is None:
    import psutil

GONE_S = 60.0
"""How long it may take to end, by a signal or a command."""
RUNS_S = 1.0
"""A command to start it that goes on for so long is the service itself, where nothing tells that it is back."""
POLL_S = 0.02
ASK_S = 0.1
"""How often a URL or a port is asked whether it is back."""
OURS = "HOOKSWARM_"
"""How variables begin that are none of the service's business."""


class Restarter:
    """Restarts one thing of a service."""

    def __init__(
        self,
        name: str,
        restart: Restart,
        values: Mapping[str, str],
        folder: Path,
        clock: Clock,
        pause: Callable[[float], object],
    ) -> None:
        """`values` are the account's, for what tells when it is back; what commands print goes to a file in
        `folder`. `pause` waits so many seconds, or until the run is to end: it is started again all the same.
        """
        self._name = name
        self._restart = restart
        self._ready = fill(from_environment(restart.ready), values)
        self._log = folder / f"restart-{name}.log"
        self._clock = clock
        self._pause = pause
        self._client = bounded_client(ASK_MOST_S)
        self._started: subprocess.Popen[bytes] | None = None
        self.entry: ServiceRestarted | None = None
        """How it went."""

    @property
    def serves(self) -> int | None:
        """The process that was started here, and serves; None: a command that has returned, if late, or none."""
        return self._started.pid if self._started and self._started.poll() is None else None

    @property
    def failed(self) -> str:
        """What was started seemed to serve, and then ended with a fault: which, and where to look; else nothing."""
        code = self._started.poll() if self._started else None
        return f"{self._restart.start[0]} ended with {code}: {self._look}" if code else ""

    def run(self, stage: int) -> ServiceRestarted:
        """End it and start it again, now; what goes wrong is told in the entry."""
        entry = ServiceRestarted(
            at_ns=self._clock.now(), stage=stage, name=self._name, how="", gone_ns=None, started_ns=None, ready_ns=None
        )
        try:
            self._stop(entry)
            entry.gone_ns = self._clock.now()
            self._pause(self._restart.down_s)
            self._start(entry)
        except (ConfigError, RestartError) as error:
            entry.fault = str(error)
        finally:
            self._client.close()
        self.entry = entry
        return entry

    def amended(self) -> ServiceRestarted | None:
        """The entry again with what failed only after it seemed to serve; None: nothing did, or it was told."""
        if not self.entry or self.entry.fault or not self.failed:
            return None
        self.entry = self.entry.model_copy(update={"fault": self.failed})
        return self.entry

    def _stop(self, entry: ServiceRestarted) -> None:
        if self._restart.stop:
            words = program(self._restart.stop)
            entry.how = " ".join(words)
            process = self._command(words)
            try:
                code = process.wait(GONE_S)
            except subprocess.TimeoutExpired:
                _end(process)
                raise RestartError(f"{words[0]} did not return within {GONE_S:.0f} s: {self._look}") from None
            if code:
                raise RestartError(f"{words[0]} ended with {code}: {self._look}")
            return
        found = find_process(self._restart)
        entry.how = f"{self._restart.signal} to process {found.pid} ({found.name()})"
        entry.at_ns = self._clock.now()
        try:
            found.send_signal(signal.Signals[f"SIG{self._restart.signal}"])  # not to another one that has its number
        except psutil.NoSuchProcess:
            return
        deadline = time.monotonic() + GONE_S
        while lives(found):
            if time.monotonic() > deadline:
                told = f"process {found.pid} goes on {GONE_S:.0f} s after {self._restart.signal}"
                raise RestartError(f'{told}: see what it waits for, or write signal = "KILL"')
            gevent.sleep(POLL_S)

    def _start(self, entry: ServiceRestarted) -> None:
        process = None
        if self._restart.start:
            process = self._command(program(self._restart.start))
            entry.started_ns = self._clock.now()
        began = time.monotonic()
        while not self._is_back(process, time.monotonic() - began):
            if process and process.poll():
                raise RestartError(f"{self._restart.start[0]} ended with {process.poll()}: {self._look}")
            if time.monotonic() - began > self._restart.ready_s:
                if process:
                    _end(process)
                what = self._ready or self._restart.start[0]
                raise RestartError(f"{what} was not ready within {self._restart.ready_s:g} s: {self._look}")
            gevent.sleep(ASK_S if self._ready else POLL_S)
        entry.ready_ns = self._clock.now()
        self._started = process

    def _is_back(self, process: "subprocess.Popen[bytes] | None", since_s: float) -> bool:
        if port := port_of(self._ready):
            return takes_connection(port)
        if self._ready:
            try:
                return self._client.get(self._ready).is_success
            except (httpx.HTTPError, httpx.InvalidURL):
                return False
        return process is None or process.poll() == 0 or (process.poll() is None and since_s > RUNS_S)

    def _command(self, words: Sequence[str]) -> "subprocess.Popen[bytes]":
        env = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        try:
            with self._log.open("ab") as log:
                return subprocess.Popen(
                    words, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
        except OSError as error:
            raise RestartError(f"{words[0]} cannot be run: {of_system(error)}: write the path of a program") from None

    @property
    def _look(self) -> str:
        return f"see what it printed, {self._log}"


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End what was started here, and is of no use, with all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
