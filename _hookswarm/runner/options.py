"""What the command takes, and all that can be wrong with it, told before anything starts."""

import argparse
import sys
from pathlib import Path

from _hookswarm import __version__, called, hiding
from _hookswarm.analysis.reporting import files
from _hookswarm.analysis.verdicts import checks
from _hookswarm.analysis.verdicts.checks import Check
from _hookswarm.common.errors import ConfigError
from _hookswarm.receiver import haproxy
from _hookswarm.records.manifest import RunError
from _hookswarm.runner.tests import TESTS, Test
from _hookswarm.senders.plan.options import EXPECT_S, add_options
from _hookswarm.senders.plan.settings import check_options, check_writable, unreachable

MAX_PROCESSES = 256
MAX_WORKERS = 1_000
MAX_WAIT_S = 86_400


def make_parser() -> argparse.ArgumentParser:
    """The command's own options, and those that it hands on to Locust."""
    options = argparse.ArgumentParser(
        prog=called(sys.argv[0], "hookswarm"),
        description="Load-test webhook delivery and write the reports.",
        epilog="Exit codes: 0 pass, 1 a check failed, 2 usage, 3 void (not to be trusted), 4 nothing was tested, "
        "130 interrupted. Without --target or --regions it starts a receiver of its own.",
    )
    options.add_argument("--version", action="version", version=f"hookswarm {__version__}")
    options.add_argument("--test", nargs="+", metavar="NAME", default=[], help=f"of {', '.join(TESTS)} (default: all)")
    options.add_argument("--processes", type=int, metavar="N", help="sending processes beside Locust's own")
    options.add_argument(
        "--expect-workers", type=int, metavar="N", help="sending processes of other machines: locust -f - --worker …"
    )
    options.add_argument(
        "--expect-workers-max-wait",
        type=int,
        default=EXPECT_S,
        metavar="S",
        help="how long to wait for them, seconds (default: %(default)s)",
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
    if not 1 <= options.expect_workers_max_wait <= MAX_WAIT_S:
        faults.append(f"--expect-workers-max-wait must lie in 1..{MAX_WAIT_S} seconds")
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
            haproxy.haproxy_program()
        except ConfigError as error:
            faults += [f"--balancer haproxy: {fault}" for fault in error.faults]
    faults += [
        f"{file} hides our package of that name: Locust looks in this folder first; rename it, or start elsewhere"
        for file in hiding(Path())
    ]
    try:
        wanted_checks(options)
    except ConfigError as error:
        faults += error.faults
    for option, path in (("--junit", options.junit), ("--markdown", options.markdown)):
        try:
            if path:
                check_writable(option, path.parent)
        except ConfigError as error:
            faults += error.faults
    try:
        check_writable("--output", options.output)
        files.read_reports(options.output)
    except (ConfigError, RunError, OSError) as error:
        faults.append(str(error))
    try:
        settings = check_options(options)
        if options.target or options.regions:
            faults += unreachable(settings.regions, settings.balancer)
        faults += settings.observer.faults() if settings.observer else []
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    return {name: test for name, test in TESTS.items() if name in options.test or not options.test}


def wanted_checks(options: argparse.Namespace) -> list[Check]:
    """The checks of the options; raises ConfigError that names every fault."""
    return [*checks.parse_checks(options.check), *(checks.load_checks(options.checks) if options.checks else [])]
