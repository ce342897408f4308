"""A receiver as users run it, for tests: `hookswarm-receiver` on free ports, with its own folder and credentials."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from _hookswarm.protocol.forms import parse_secret
from _hookswarm.protocol.identity import ATTEMPT_HEADER, AttemptTag, EventId, format_attempt_tag, format_event_id
from _hookswarm.protocol.regions import address_of
from _hookswarm.receiver.ports import lasting_ports
from tests.support.signed import sign

CHECKOUT = Path(__file__).parents[2]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = parse_secret(SECRET)
MARK = "HOOKSWARM_TEST"
"""In the environment of a receiver's processes: the folder that it was started in."""
TOKEN = "a-token-that-only-tests-know"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
_given: set[int] = set()
EVENT = EventId(run=1, stage=2, webhook=3, sequence=4)
TAG = AttemptTag(attempt=1, origin=0, target=0, strategy=0)


def free_port() -> int:
    """A loopback port that nobody listens on, another one at each call.

    Not one that the kernel picks: it may give the same one twice, and to a connection meanwhile.
    """
    [port] = lasting_ports(1, promised=_given)
    _given.add(port)
    return port


def environment(**more: str) -> dict[str, str]:
    """The environment of a child: the checkout on its path, and the tests' credentials."""
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), "HOOKSWARM_SECRET": SECRET, "HOOKSWARM_TOKEN": TOKEN, **more}


def signed_headers(
    body: bytes, event: EventId = EVENT, tag: AttemptTag = TAG, now_s: float | None = None, key: bytes = KEY
) -> dict[str, str]:
    """The headers under which the receiver takes `body`."""
    event_id, timestamp = format_event_id(event), b"%d" % (time.time() if now_s is None else now_s)
    return {
        "webhook-id": event_id.decode(),
        "webhook-timestamp": timestamp.decode(),
        "webhook-signature": sign(key, event_id, timestamp, body).decode(),
        ATTEMPT_HEADER: format_attempt_tag(tag).decode(),
    }


def wait_until(condition: Callable[[], object], timeout_s: float = 10) -> None:
    """Return as soon as `condition` holds; fail when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.02)


def processes_in(folder: Path) -> list[int]:
    """Every living process whose environment says that it was started for `folder`, whoever its parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            pass
    return sorted(found)


@dataclass(frozen=True)
class RunningReceiver:
    """One region's receiver: `url` takes webhooks, `control` is its control API, `results` keeps the journals."""

    process: "subprocess.Popen[bytes]"
    url: str
    control: str
    results: Path
    log: Path
    """What it printed, stdout and stderr."""

    @property
    def address(self) -> tuple[str, int]:
        return address_of(self.url)

    def ask(self, call: str) -> httpx.Response:
        """GET a call of the control API, with the token."""
        return httpx.get(self.control + call, headers=BEARER, timeout=10, trust_env=False)

    def reset(self, run: str) -> httpx.Response:
        return httpx.post(f"{self.control}/reset", headers=BEARER, json={"run": run}, timeout=10, trust_env=False)

    def processes(self) -> list[int]:
        """Every living process of this receiver, the supervisor first; orphans too."""
        return processes_in(self.log.parent)

    def workers(self) -> list[int]:
        """The pids of the processes that take webhooks."""
        return sorted(self.ask("/health").json()["workers"])

    def deliver(self, body: bytes = b"{}", event: EventId = EVENT) -> int:
        """Send one webhook on a fresh connection; the status it was answered with."""
        headers = signed_headers(body, event)
        return httpx.post(self.url, content=body, headers=headers, timeout=10, trust_env=False).status_code

    def ready(self) -> bool:
        try:
            return bool(self.ask("/health").json()["status"] == "ready")
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """End it as a user would, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(15)


@contextmanager
def running_receiver(
    folder: Path,
    *options: str,
    region: str = "local",
    env: Mapping[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> Iterator[RunningReceiver]:
    """`python -m hookswarm.receiver` in `folder`, ready; gone afterwards. `options` as on its command line."""
    port, control_port = free_port(), free_port()
    command = [*prefix, sys.executable, "-m", "hookswarm.receiver", "--region", region, "--port", str(port)]
    command += ["--control-port", str(control_port), *options]
    log = folder / f"receiver-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(**{MARK: str(folder), **(env or {})}), stdout=out, stderr=out
        )
    url, control = f"http://127.0.0.1:{port}/hooks", f"http://127.0.0.1:{control_port}"
    receiver = RunningReceiver(process, url, control, folder / "results", log)
    try:
        wait_until(lambda: receiver.ready() or process.poll() is not None, 20)
        assert process.poll() is None, log.read_text()
        yield receiver
        receiver.stop()
    finally:
        process.kill()  # its data plane dies with it
        process.wait()


@contextmanager
def small_disk(folder: Path, size: str = "64k") -> Iterator[Path]:
    """A file system of that size on `folder`; skips the test where none can be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
