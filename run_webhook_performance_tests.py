#!/usr/bin/env python3
"""Run hookswarm's tests: start receivers, run Locust, write the reports."""

import argparse
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from analysis import (
    checks,
    checks_summary,
    history,
    junit,
    markdown,
    measures,
    outcome,
    reports,
    series,
    summaries,
    summary,
)
from analysis.checks import Check, CheckError
from analysis.frames import load
from analysis.html import page
from analysis.progress import Display
from analysis.reports import Findings
from analysis.verdict import EXITS
from protocol.credentials import control_token
from protocol.errors import ConfigError
from protocol.regions import WORLD_TABLE, RegionTable, dump_table, load_table
from receiver import children, haproxy
from receiver.fleet import Fleet, balanced, free_ports, on_free_ports, relocated
from records.collect import collect
from records.exit_codes import Exit
from records.journal import JournalError
from records.run import MANIFEST, RunError, new_run_id
from senders.messages import RUN_VARIABLE, SAYS
from senders.options import add_options, to_arguments
from senders.settings import check, unreachable, writable

ROOT = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Test:
    """A test's locustfile, and what it wants."""

    file: str
    processes: tuple[int, int] = (0, 0)
    """Sending processes beside Locust's own: for the short form, and at full length."""
    receiver: tuple[str, ...] = ()
    """How our receivers are started for it."""
    regions: tuple[int, int] | None = None
    """How many regions of the world: for the short form, and at full length; None: one, and no distances."""


TESTS = {
    "performance": Test("locustfiles/test_webhook_performance.py"),
    "load": Test("locustfiles/test_webhook_load.py", receiver=("--threads", "64")),  # slow webhooks occupy threads
    "scalability": Test("locustfiles/test_webhook_scalability.py", processes=(2, 16)),
    "distribution": Test("locustfiles/test_load_distribution.py", receiver=("--threads", "64"), regions=(3, 7)),
    "resource": Test("locustfiles/test_resource_utilization.py"),
}

MAX_PROCESSES = 256
MAX_WORKERS = 1_000
STOP_PATIENCE_S = 45
"""How long Locust may take to end in order once it is told to."""


@dataclass
class Interrupt:
    """Ctrl-C or SIGTERM: the first asks Locust to end in order, the second ends it at once."""

    wanted: threading.Event
    count: int = 0

    @classmethod
    def listen(cls) -> "Interrupt":
        interrupt = cls(threading.Event())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupt.note)
        return interrupt

    def note(self, *_: object) -> None:
        self.count += 1
        self.wanted.set()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        description="Load-test webhook delivery and write the reports.",
        epilog="Exit codes: 0 pass, 1 a check failed, 2 usage, 3 void (not to be trusted), 4 nothing was tested, "
        "130 interrupted. Without --target or --regions it starts a receiver of its own.",
    )
    options.add_argument("--test", nargs="+", metavar="NAME", default=[], help=f"of {', '.join(TESTS)} (default: all)")
    options.add_argument("--processes", type=int, metavar="N", help="sending processes beside Locust's own")
    options.add_argument(
        "--expect-workers", type=int, metavar="N", help="sending processes of other machines: locust -f - --worker …"
    )
    options.add_argument(
        "--balancer", choices=("haproxy",), help="HAProxy before the regions of 'distribution', beside our strategies"
    )
    options.add_argument(
        "--check", action="append", default=[], metavar="CHECK", help="fail unless it holds: 'p99_ms<250'; repeatable"
    )
    options.add_argument("--checks", type=Path, metavar="TOML", help='a file of checks: checks = ["lost==0", …]')
    options.add_argument("--junit", type=Path, metavar="XML", help="write verdicts and checks as JUnit XML")
    options.add_argument("--markdown", type=Path, metavar="MD", help="append a summary in Markdown")
    options.add_argument(
        "--json", action="store_true", help="print one JSON document of what was found; all else goes to stderr"
    )
    options.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="where reports go (default: here)")
    add_options(options)
    return options


