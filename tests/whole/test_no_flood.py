"""`--rate 5` sends no more than 5 a second: not in runs of the short plans, nor by the schedules of the long ones."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.options import make_parser
from _hookswarm.runner.plans import Prepared
from _hookswarm.runner.preflight import preflight
from _hookswarm.runner.tests import TESTS
from _hookswarm.senders.plan.arrivals import Stripe
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.worker.spaced_queue import queue_class
from tests.senders.worker.test_queue import START, FakeTime
from tests.support.counting import counting, most_in
from tests.support.receivers import SECRET, environment
from tests.support.runs import RUNNER, end_group

RATE = 5
LONGEST_S = 400
REPORT = "webhook_performance_results.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOKSWARM_SECRET", SECRET)


def prepared(test: str, *options: str) -> Prepared:
    given = ["--test", test, "--target", "http://127.0.0.1:9/", "--rate", f"{RATE}", "--list", *options]
    return preflight(make_parser().parse_args(given)).tests[test]


def sent_at(stage: Stage) -> Iterator[float]:
    """When the attempts of a stage go out, seconds from its start: to a target that answers at once, by two processes
    where it has users for two; of what would go on for ever, the beginning."""
    edges = (0, stage.users // 2, stage.users) if stage.users > 1 else (0, 1)
    for low, high in itertools.pairwise(edges):
        time = FakeTime()
        queue = queue_class(stage)(stage, Stripe(low, high, stage.users), (1, 0), START, time, time)
        while (delivery := queue.take()) and time.now < START + LONGEST_S * 1e9:
            yield (time.now - START) / 1e9
            if stage.duplicate:
                yield (queue.second(time.now) - START) / 1e9 if stage.duplicate.kind != "at_once" else time.now / 1e9
            queue.settle(failed=delivery is None)


@pytest.mark.parametrize("test", TESTS)
def test_no_schedule_of_a_whole_plan_has_more(test: str) -> None:
    """At somebody's target, every stage of it: never more than 5 in a second, but for a burst of one."""
    observed = ["--observe", "echo 0"] if test == "performance" else []
    plan = prepared(test, *observed).plan
    assert plan.stages
    for stage in plan.stages:
        times = list(sent_at(stage))
        assert times, stage.name
        assert most_in(1 - 1e-6, times) <= RATE + 1, stage.name
        assert len(times) <= RATE * max(stage.length_s or 0, 10) + 1, stage.name


STAGES = {
    "load": "sustained",
    "scalability": "scaling users users=8 *,capacity",
    "resource": "cpu users=16,io reuse=False",
}
"""Of the short plans, some of each kind: open with retries, closed, a search, connections that are not kept."""


@pytest.mark.slow
def test_no_run_of_a_short_plan_has_more(tmp_path: Path) -> None:
    """Targets that count, all runs at once; where stages retry every fourth attempt is answered 503."""
    with ExitStack() as stack:
        targets = {test: stack.enter_context(counting(fails=4 if test == "load" else 0)) for test in STAGES}
        runs = {test: start(tmp_path / test, test, targets[test].url) for test in STAGES}
        for run in runs.values():
            stack.callback(end_group, run)
        said = {test: run.communicate(timeout=100)[0].decode() for test, run in runs.items()}
        for test, run in runs.items():
            assert run.returncode in (Exit.PASS, Exit.VOID), said[test]  # void: others had the machine
        times = {test: list(target.times) for test, target in targets.items()}
    assert sum(map(len, times.values())) > 40
    for test, own in times.items():
        assert most_in(1, own) <= RATE + 1, test
    sections = {test: json.loads((tmp_path / test / REPORT).read_text())["sections"][test] for test in STAGES}
    (capacity,) = sections["scalability"]["capacity"]
    assert (capacity["rate_per_s"], capacity["lower_bound"], capacity["limited_by"]) == (RATE, True, "max_rate")
    assert "held_back" in {reason["code"] for reason in sections["resource"]["verdict"]["reasons"]}


def start(folder: Path, test: str, url: str) -> "subprocess.Popen[bytes]":
    """The command, with two sending processes."""
    folder.mkdir()
    command = [sys.executable, str(RUNNER), "--quick", "--test", test, "--stages", STAGES[test], "--rate", f"{RATE}"]
    command += ["--target", url, "--processes", "2", "--no-replay"]
    env = environment(HOOKSWARM_SECRET=SECRET)
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
