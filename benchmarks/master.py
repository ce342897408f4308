"""`python -m benchmarks.master [COUNT]`: what a real Locust master of ours takes with so many workers that report.

The workers are made up (`benchmarks.crowd`), and send it what real ones do; the stage lasts half a minute.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from _hookswarm.receiver.fleet import free_ports
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, to_plain

CHECKOUT = Path(__file__).resolve().parents[1]
LENGTH_S = 30
MOST_CPU = 0.8
"""Of a core: above it the master would fall behind."""


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    stage = Stage("crowd", users=count, arrivals=Constant(1), duration_s=LENGTH_S)
    port, target = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {
            "PYTHONPATH": str(CHECKOUT),
            "HOOKSWARM_TEST_STAGES": json.dumps([to_plain(stage)]),
            "HOOKSWARM_TEST_NAME": "performance",
        }
        command = [
            sys.executable,
            "-m",
            "locust",
            "-f",
            str(CHECKOUT / "tests/support/locustfiles/plan.py"),
            "--headless",
        ]
        command += ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port), "--only-summary"]
        command += ["--expect-workers", str(count), "--target", f"http://127.0.0.1:{target}/", "--loglevel", "ERROR"]
        server = subprocess.Popen([sys.executable, "-m", "http.server", str(target), "--bind", "127.0.0.1"], cwd=folder)
        log = Path(folder) / "log"
        with log.open("wb") as out:
            master = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=out)
        crowd = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.crowd", str(port), str(count)], cwd=CHECKOUT, stdout=subprocess.PIPE
        )
        try:
            share = _share(master.pid, Path(folder))
            said, _ = crowd.communicate(timeout=120)
            master.wait(60)
        finally:
            for process in (master, crowd, server):
                process.kill()
                process.wait()
    readings, p50, p99, longest = said.split()
    print(f"| {count} | {share:.0%} | {float(p50):.1f} | {float(p99):.1f} | {float(longest):.1f} | {int(readings):,} |")
    return Exit.PASS if share < MOST_CPU else Exit.FAIL


def _share(pid: int, folder: Path) -> float:
    """Of a core, what the master uses over two thirds of the stage."""
    process = psutil.Process(pid)
    for _ in range(1200):
        if any("stage_started" in path.read_text() for path in folder.glob("results/*/timeline.jsonl")):
            break
        time.sleep(0.1)
    time.sleep(LENGTH_S / 6)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(LENGTH_S * 2 / 3)
    return (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)


if __name__ == "__main__":
    sys.exit(main())