def preflight(options: argparse.Namespace) -> dict[str, Test]:
    """The tests to run, by name; raises ConfigError that names every fault of the options."""
    faults = [f"unknown test {name!r}; there are {', '.join(TESTS)}" for name in options.test if name not in TESTS]
    if not 0 <= (options.processes or 0) <= MAX_PROCESSES:
        faults.append(f"--processes must lie in 0..{MAX_PROCESSES}")
    if options.expect_workers is not None and not 1 <= options.expect_workers <= MAX_WORKERS:
        faults.append(f"--expect-workers must lie in 1..{MAX_WORKERS}")
    if options.expect_workers and options.processes:
        faults.append("--expect-workers and --processes exclude each other")
    if options.expect_workers and not (options.target or options.regions):
        faults.append("--expect-workers needs receivers that they reach: --regions TOML or --target URL")
    if options.balancer and options.test and "distribution" not in options.test:
        faults.append("--balancer is for the test 'distribution'")
    if options.balancer and (options.target or options.regions):
        faults.append("--balancer starts HAProxy before receivers of ours; a table of yours names its own: [balancer]")
    elif options.balancer:
        try:
            haproxy.program()
        except ConfigError as error:
            faults += [f"--balancer haproxy: {fault}" for fault in error.faults]
    try:
        wanted(options)
    except CheckError as error:
        faults.append(str(error))
    for option, path in (("--junit", options.junit), ("--markdown", options.markdown)):
        try:
            if path:
                writable(option, path.parent)
        except ConfigError as error:
            faults += error.faults
    try:
        writable("--output", options.output)
        reports.read(options.output)
    except (ConfigError, RunError, OSError) as error:
        faults.append(str(error))
    try:
        settings = check(options)
        if options.target or options.regions:
            faults += unreachable(settings.regions, settings.balancer)
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    return {name: test for name, test in TESTS.items() if name in options.test or not options.test}


def wanted(options: argparse.Namespace) -> list[Check]:
    """The checks of the options; raises CheckError that names every fault."""
    return [*checks.parse_all(options.check), *(checks.load(options.checks) if options.checks else [])]


@contextmanager
def receivers(test: Test, options: argparse.Namespace, interrupt: Interrupt) -> Iterator[list[str]]:
    """Start a test's receivers unless the user has some; gives the options that point Locust at them."""
    if options.target or options.regions:
        yield []
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hookswarm-")))
        log = stack.enter_context((folder / "receivers.log").open("w+b"))
        regions = RegionTable(region=tuple(on_free_ports(["local"])))
        if test.regions:
            regions = relocated(load_table(WORLD_TABLE), test.regions[not options.quick])
            if options.balancer:
                regions = balanced(regions)
        table = folder / "regions.toml"
        table.write_text(dump_table(regions))
        fleet = stack.enter_context(Fleet(regions, ["--results", options.results, *test.receiver], output=log))
        try:
            fleet.wait_ready(control_token(), interrupt.wanted)
        except ConfigError as error:
            raise ConfigError([*error.faults, (folder / "receivers.log").read_text().strip()[-500:]]) from None
        watched = [options.watch, str(fleet.balancer_pid or "")]
        yield [f"--regions={table}", f"--watch={','.join(filter(None, watched))}"]


def run_locust(
    name: str, test: Test, options: argparse.Namespace, extra: Sequence[str], interrupt: Interrupt, console: Console
) -> Path:
    """Run one test's locustfile to its end, with a progress bar; returns the run's folder."""
    run = new_run_id(name, datetime.now(UTC))
    folder = Path(options.results) / run
    folder.mkdir(parents=True)
    processes = test.processes[not options.quick] if options.processes is None else options.processes
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / test.file), "--headless", "--only-summary"]
    command += ["--loglevel", "WARNING", *to_arguments(options), *extra]
    if options.expect_workers:
        command += ["--master", "--expect-workers", str(options.expect_workers)]
    elif processes:
        port = str(free_ports(1)[0])
        command += ["--processes", str(processes), "--master-bind-host", "127.0.0.1"]
        command += ["--master-bind-port", port, "--master-port", port]
    with tempfile.TemporaryFile() as log, Display(folder, name, console) as display:
        locust = children.start(command, {RUN_VARIABLE: run}, output=log)
        try:
            told = 0
            while locust.poll() is None:
                interrupt.wanted.wait(0.2) if not told else threading.Event().wait(0.2)
                display.update()
                if interrupt.count > told:
                    told = interrupt.count
                    locust.send_signal(signal.SIGINT if told == 1 else signal.SIGKILL)
            display.update()
        finally:
            children.stop(locust, signal.SIGINT, STOP_PATIENCE_S)
            log.seek(0)
            said = log.read()
    _keep_log(folder / "locust.log", said)
    for line in said.decode(errors="replace").splitlines():
        if line.startswith(SAYS) and not line.startswith(f"{SAYS}run "):
            console.print(line, markup=False, highlight=False)
    return folder


