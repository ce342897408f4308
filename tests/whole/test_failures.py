"""A run whose target refuses everything: it ends early, says why on every output, and its folder is whole."""

import html
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.timeline import RunEnded, StageStarted, read_timeline
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import SECRET, environment
from tests.support.runs import RUNNER, analyse, codes, end_group, run_folder, start_locust
from tests.support.servers import ScriptedServer, answer_of, answering

pytestmark = pytest.mark.slow

ANSWER = b"bad signature <b>\x1b[31m" + SECRET.removeprefix("whsec_").encode()
SHOWN = "bad signature <b>\N{REPLACEMENT CHARACTER}[31m********"
FIRST = "sequential webhooks=1 events=100"
ON_TERMINAL = f'failed: rejected, 100 attempts: status 401, answered "{SHOWN}"; in {FIRST}: look whether its secret'
TWO = [Stage("x", users=4, events=200, name="first"), Stage("x", users=4, events=200, name="second")]


@pytest.fixture
def refusing() -> Iterator[str]:
    """Where a server answers 401 to all, with our own secret in it."""
    with ScriptedServer(answering(answer_of(ANSWER, "401 Unauthorized"))) as server:
        yield server.url


def test_a_target_that_refuses_all_ends_the_command(refusing: str, tmp_path: Path) -> None:
    """Exit code 4 after the first stage; what failed, how it was answered and what to look at are on every output."""
    command = [sys.executable, str(RUNNER), "--target", refusing, "--no-probe", "--test", "performance", "load"]
    command += ["--quick", "--no-replay", "--json", "--markdown", "summary.md"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(HOOKSWARM_SECRET=SECRET), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == Exit.UNTESTED, done.stderr
    terminal = " ".join(done.stderr.split())
    assert f"every one of 100 deliveries of stage '{FIRST}' failed, most often by status 401" in terminal
    assert ON_TERMINAL in terminal
    assert "not begun: load: every one of 100 deliveries" in terminal
    document = json.loads(done.stdout)
    (run,) = document["runs"]
    (reported,) = json.loads((tmp_path / "webhook_performance_results.json").read_text())["sections"].values()
    assert run["failures"] == reported["failures"]
    (failure,) = reported["failures"]
    assert (failure["attempts"], failure["status"], failure["sample"]) == (100, 401, SHOWN)
    assert document["exit_code"] == Exit.UNTESTED
    assert run["verdict"]["reasons"][0]["code"] == "all_failed"
    page = (tmp_path / "report.html").read_text()
    assert html.escape(SHOWN) in page
    assert f'answered "{SHOWN}"; in {FIRST}' in (tmp_path / "summary.md").read_text()
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and ANSWER[-20:] in path.read_bytes()]
    assert kept == []


@pytest.mark.parametrize("options", [("--processes", "2"), ("--keep-going",)], ids=" ".join)
def test_plain_locust_ends_the_same_way(refusing: str, tmp_path: Path, options: tuple[str, ...]) -> None:
    """With all its processes, in order: its folder is whole, and it is untested. It may be told not to."""
    env = {"HOOKSWARM_SECRET": SECRET}
    locust = start_locust(tmp_path, TWO, "--target", refusing, "--no-probe", *options, env=env)
    try:
        code = locust.wait(40)
    finally:
        end_group(locust)
    keeps_going = "--keep-going" in options
    run = run_folder(tmp_path)
    timeline = list(read_timeline(run))
    played = [entry.name for entry in timeline if isinstance(entry, StageStarted)]
    assert played == (["first", "second"] if keeps_going else ["first"])
    (end,) = (entry for entry in timeline if isinstance(entry, RunEnded))
    assert (bool(end.untested), end.error, end.interrupted) == (not keeps_going, "", False)
    section, analysed = analyse(run)
    assert (code, analysed) == (Exit.UNTESTED, Exit.UNTESTED)
    assert ("all_failed" in codes(section)) is not keeps_going
    (failure,) = section.failures or []
    assert (failure.attempts, failure.sample) == (400 if keeps_going else 200, SHOWN)
