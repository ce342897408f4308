"""Endpoints as their owners write them, after GitHub's and Stripe's documentation, under a load of that provider's."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.analysis.verdicts.outcome import CommandOutcome
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import environment, free_port, running_receiver
from tests.support.runs import RUNNER, analyse, end_group, regions_file, run_locust, running, start_locust
from tests.support.servers import Peer, ScriptedServer, answer_of, answering

pytestmark = pytest.mark.slow

SECRET = "It's a Secret to Everybody"
STAGE = Stage("few", users=2, events=20, payload="thin")
REPORT = "webhook_performance_results.json"
PROVIDERS = ("github", "stripe")


def test_a_documented_receiver_takes_all_of_it(tmp_path: Path) -> None:
    """`--test load --quick`, as both providers at once: nothing fails. With another secret the command ends before any
    load, in one line.
    """
    port = free_port()
    with (
        running(["tests.support.documented_receivers", str(port), SECRET], port, tmp_path),
        ThreadPoolExecutor(4) as pool,
    ):
        taken = {one: pool.submit(_gently, tmp_path / one, one, SECRET, port) for one in PROVIDERS}
        refused = {one: pool.submit(_gently, tmp_path / f"no-{one}", one, "another", port) for one in PROVIDERS}
    for provider in PROVIDERS:
        done = taken[provider].result()
        assert done.returncode in (Exit.PASS, Exit.VOID), done.stdout + done.stderr  # void: others had the machine
        stages = json.loads((tmp_path / provider / REPORT).read_text())["sections"]["load"]["stages"]
        assert all(stage["deliveries"]["due"] == stage["deliveries"]["acknowledged"] > 0 for stage in stages)
        done = refused[provider].result()
        assert done.returncode == Exit.UNTESTED, done.stdout + done.stderr
        said = " ".join(done.stdout.split())
        assert said.startswith("plan: "), said
        assert f"hookswarm: http://127.0.0.1:{port}/{provider} refused the probe: status 40" in said, said
        assert " UNTESTED (exit code 4): http://127.0.0.1" in said, said
        assert said.endswith(
            "look whether its secret is that of $HOOKSWARM_SECRET, taken as one line of text,"
            f" or name another than --provider {provider}"
        )
        assert said.count("hookswarm: ") == 1
        assert done.stderr == ""
        assert not list((tmp_path / f"no-{provider}").glob("results/*/run.json"))


def _gently(folder: Path, provider: str, secret: str, port: int) -> "subprocess.CompletedProcess[str]":
    """The command at a gentle rate; where it is refused, a second test would not be begun either."""
    folder.mkdir()
    options = ["--provider", provider, "--target", f"http://127.0.0.1:{port}/{provider}", "--quick"]
    options += ["--rate", "40", "--duration", "2s", "--no-replay", "--test", "load"]
    return _run(folder, secret, *options, *(["performance"] if secret != SECRET else []))


def test_with_json_the_refusal_is_a_document(tmp_path: Path) -> None:
    """Which is all that stands on standard output; one request was made."""
    requests: list[bytes] = []

    def script(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            peer.send(answer_of(b"", "404 Not Found"))

    with ScriptedServer(script) as server:
        done = _run(tmp_path, SECRET, "--provider", "github", "--target", server.url, "--test", "performance", "--json")
    told = CommandOutcome.model_validate_json(done.stdout)
    assert (told.exit_code, told.runs, done.returncode) == (Exit.UNTESTED, [], Exit.UNTESTED)
    assert len(requests) == 1
    assert "status 404" in told.refused
    assert "status 404" in done.stderr


def test_plain_locust_ends_so_too(tmp_path: Path) -> None:
    """With the same exit code, and without a run's folder; a sending process beside it ends with it."""
    with ScriptedServer(answering(answer_of(b"", "401 Unauthorized"))) as server:
        locust = start_locust(tmp_path, [STAGE], "--target", server.url, "--processes", "1")
        try:
            assert locust.wait(30) == Exit.UNTESTED
        finally:
            end_group(locust)
    assert "refused the probe: status 401" in (tmp_path / "locust.log").read_text()
    assert not list((tmp_path / "results").glob("*/run.json"))


def test_a_2xx_that_is_not_accepted_is_a_failure_everywhere(tmp_path: Path) -> None:
    """It is told, counted by its status, and sent again; the books of our own receivers, which took it, balance."""
    with running_receiver(tmp_path, "--provider", "github") as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--provider", "github"]
        retried = replace(STAGE, retry=RetryLaw(retries=1))
        run = run_locust(tmp_path, [retried], *options, "--accept", "status in 200,202")
    section, code = analyse(run)
    assert code == Exit.UNTESTED, section.verdict
    (stage,) = section.stages
    assert (stage.deliveries.failed, stage.attempts.by_outcome) == (20, {"rejected": 40})
    ledger = stage.ledger
    assert (ledger.received, ledger.seen, ledger.recovered, ledger.duplicated_harmless) == (40, 20, 20, 20)
    assert (ledger.balanced, ledger.duplicated_spurious, ledger.turned_away) == (True, 0, 0)
    assert "status 204, not accepted" in (tmp_path / "locust.log").read_text()


def _run(folder: Path, secret: str, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(RUNNER), *options]
    env = environment(HOOKSWARM_SECRET=secret)
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=100)
