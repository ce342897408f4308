"""Endpoints as their owners write them, after GitHub's and Stripe's documentation, under a load of that provider's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from tests.support.receivers import environment, free_port
from tests.support.runs import RUNNER, running

pytestmark = pytest.mark.slow

SECRET = "It's a Secret to Everybody"
REPORT = "webhook_performance_results.json"


@pytest.mark.parametrize("provider", ["github", "stripe"])
def test_a_documented_receiver_takes_all_of_it(provider: str, tmp_path: Path) -> None:
    """`--test load --quick`: nothing fails; with another secret nothing is taken, and the exit code says untested."""
    port = free_port()
    with running(["tests.support.documented_receivers", str(port), SECRET], port, tmp_path):
        options = ["--provider", provider, "--target", f"http://127.0.0.1:{port}/{provider}"]
        options += ["--test", "load", "--quick", "--rate", "40", "--duration", "2s", "--no-replay"]
        done = _run(tmp_path, SECRET, *options)
        assert done.returncode in (Exit.PASS, Exit.VOID), done.stdout + done.stderr  # void: others had the machine
        stages = json.loads((tmp_path / REPORT).read_text())["sections"]["load"]["stages"]
        assert all(stage["deliveries"]["due"] == stage["deliveries"]["acknowledged"] > 0 for stage in stages)
        refused = _run(tmp_path, "another", *options)
        assert refused.returncode == Exit.UNTESTED, refused.stdout + refused.stderr


def _run(folder: Path, secret: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(RUNNER), *options]
    env = environment(HOOKSWARM_SECRET=secret)
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100)
