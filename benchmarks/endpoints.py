"""`python -m benchmarks.endpoints [COUNT]`: what so many endpoints on four hosts cost the sender, beside one endpoint.

Each endpoint has a secret of its own. One round after the other, both kinds in turn; medians of the ratios within a
round are compared with what is promised.
"""

import base64
import hashlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from _hookswarm.receiver.fleet import free_ports
from _hookswarm.records.exit_codes import Exit
from benchmarks.__main__ import ROUNDS, _running

COUNT = 100_000
HOSTS = ("127.0.0.1", "localhost", "127.1", "127.0.1")
"""To the sender they are four; it is one server that answers, for one endpoint as for many."""
RATE = 1_000
PROMISED = 0.2
"""How far both may be from one endpoint's."""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    rates: list[list[float]] = []
    memories: list[list[float]] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as servers:
        folder = Path(name)
        (port,) = free_ports(1)
        servers.enter_context(_running([sys.executable, "-m", "benchmarks.target", str(port)], port))
        file = _write(folder / "endpoints.csv", count, port)
        kinds = (("--target", f"http://127.0.0.1:{port}/hooks"), ("--endpoints", str(file)))
        for number in range(ROUNDS):
            rates.append([_found("cpu_rate", where, folder, 0) for where in kinds])
            memories.append([_found("memory", where, folder, RATE) for where in kinds])
            (one, many), (light, heavy) = rates[-1], memories[-1]
            said = f"{one:,.0f} and {many:,.0f} a second of its CPU; "
            said += f"{light / 1e6:.1f} and {heavy / 1e6:.1f} MB at {RATE:,} a second"
            print(f"round {number + 1}/{ROUNDS}, one endpoint and {count:,}: {said}", file=sys.stderr, flush=True)
    rate, memory = (statistics.median(many / one for one, many in found) for found in (rates, memories))
    return _report(count, rate, memory)


def _report(count: int, rate: float, memory: float) -> int:
    print(f"| {count:,} endpoints on {len(HOSTS)} hosts / one endpoint | measured | promised | |\n|---|---|---|---|")
    kept = True
    for what, ratio, promised, good in (
        ("highest rate, by the sender's CPU", rate, f"at least {1 - PROMISED:.1f}", rate >= 1 - PROMISED),
        (f"memory at {RATE:,} a second", memory, f"at most {1 + PROMISED:.1f}", memory <= 1 + PROMISED),
    ):
        kept &= good
        print(f"| {what} | {ratio:.2f} | {promised} | {'kept' if good else 'BROKEN'} |")
    return Exit.PASS if kept else Exit.FAIL


def _write(file: Path, count: int, port: int) -> Path:
    with file.open("w") as out:
        print("url,secret", file=out)
        for number in range(count):
            secret = base64.b64encode(hashlib.sha256(b"%d" % number).digest()).decode()
            url = f"http://{HOSTS[number % len(HOSTS)]}:{port}/tenants/{number}/hooks"
            print(f"{url},whsec_{secret}", file=out)
    return file


def _found(what: str, where: tuple[str, str], folder: Path, rate: float) -> float:
    """What the sender, on core 0, prints of itself."""
    locust = [sys.executable, "-m", "locust", "-f", "benchmarks/locustfiles/endpoint_sender.py", "--headless"]
    locust += ["--only-summary", "--loglevel", "ERROR", "--results", str(folder), *where]
    env = {**os.environ, "BENCH_RATE": str(rate)}
    done = subprocess.run(["taskset", "-c", "0", *locust], env=env, capture_output=True, text=True, timeout=90)
    found, failures = re.search(rf"^{what}=([0-9.]+)", done.stdout, re.M), re.search(r"failures=(\d+)", done.stdout)
    if not found or not failures or failures[1] != "0":
        raise SystemExit(f"error: no {what} from {where}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return float(found[1])


if __name__ == "__main__":
    sys.exit(main())
