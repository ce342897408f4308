"""What the command takes. Nothing that takes long is imported here: `--help` and a slip are answered at once."""

import argparse
import sys
from pathlib import Path

from _hookswarm import __version__, called
from _hookswarm.common.arguments import VERSION_HELP, Parser
from _hookswarm.runner.tests import TESTS
from _hookswarm.senders.plan.options import EXPECT_S, add_options


def make_parser() -> argparse.ArgumentParser:
    """The command's own options, and those that it hands on to Locust."""
    options = Parser(
        prog=called(sys.argv[0], "hookswarm"),
        usage="%(prog)s [--test NAME ...] [OPTION ...]",
        description="Load-test webhook delivery and write the reports. "
        "Without --target, --endpoints or --regions it starts receivers of its own.",
        epilog="Exit codes: 0 pass, 1 a check failed, 2 wrong usage, 3 void (the measurement cannot be trusted), "
        "4 nothing was tested, 130 interrupted.",
    )
    options.add_argument("--version", action="version", version=f"hookswarm {__version__}", help=VERSION_HELP)
    tests = options.add_argument_group("Which tests")
    tests.add_argument(
        "--test",
        nargs="+",
        metavar="NAME",
        default=[],
        help=f"Run only these tests, of {', '.join(TESTS)}. The default is all.",
    )
    tests.add_argument(
        "--list", action="store_true", help="Show the stages of the tests with their length and rate, and send nothing."
    )
    tests.add_argument(
        "--dry-run",
        action="store_true",
        help="Show what would be sent and where, with the first request in full, and send nothing.",
    )
    add_options(options, grouped=True)
    results = options.add_argument_group("Checks and reports")
    results.add_argument(
        "--check",
        action="append",
        default=[],
        metavar="CHECK",
        help="Fail unless this holds, for example 'p99_ms<250'. You can give it more than once.",
    )
    results.add_argument(
        "--checks", type=Path, metavar="TOML", help='Read checks from this file: checks = ["lost==0", ...].'
    )
    results.add_argument("--junit", type=Path, metavar="XML", help="Write the verdicts and checks to this JUnit file.")
    results.add_argument("--markdown", type=Path, metavar="MD", help="Append a summary to this Markdown file.")
    results.add_argument(
        "--json", action="store_true", help="Print the findings as one JSON document, and all else to stderr."
    )
    results.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="Write the reports to this folder. The default is the current one.",
    )
    processes = options.add_argument_group("Processes and machines")
    processes.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="Send from this many processes beside Locust's own. The default depends on the test.",
    )
    processes.add_argument(
        "--expect-workers",
        type=int,
        metavar="N",
        help="Wait for this many sending processes that you start elsewhere with locust -f - --worker.",
    )
    processes.add_argument(
        "--expect-workers-max-wait",
        type=int,
        default=EXPECT_S,
        metavar="S",
        help="Wait no longer than this many seconds for them. The default is %(default)s.",
    )
    processes.add_argument(
        "--balancer",
        choices=("haproxy",),
        help="Compare HAProxy in front of the regions with our strategies, in the test distribution.",
    )
    return options


def theirs(options: argparse.Namespace) -> bool:
    """Whether the user brings the receivers."""
    return bool(options.target or options.endpoints or options.regions)
