"""Every region of a table on this machine: a supervisor for each."""

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import IO, get_args

import httpx

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import Algorithm, Balancer, Region, RegionTable, address_of, is_loopback
from _hookswarm.receiver import children, haproxy

START_TIMEOUT_S = 30
OWN_BODIES = ("--max-body", str(64 << 20))
"""For receivers that are started for a run: what reaches them is what it sends."""
QUESTION_S = 2
"""The longest that a region may take to say whether it is ready."""


class Fleet:
    """The supervisors of several regions, as a context manager: ready on entry, gone on exit."""

    def __init__(
        self, table: RegionTable, arguments: Sequence[str] = (), output: IO[bytes] | None = None, host: str = ""
    ) -> None:
        """`arguments` go to every supervisor (`--durability`, `--results` …); `output` takes what all say.

        `host`: where webhooks arrive, if not only where the table says; control APIs listen where it says.
        """
        if faults := table_faults(table):
            raise ConfigError(faults)
        self._regions = table.region
        self._balancer = table.balancer
        self._folder = tempfile.TemporaryDirectory(prefix="hookswarm-")
        self._arguments = arguments
        self._output = output
        self._host = host
        self.balancer_pid: int | None = None
        """HAProxy's, once it runs."""
        self._children: list[subprocess.Popen[bytes]] = []
        """The regions' supervisors, and then what balances them."""

    def __enter__(self) -> "Fleet":
        try:
            for region in self._regions:
                self._children.append(children.start_child(self._command(region), output=self._output))
        except BaseException:
            self.__exit__()
            raise
        return self

    def _command(self, region: Region) -> list[str]:
        host, port = address_of(region.url)
        control_host, control_port = address_of(region.control or "")
        command = [
            sys.executable,
            "-m",
            "_hookswarm.receiver",
            "--region",
            region.name,
            "--host",
            self._host or host,
            "--port",
            str(port),
        ]
        return [*command, "--control-host", control_host, "--control-port", str(control_port), *self._arguments]

    def wait_ready(self, token: str, stopping: threading.Event) -> None:
        """Return when every region answers, and what balances them; raises ConfigError if one does not in time."""
        self._await_regions(token, stopping)
        if self._balancer and not stopping.is_set():
            # Only now: it would believe regions dead that are not there yet.
            balancer = haproxy.start_haproxy(Path(self._folder.name), self._regions, self._balancer, self._output)
            self._children.append(balancer)
            self.balancer_pid = balancer.pid
            self._await_balancer(balancer, self._balancer, stopping)

    def _await_balancer(
        self, process: "subprocess.Popen[bytes]", balancer: Balancer, stopping: threading.Event
    ) -> None:
        def listens(left_s: Callable[[], float]) -> bool:
            if process.poll() is not None:
                raise ConfigError([f"HAProxy could not start, exit code {process.returncode}"])
            return all(_listens(url, left_s()) for url in balancer.haproxy.values())

        if not asked_until(listens, stopping, START_TIMEOUT_S):
            raise ConfigError([f"HAProxy does not listen after {START_TIMEOUT_S} s"])

    def _await_regions(self, token: str, stopping: threading.Event) -> None:
        def ready(left_s: Callable[[], float]) -> bool:
            codes = {r.name: s.poll() for r, s in zip(self._regions, self._children, strict=True)}
            dead = [
                f"receiver {name} could not start, exit code {codes[name]}" for name in codes if codes[name] is not None
            ]
            if dead and not stopping.is_set():
                raise ConfigError(dead)
            return all(is_ready(client, region, left_s()) for region in self._regions)

        with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
            if not asked_until(ready, stopping, START_TIMEOUT_S):
                raise ConfigError([f"the receivers are not ready after {START_TIMEOUT_S} s"])

    def watch(self, stopping: threading.Event) -> bool:
        """Block until `stopping`; True then, False when a child ended by itself."""
        while not stopping.wait(0.2):
            if any(child.poll() is not None for child in self._children):
                return False
        return True

    def __exit__(self, *_: object) -> None:
        for child in self._children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in self._children:
            children.stop_child(child)
        self._folder.cleanup()


