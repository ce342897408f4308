"""The commands that README and docs show, run: each option that can be run here at least once, in a short run.

Those that differ by numbers alone share a run, and so do those whose options another one has, too.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from _hookswarm.analysis.__main__ import main as analysis
from _hookswarm.records.__main__ import main as records
from _hookswarm.records.exit_codes import Exit
from tests.support.documented_commands import Command, documented
from tests.support.receivers import CHECKOUT, environment
from tests.support.runs import RUNNER
from tests.support.servers import ScriptedServer, answer_of, answering

pytestmark = pytest.mark.slow

ELSEWHERE = (
    "--allow-remote", "--expect-workers",  # other machines
    "--service", "--balancer", "--endpoints", "--observe",  # tests of their own run these: test_your_service, …
    "--list", "--dry-run", "--help", "node_modules/",  # nothing is sent
)  # fmt: skip
SHORT = ("--test", "load", "--quick", "--stages", "sustained*", "--duration", "2s", "--rate", "50", "--no-replay")
SHORTENED = {"--rotate-at": ["1s"]}
"""What would lie beyond two seconds."""
REPLACED = ("--test", "--quick", "--stages", "--duration", "--rate", "--seed", "--results")
LOCUST = """
import json, sys
from locust.argument_parser import get_parser
import _hookswarm.senders.plugin
for words in json.load(sys.stdin):
    get_parser(default_config_files=[]).parse_args(words)
"""


def own_options(command: Command) -> dict[str, list[str]]:
    """What it asks for beside what a short run says otherwise: options and their values."""
    found: dict[str, list[str]] = {}
    for word in command.words[1:]:
        if word.startswith("--"):
            found.setdefault(word, [])
        elif found:
            found[list(found)[-1]].append(word)
    return {option: SHORTENED.get(option, values) for option, values in found.items() if option not in REPLACED}


def chosen() -> list[Command]:
    """One for each set of options, without those whose options another one has, too."""
    here = [
        command
        for command in documented(["hookswarm"])
        if not any(word.startswith(elsewhere) for word in command.words for elsewhere in ELSEWHERE)
    ]
    found: list[Command] = []
    for command in sorted(here, key=lambda one: len(own_options(one)), reverse=True):
        if not any(own_options(command).keys() <= own_options(one).keys() for one in found):
            found.append(command)
    return found


def run(command: Command, folder: Path, target: str) -> "subprocess.CompletedProcess[str]":
    folder.mkdir()
    words = [re.sub(r"http://127\.0\.0\.1:8080/", target, word) for word in command.words[1:]]
    given = own_options(command._replace(words=(command.words[0], *words)))
    # A repeated option has a value each time.
    options = [word for option, values in given.items() for value in values or [""] for word in (option, value) if word]
    env = environment(**dict(command.variables))
    told = [sys.executable, str(RUNNER), *options, *SHORT]
    return subprocess.run(told, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


def test_each_that_can_run_here_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They end with a verdict and a report; and what is done with a run's folder afterwards works on these."""
    commands = chosen()
    assert len(commands) >= 4
    with ScriptedServer(answering(answer_of(b"", "202 Accepted"))) as server, ThreadPoolExecutor(3) as pool:
        folders = [tmp_path / str(number) for number in range(len(commands))]
        done = list(pool.map(run, commands, folders, [server.url] * len(commands)))
    for command, one, folder in zip(commands, done, folders, strict=True):
        # A busy machine may fail a check of latency, or void the run.
        assert one.returncode in (Exit.PASS, Exit.FAIL, Exit.VOID), f"{command}\n{one.stdout}{one.stderr}"
        assert one.stderr == "", command
        sections = json.loads((folder / "webhook_performance_results.json").read_text())["sections"]
        assert sections["load"]["stages"][0]["deliveries"]["acknowledged"] > 0, command
        assert (folder / "report.html").exists()
    ours = next(folder for command, folder in zip(commands, folders, strict=True) if "--target" not in command.words)
    monkeypatch.chdir(ours)
    (made,) = (path.parent for path in (ours / "results").glob("*/run.json"))
    assert analysis([str(made), "--check", "lost==0"]) in (Exit.PASS, Exit.VOID)
    assert analysis(["compare", str(made), str(made), "--threshold-only"]) in (Exit.PASS, Exit.USAGE)  # if it is void
    assert records(["export", "--format", "csv", str(made)]) == Exit.PASS
    assert analysis(["schemas", str(tmp_path / "schemas")]) == Exit.PASS


def test_locusts_own_parser_takes_what_is_shown_of_locust() -> None:
    """With our options beside its own, in one process for all."""
    words = [command.words[1:] for command in documented(["locust"])]
    assert len(words) > 5
    told = [sys.executable, "-c", LOCUST]
    done = subprocess.run(
        told, input=json.dumps(words), cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
