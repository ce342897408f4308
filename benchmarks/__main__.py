"""Run every measurement in turn, several rounds, and compare medians of the ratios with what is promised."""

import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from _hookswarm.receiver import children
from _hookswarm.receiver.fleet import free_ports
from _hookswarm.records.exit_codes import Exit

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
PROMISES = (
    ("hookswarm sender", "Locust FastHttpUser", 2.0),
    ("hookswarm sender", "Locust HttpUser", 8.0),
    ("receiver on Granian", "receiver on gevent.pywsgi", 4.0),
)
SENDERS = {
    "hookswarm sender": "webhook_sender",
    "Locust FastHttpUser": "fast_http_user",
    "Locust HttpUser": "http_user",
}
SERVERS = {"receiver on Granian": "granian", "receiver on gevent.pywsgi": "gevent"}


def main() -> int:
    if (os.cpu_count() or 1) < 2:
        print("error: the bench needs two cores, one per side", file=sys.stderr)
        return Exit.USAGE
    rates: dict[str, list[float]] = {name: [] for name in (*SENDERS, *SERVERS)}
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            for name, file in SENDERS.items():
                rates[name].append(_sender(file, Path(folder)))
            for name, server in SERVERS.items():
                rates[name].append(_receiver(server, Path(folder)))
        latest = "  ".join(f"{name} {found[-1]:,.0f}/s" for name, found in rates.items())
        print(f"round {number + 1}/{ROUNDS}: {latest}", file=sys.stderr, flush=True)
    return _report(rates)


def _report(rates: dict[str, list[float]]) -> int:
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {ROUNDS} rounds, medians\n")
    print("| what | deliveries/s, one core |\n|---|---|")
    for name, found in rates.items():
        print(f"| {name} | {statistics.median(found):,.0f} |")
    print("\n| ratio | measured | promised | |\n|---|---|---|---|")
    kept = True
    for ours, rival, promised in PROMISES:
        ratio = statistics.median(a / b if b else 0 for a, b in zip(rates[ours], rates[rival], strict=True))
        kept &= ratio >= promised
        print(f"| {ours} / {rival} | {ratio:.2f} | {promised:.1f} | {'kept' if ratio >= promised else 'BROKEN'} |")
    return Exit.PASS if kept else Exit.FAIL


def _sender(file: str, folder: Path) -> float:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with _running([sys.executable, "-m", "benchmarks.target", str(port)], port):
        locust = [sys.executable, "-m", "locust", "-f", f"benchmarks/locustfiles/{file}.py", "--headless"]
        locust += ["--only-summary", "--loglevel", "ERROR"]
        if file == "webhook_sender":
            locust += ["--target", f"{url}/hooks", "--results", str(folder)]
        else:
            locust += ["--users", "16", "--spawn-rate", "16", "--run-time", "8s"]
        return _rate(locust, {"BENCH_TARGET": url})


def _receiver(server: str, folder: Path) -> float:
    port, control = free_ports(2)
    command = [sys.executable, "-m", "hookswarm.receiver", "--port", str(port), "--control-port", str(control)]
    command += ["--server", server, "--durability", "os", "--results", str(folder)]
    with _running(command, port):
        return _rate([sys.executable, "-m", "benchmarks.blast", f"http://127.0.0.1:{port}/hooks"], {})


def _rate(command: list[str], env: dict[str, str]) -> float:
    """Run a client on core 0 and read the rate that it prints."""
    done = subprocess.run(
        ["taskset", "-c", "0", *command], env={**os.environ, **env}, capture_output=True, text=True, timeout=90
    )
    found = re.search(r"rate=([0-9.]+)", done.stdout)
    if not found or not float(found[1]):
        raise SystemExit(f"error: no rate from {' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return float(found[1])


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    """A server on core 1, from when it listens."""
    child = children.start_child(["taskset", "-c", "1", *command], output=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if child.poll() is not None:
                    raise SystemExit(f"error: {' '.join(command)} ended at once") from None
                time.sleep(0.1)
        yield
    finally:
        children.stop_child(child)


if __name__ == "__main__":
    sys.exit(main())