def asked_until(
    holds: Callable[[Callable[[], float]], bool],
    stopping: threading.Event,
    limit_s: float,
    now: Callable[[], float] = time.monotonic,
) -> bool:
    """Ask again and again whether it holds; True once it does, or nobody waits any more, False after `limit_s`.

    `holds` is given what tells how many seconds a single question may take by then.
    """
    deadline = now() + limit_s
    while now() < deadline:
        if holds(lambda: max(min(deadline - now(), QUESTION_S), 0.001)) or stopping.wait(0.1):
            return True
    return False


def run_fleet(table: RegionTable, results: Path, arguments: Sequence[str], token: str) -> bool:
    """Run until SIGINT or SIGTERM; True if that is how it ended."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with Fleet(table, [*arguments, "--results", str(results)]) as fleet:
        fleet.wait_ready(token, stopping)
        if not stopping.is_set():
            before = f", HAProxy before them ({', '.join(table.balancer.haproxy)})" if table.balancer else ""
            print(
                f"fleet ready: {', '.join(region.name for region in table.region)}{before}; Ctrl-C stops it", flush=True
            )
        return fleet.watch(stopping)


def free_ports(count: int, promised: Collection[int] = ()) -> list[int]:
    """Loopback ports that nobody listens on right now, all different, and none of those that were promised."""
    ports: list[int] = []
    with contextlib.ExitStack() as stack:
        while len(ports) < count:
            port = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            if port not in promised:
                ports.append(port)
    return ports


def on_free_ports(names: Sequence[str]) -> list[Region]:
    """Regions of these names on loopback, each with two ports that nobody listens on."""
    ports = free_ports(2 * len(names))
    return [
        Region(name=name, url=f"http://127.0.0.1:{port}/hooks", control=f"http://127.0.0.1:{control}")
        for name, port, control in zip(names, ports[::2], ports[1::2], strict=True)
    ]


def relocated(table: RegionTable, count: int) -> RegionTable:
    """The first regions of a table, on loopback ports that nobody listens on, as far apart as they are."""
    chosen = table.region[:count]
    moved = on_free_ports([region.name for region in chosen])
    regions = tuple(
        region.model_copy(update={"url": new.url, "control": new.control})
        for region, new in zip(chosen, moved, strict=True)
    )
    return RegionTable(region=regions, links=table.links and table.links.between([region.name for region in chosen]))


def balanced(table: RegionTable) -> RegionTable:
    """The table with HAProxy before its regions, on loopback ports that nobody listens on."""
    names = get_args(Algorithm)
    promised = {address_of(url)[1] for region in table.region for url in (region.url, region.control) if url}
    ports = free_ports(len(names), promised)
    urls = {name: f"http://127.0.0.1:{port}/hooks" for name, port in zip(names, ports, strict=True)}
    return table.model_copy(update={"balancer": Balancer(haproxy=urls)})


def table_faults(table: RegionTable) -> list[str]:
    """Why a fleet cannot run this table."""
    faults = [fault for region in table.region for fault in _region_faults(region)]
    if table.balancer:
        try:
            haproxy.haproxy_program()
        except ConfigError as error:
            faults += error.faults
        faults += [
            f"balancer: a fleet runs on this machine, and {url} is elsewhere: write 127.0.0.1"
            for url in table.balancer.haproxy.values()
            if not is_loopback(address_of(url)[0])
        ]
        faults += [
            f"region {region.name}: HAProxy speaks plain HTTP to regions, not {region.url}: write http://"
            for region in table.region
            if not region.url.startswith("http://")
        ]
    return faults


def _region_faults(region: Region) -> list[str]:
    """Why a fleet cannot run this region."""
    if region.control is None:
        return [
            f'region {region.name}: a fleet needs the address of its control API: write control = "http://127.0.0.1:8201"'
        ]
    if not is_loopback(address_of(region.url)[0]):
        return [f"region {region.name}: a fleet runs on this machine, and {region.url} is elsewhere: write 127.0.0.1"]
    return []


def _listens(url: str, timeout_s: float) -> bool:
    try:
        socket.create_connection(address_of(url), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def is_ready(client: httpx.Client, region: Region, timeout_s: float) -> bool:
    """Whether a receiver of ours says so."""
    try:
        answer = client.get(f"{region.control}/health", timeout=timeout_s)
        return answer.status_code == 200 and bool(answer.json()["status"] == "ready")
    except (httpx.HTTPError, ValueError, TypeError, KeyError, RecursionError):
        return False
