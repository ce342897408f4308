"""Every region of a table on this machine: a supervisor for each."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import httpx

from protocol.errors import ConfigError
from protocol.regions import Region, RegionTable, address_of, is_loopback
from receiver import children

START_TIMEOUT_S = 30


class Fleet:
    """The supervisors of several regions, as a context manager: ready on entry, gone on exit."""

    def __init__(
        self, regions: Sequence[Region], arguments: Sequence[str] = (), output: IO[bytes] | None = None
    ) -> None:
        """`arguments` go to every supervisor (`--durability`, `--results` …); `output` takes what they say."""
        self._regions = [region for region in regions if region.control]
        if faults := [fault for region in regions for fault in region_faults(region)]:
            raise ConfigError(faults)
        self._arguments = arguments
        self._output = output
        self._supervisors: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Fleet":
        try:
            for region in self._regions:
                self._supervisors.append(children.start(self._command(region), output=self._output))
        except BaseException:
            self.__exit__()
            raise
        return self

    def _command(self, region: Region) -> list[str]:
        host, port = address_of(region.url)
        control_host, control_port = address_of(region.control or "")
        command = [sys.executable, "-m", "receiver", "--region", region.name, "--host", host, "--port", str(port)]
        return [*command, "--control-host", control_host, "--control-port", str(control_port), *self._arguments]

    def wait_ready(self, token: str, stopping: threading.Event) -> None:
        """Return when every region answers; raises ConfigError if one ends or does not answer in time."""
        with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=2, trust_env=False) as client:
            for _ in range(START_TIMEOUT_S * 10):
                if dead := [r.name for r, s in zip(self._regions, self._supervisors, strict=True) if s.poll()]:
                    raise ConfigError([f"receiver {name} could not start" for name in dead])
                if all(_ready(client, region) for region in self._regions) or stopping.wait(0.1):
                    return
        raise ConfigError([f"the receivers are not ready after {START_TIMEOUT_S} s"])

    def watch(self, stopping: threading.Event) -> bool:
        """Block until `stopping`; True then, False when a supervisor ended by itself."""
        while not stopping.wait(0.2):
            if any(supervisor.poll() is not None for supervisor in self._supervisors):
                return False
        return True

    def __exit__(self, *_: object) -> None:
        for supervisor in self._supervisors:
            if supervisor.poll() is None:
                supervisor.send_signal(signal.SIGTERM)
        for supervisor in self._supervisors:
            children.stop(supervisor)


def run_fleet(regions: Sequence[Region], results: Path, arguments: Sequence[str], token: str) -> bool:
    """Run until SIGINT or SIGTERM; True if that is how it ended."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    with Fleet(regions, [*arguments, "--results", str(results)]) as fleet:
        fleet.wait_ready(token, stopping)
        if not stopping.is_set():
            print(f"fleet ready: {', '.join(region.name for region in regions)}; Ctrl-C stops it", flush=True)
        return fleet.watch(stopping)


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on right now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [opened.getsockname()[1] for opened in sockets]


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


def region_faults(region: Region) -> list[str]:
    """Why a fleet cannot run this region."""
    if region.control is None:
        return [f"region {region.name}: a fleet needs 'control', the address of its control API"]
    if not is_loopback(address_of(region.url)[0]):
        return [f"region {region.name}: a fleet runs on this machine, and {region.url} is elsewhere"]
    return []


def _ready(client: httpx.Client, region: Region) -> bool:
    try:
        answer = client.get(f"{region.control}/health")
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.json()["status"] == "ready"