def _keep_log(path: Path, said: bytes) -> None:
    """Keep what Locust said with the run; a disk that is full by now has no room for it."""
    try:
        path.write_bytes(said)
    except OSError:
        pass


@dataclass(frozen=True)
class Reported:
    """A run's findings, and the files that hold them."""

    found: Findings
    files: list[Path]


def report(folder: Path, options: argparse.Namespace, console: Console) -> Reported:
    """Analyse a run, print its summary, write its sections of the reports."""
    if not (folder / MANIFEST).exists():
        log = (folder / "locust.log").read_text(errors="replace").strip()
        raise ConfigError([f"Locust ended before the run began: {log.splitlines()[-1] if log else 'no output'}"])
    if options.regions:  # receivers of other hosts, which may share no folder with us
        try:
            for path in collect(folder):
                console.print(f"fetched {path.name}", markup=False, highlight=False)
        except RunError as error:  # the books will say what is missing
            console.print(f"not fetched: {error}", markup=False, highlight=False)
    found = reports.findings(load(folder))
    summaries.show(found, console)
    series.save(folder, found.series)
    history.save(Path(options.results), found.performance)
    written = [*reports.write(options.output, found), page.write(options.output, reports.read(options.output))]
    paths = ", ".join(map(str, written))
    console.print(f"report {paths}, run {folder}", markup=False, highlight=False)
    return Reported(found, written)


def conclude(reported: Sequence[Reported], options: argparse.Namespace, console: Console) -> Exit:
    """Judge the checks over all runs, tell whoever wants to know; the worst end of all counts. Raises OSError."""
    sections = [one.found.performance for one in reported]
    results = checks.judge(wanted(options), [number for one in reported for number in measures.of(one.found)])
    for result in results:
        console.print(checks_summary.line(result))
    if options.junit:
        junit.write(options.junit, sections, results)
    text = markdown.compute(sections, results)
    for path in filter(None, (options.markdown, os.environ.get("GITHUB_STEP_SUMMARY"))):
        markdown.append(Path(path), text)
    ends = [EXITS[section.verdict.status] for section in sections]
    ends.append(Exit.PASS if checks.held(results) else Exit.FAIL)
    worst = [Exit.VOID, Exit.UNKNOWN, Exit.FAIL, Exit.PASS]
    end = min(ends, key=worst.index)
    if options.json:
        files = dict.fromkeys(path for one in reported for path in one.files)
        print(outcome.compute(sections, results, files, end).model_dump_json(indent=2))
    return end


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    console = summary.console(stderr=options.json)
    interrupt = Interrupt.listen()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    reported: list[Reported] = []
    try:
        tests = preflight(options)
        for name, test in tests.items():
            if interrupt.count:
                break
            with receivers(test, options, interrupt) as extra:
                run = run_locust(name, test, options, extra, interrupt, console)
            reported.append(report(run, options, console))
        end = conclude(reported, options, console) if reported else Exit.UNKNOWN
    except (ConfigError, RunError, JournalError) as error:
        if interrupt.count:  # stopped before there was anything to report
            return Exit.INTERRUPTED
        print(f"error: {error}", file=sys.stderr)
        return Exit.USAGE
    except OSError as error:
        print(f"error: {error.filename or 'cannot write'}: {error.strerror}", file=sys.stderr)
        return Exit.USAGE
    if interrupt.count:
        return Exit.INTERRUPTED
    return end


if __name__ == "__main__":
    sys.exit(main())
