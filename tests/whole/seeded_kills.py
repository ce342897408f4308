"""Seeded tries: a random process of a run gets a random signal at a random moment; what must follow is known.

`python -m tests.whole.seeded_kills 60 [--seed S] [--first N] [--keep FOLDER]` prints a line a try and a summary, and
ends with 1 when a try broke a rule. A try is told apart by its number alone: `--first 17 1` plays number 17 again.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil

from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.timeline import RunEnded, read_timeline
from tests.support.receivers import MARK, environment, processes_in
from tests.support.runs import BUSY, RUNNER
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer

ENDS_WITHIN_S = 30
STOPPED_S = 3.0
QUIET_S = 2.0
"""How long after the command's end something may still be on its way, where it was killed."""
LATEST_S = {True: 6.0, False: 2.0}
"""When a process is struck at the latest, from when the run began (it takes about as long), or the process came."""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP)
VICTIMS = ("data plane", "supervisor", "master", "worker", "command")
STAGES = {True: "slow tenants baseline,sustained", False: "slow tenants baseline"}
"""With receivers of the command's own, and without: faults need those."""

FINISHED = {Exit.PASS, Exit.FAIL, Exit.VOID}
OUTAGES = {"receiver_died", "receiver_stalled", "machine_stalled"}
NOTES = {"torn_rows", "log_damaged", "nothing_acknowledged_stages", "interrupted", "stage_replayed", *OUTAGES}
UNCOUNTED = {"locust_total_differs", "locust_total_missing"}
"""What Locust's own statistics lack where a process of it was killed."""


@dataclass(frozen=True)
class Try:
    """Who is struck, by what, when, and in what kind of run."""

    number: int
    victim: str
    signal: signal.Signals
    running: bool
    """Once the run began; else as it starts up."""
    delay_s: float
    processes: int
    receivers: bool
    """The command's own, else a server of ours that counts."""

    def __str__(self) -> str:
        where = "receivers" if self.receivers else "server"
        struck = f"{self.victim} {self.signal.name[3:]}, {'run' if self.running else 'start'} + {self.delay_s:.2f} s"
        return f"{self.number:3}  --processes {self.processes}  {where:9}  {struck:31}"


@dataclass
class Result:
    """What followed."""

    exit_code: int | None = None
    took_s: float = 0.0
    began: bool = False
    over: bool = False
    """The run was over when its process was struck, or the process was not there any more."""
    codes: set[str] = field(default_factory=set)
    balanced: bool = True
    left: list[str] = field(default_factory=list)
    late: int = 0
    """Requests after the end."""
    said: str = ""


def try_of(seed: int, number: int) -> Try:
    """The same for ever."""
    random = Random(f"{seed} {number}")
    processes = number % 3
    victim = random.choice([name for name in VICTIMS if processes or name != "worker"])
    running = random.random() < 0.75
    return Try(
        number=number,
        victim=victim,
        signal=random.choice(SIGNALS),
        running=running,
        delay_s=random.uniform(0, LATEST_S[running]),
        processes=processes,
        receivers=victim in ("data plane", "supervisor") or random.random() < 0.5,
    )


def play(this: Try, folder: Path) -> Result:
    """Start a run in `folder`, strike, and see what follows. Nothing is left afterwards."""
    result = Result()
    with _counting() as (url, count):
        command = [sys.executable, str(RUNNER), "--test", "load", "--quick", "--rate", "100", "--duration", "3s"]
        command += ["--stages", STAGES[this.receivers], "--processes", str(this.processes)]
        command += [] if this.receivers else ["--target", url]
        with (folder / "said").open("wb") as said:
            env = environment(**{MARK: str(folder)})
            started = subprocess.Popen(command, cwd=folder, env=env, stdout=said, stderr=said, start_new_session=True)
        try:
            _strike(this, psutil.Process(started.pid), folder, result)
            struck = time.monotonic()
            try:
                result.exit_code = started.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                pass
            result.took_s = time.monotonic() - struck
            _settle(this, folder, count, result)
        finally:
            for pid in {*processes_in(folder), started.pid}:
                try:
                    psutil.Process(pid).kill()
                except psutil.NoSuchProcess:
                    pass
            started.wait()
    _read(folder, result)
    return result


@contextmanager
def _counting() -> Iterator[tuple[str, list[int]]]:
    """A server that says 204 to all; its address, and an entry for each request."""
    requests: list[int] = []

    def script(peer: Peer) -> None:
        while peer.request():
            requests.append(1)
            peer.send(NO_CONTENT)

    with ScriptedServer(script) as server:
        yield server.url, requests


def _strike(this: Try, command: psutil.Process, folder: Path, result: Result) -> None:
    """Once its moment has come. SIGSTOP ends by itself."""
    deadline = time.monotonic() + 60
    while not _found(this.victim, command) or (this.running and not any(folder.glob("results/*/run.json"))):
        if time.monotonic() > deadline or not command.is_running() or command.status() == psutil.STATUS_ZOMBIE:
            result.over = True
            return
        time.sleep(0.02)
    time.sleep(this.delay_s)
    result.began = any(folder.glob("results/*/run.json"))
    victims = _found(this.victim, command)
    result.over = not victims or _over(folder)
    if not victims:
        return
    victim = victims[this.number % len(victims)]
    try:
        victim.send_signal(this.signal)
        if this.signal is signal.SIGSTOP:
            time.sleep(STOPPED_S)
            victim.send_signal(signal.SIGCONT)
    except psutil.NoSuchProcess:
        result.over = True


