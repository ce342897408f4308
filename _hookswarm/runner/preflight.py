"""All that can be wrong with a command, told before anything starts: for all its tests, before the first."""

import argparse
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from _hookswarm import hiding
from _hookswarm.analysis.reporting import files
from _hookswarm.analysis.verdicts import checks as parsing
from _hookswarm.analysis.verdicts.checks import Check
from _hookswarm.analysis.verdicts.foresight import check_faults, doubt
from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import one_of, with_remedy
from _hookswarm.protocol.credentials import control_token
from _hookswarm.receiver import haproxy
from _hookswarm.records.manifest import RunError
from _hookswarm.runner.options import theirs
from _hookswarm.runner.plans import Outlook, names_there, plan_tests
from _hookswarm.runner.tests import TESTS
from _hookswarm.senders.plan.checked_options import check_options, check_writable
from _hookswarm.senders.plan.options import empty_faults
from _hookswarm.senders.plan.unused import unused_options
from _hookswarm.senders.service.processes import restart_faults

EXPECTED = "--expect-workers needs receivers that they reach: add --regions, --target or --endpoints"
EXPECTED_SERVICE = (
    "--expect-workers with --service needs --regions, for all processes read one table of the receivers: start those "
    "with hookswarm-receiver, and give each host that file (docs/machines.md)"
)
MAX_PROCESSES = 256
MAX_WORKERS = 1_000
MAX_WAIT_S = 86_400


def preflight(options: argparse.Namespace) -> Outlook:
    """What is to be run; raises ConfigError that names every fault of the options. It sends nothing."""
    faults = [f"--test: there is no test {name!r}: {one_of(name, TESTS)}" for name in options.test if name not in TESTS]
    if not 0 <= (options.processes or 0) <= MAX_PROCESSES:
        faults.append(f"--processes {options.processes} is out of range: write 0 to {MAX_PROCESSES}")
    if options.expect_workers is not None and not 1 <= options.expect_workers <= MAX_WORKERS:
        faults.append(f"--expect-workers {options.expect_workers} is out of range: write 1 to {MAX_WORKERS}")
    if not 1 <= options.expect_workers_max_wait <= MAX_WAIT_S:
        waits = f"--expect-workers-max-wait {options.expect_workers_max_wait}"
        faults.append(f"{waits} is out of range: write 1 to {MAX_WAIT_S} seconds")
    if options.expect_workers and options.processes:
        faults.append("--expect-workers and --processes cannot be used together: leave one out")
    if options.expect_workers and not theirs(options):
        faults.append(EXPECTED_SERVICE if options.service else EXPECTED)
    if options.balancer and options.test and "distribution" not in options.test:
        faults.append("--balancer is for the test 'distribution': add that to --test, or leave --balancer out")
    if options.balancer and theirs(options):
        faults.append(
            "--balancer starts HAProxy before receivers of ours: leave it out, and name yours in your table, [balancer]"
        )
    elif options.balancer:
        try:
            haproxy.haproxy_program()
        except ConfigError as error:
            faults += [f"--balancer haproxy: {fault}" for fault in error.faults]
    faults += empty_faults(
        [f"--{name}" for name in ("junit", "markdown", "checks") if getattr(options, name) == Path()]
    )
    faults += [
        f"{file} hides our package of that name: Locust looks in this folder first; rename it, or start elsewhere"
        for file in hiding(Path())
    ]
    checks, unread = _read_checks(options)
    faults += unread
    summary = Path(os.environ.get("GITHUB_STEP_SUMMARY", ""))
    wanted = (("--junit", options.junit), ("--markdown", options.markdown), ("$GITHUB_STEP_SUMMARY", summary))
    for option, path in wanted:
        try:
            if path and path != Path():
                check_writable(option, path.parent)
                if path.exists() and not (path.is_file() and os.access(path, os.W_OK)):
                    faults.append(f"{option} {path} is not a file that can be written: name another")
        except ConfigError as error:
            faults += error.faults
    try:
        check_writable("--output", options.output)
        files.read_reports(options.output)
    except (ConfigError, RunError, OSError) as error:
        faults.append(with_remedy(error) if isinstance(error, OSError) else str(error))
    there: dict[str, set[str]] = {}
    try:
        settings = check_options(options)
        found = plan_tests(options, settings)
        there = names_there(found.tests)
        if found.starts:
            control_token()  # by it they are asked whether they serve
        if not (options.list or options.dry_run):
            faults += settings.service_unreachable() if found.starts else settings.unreachable()
            faults += settings.observer.faults() if settings.observer else []
            played = [stage for prepared in found.tests.values() for stage in prepared.plan.stages]
            faults += restart_faults(settings.service, [stage.restart for stage in played])
    except ConfigError as error:
        faults += error.faults
    faults += [fault for check in checks for fault in check_faults(check, there, bool(options.service))]
    if faults:
        raise ConfigError(faults)
    plans = [(prepared.settings, prepared.plan) for prepared in found.tests.values()]
    return found._replace(doubts=[*unused_options(options, plans), *filter(None, map(doubt, checks))])


def wanted_checks(options: argparse.Namespace) -> list[Check]:
    """The checks of the options; raises ConfigError that names every fault."""
    checks, faults = _read_checks(options)
    if faults:
        raise ConfigError(faults)
    return checks


def _read_checks(options: argparse.Namespace) -> tuple[list[Check], list[str]]:
    """Those that can be understood, and what is wrong with the others."""
    checks: list[Check] = []
    faults: list[str] = []
    reads: list[Callable[[], list[Check]]] = [partial(parsing.parse_checks, [text]) for text in options.check]
    if options.checks and options.checks != Path():
        reads.append(partial(parsing.load_checks, options.checks))
    for read in reads:
        try:
            checks += read()
        except ConfigError as error:
            faults += error.faults
    return checks, faults