def _found(victim: str, command: psutil.Process) -> list[psutil.Process]:
    """The processes of that kind that are there now."""
    if victim == "command":  # that has come so far as to start something: until then it is Python, importing
        return [command] if command.is_running() and command.children() else []
    masters = _children([command], "locust")
    supervisors = _children([command], "_hookswarm.receiver")
    if victim in ("master", "supervisor"):
        return masters if victim == "master" else supervisors
    if victim == "worker":
        return _children(masters, "locust")
    return _children(supervisors, "_hookswarm.receiver.dataplane")


def _children(parents: Sequence[psutil.Process], module: str) -> list[psutil.Process]:
    """Those that run this module, and are no more the fork that is to become them."""
    found = []
    for parent in parents:
        try:
            found += [child for child in parent.children() if module in child.cmdline()]
        except psutil.Error:
            continue
    return found


def _over(folder: Path) -> bool:
    return any(
        isinstance(entry, RunEnded) for run in folder.glob("results/*") if run.is_dir() for entry in read_timeline(run)
    )


def _settle(this: Try, folder: Path, count: Sequence[int], result: Result) -> None:
    """What is left after the end, and what is still sent. A command that is killed cannot wait for its own."""
    killed = this.victim == "command" and this.signal is signal.SIGKILL
    time.sleep(QUIET_S if killed else 0.3)
    then = len(count)
    deadline = time.monotonic() + (8 if killed else 0.5)
    while (left := processes_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    result.left = [_described(pid) for pid in left]
    time.sleep(1)
    result.late = len(count) - then


def _described(pid: int) -> str:
    try:
        return f"{pid} {' '.join(psutil.Process(pid).cmdline())[-60:]}"
    except psutil.Error:
        return str(pid)


def _read(folder: Path, result: Result) -> None:
    result.said = (folder / "said").read_text(errors="replace")
    result.began = result.began or any(folder.glob("results/*/run.json"))
    report = folder / "webhook_performance_results.json"
    if report.exists():
        section: dict[str, Any] = json.loads(report.read_text())["sections"]["load"]
        result.codes = {reason["code"] for reason in section["verdict"]["reasons"]}
        result.balanced = all(stage["ledger"]["balanced"] for stage in section["stages"])


def right_ends(this: Try) -> tuple[set[int], set[str], set[str]]:
    """Exit codes that are right; what voids it, one of which is told where it is void; what else may be told."""
    number = this.signal
    if number is signal.SIGSTOP or this.victim == "data plane":  # its supervisor starts it again
        return {*FINISHED}, set(), set()
    if this.victim == "command":
        return {-9} if number is signal.SIGKILL else {Exit.INTERRUPTED}, set(), set()
    if this.victim == "master":
        if number is signal.SIGINT:
            return {Exit.INTERRUPTED}, set(), set()
        return {Exit.VOID}, {"run_unfinished"} if number is signal.SIGKILL else {"run_failed"}, UNCOUNTED
    if this.victim == "worker":
        # One that has not come so far as to listen to a signal dies of it, without a word.
        return {Exit.VOID}, {"worker_lost"} if number is signal.SIGKILL else {"run_failed", "worker_lost"}, set()
    return {Exit.VOID}, {"run_failed"}, set()


def broken_rules(this: Try, result: Result) -> list[str]:
    """A phrase for each rule that was not kept."""
    exits, void, may = right_ends(this)
    if result.over:  # struck too late to matter
        exits, void = exits | FINISHED, set()
    if not result.began:
        exits = exits | {Exit.USAGE}
    broken = []
    if result.exit_code is None:
        broken.append(f"not over {ENDS_WITHIN_S} s after the signal")
    elif result.exit_code not in exits:
        broken.append(f"exit code {result.exit_code}, not {sorted(map(int, exits))}")
    if strange := result.codes - void - may - NOTES - BUSY:
        broken.append(f"told: {', '.join(sorted(strange))}")
    if void and result.exit_code == Exit.VOID and not result.codes & void:
        broken.append(f"not told: {' or '.join(sorted(void))}")
    if not result.balanced and not result.codes & void:
        broken.append("books unbalanced")
    if result.left:
        broken.append(f"left: {'; '.join(result.left)}")
    if result.late:
        broken.append(f"{result.late} requests after the end")
    if "Traceback" in result.said:
        broken.append("a traceback")
    return broken


def told(this: Try, result: Result, broken: Sequence[str]) -> str:
    """A line of the table."""
    when = "before" if not result.began else "after" if result.over else "during"
    codes = ",".join(sorted(result.codes)) or "-"
    end = f"{when:6}  exit {result.exit_code!s:4}  {result.took_s:5.1f} s  {codes}"
    return f"{this}  {end}  {'BROKEN: ' + '; '.join(broken) if broken else 'ok'}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.whole.seeded_kills", description=__doc__)
    parser.add_argument("tries", type=int, nargs="?", default=60)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first try")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the folders of tries there")
    options = parser.parse_args()
    bad = 0
    longest_s = 0.0
    for number in range(options.first, options.first + options.tries):
        this = try_of(options.seed, number)
        with tempfile.TemporaryDirectory(prefix="hookswarm-kills-") as temporary:
            folder = (options.keep / str(number) if options.keep else Path(temporary)).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            result = play(this, folder)
        broken = broken_rules(this, result)
        bad += bool(broken)
        longest_s = max(longest_s, result.took_s)
        print(told(this, result, broken), flush=True)
        if broken:
            print("     " + result.said.strip()[-1500:].replace("\n", "\n     "), flush=True)
    print(f"{options.tries} tries, seed {options.seed}: {bad} broke a rule; the longest took {longest_s:.1f} s to end")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
