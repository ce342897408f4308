"""What the command takes. Nothing that takes long is imported here: `--help` and a slip are answered at once."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from _hookswarm import __version__, called
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.tests import TESTS
from _hookswarm.senders.plan.options import EXPECT_S, add_options


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line: argparse prints all options before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(Exit.USAGE, f"error: {message}: {self.prog} --help shows all options\n")


def make_parser() -> argparse.ArgumentParser:
    """The command's own options, and those that it hands on to Locust."""
    options = _Parser(
        prog=called(sys.argv[0], "hookswarm"),
        description="Load-test webhook delivery and write the reports.",
        epilog="Exit codes: 0 pass, 1 a check failed, 2 usage, 3 void (not to be trusted), 4 nothing was tested, "
        "130 interrupted. Without --target or --regions it starts a receiver of its own.",
    )
    options.add_argument("--version", action="version", version=f"hookswarm {__version__}")
    options.add_argument("--list", action="store_true", help="show the tests' stages, their length and rate, and end")
    options.add_argument(
        "--dry-run", action="store_true", help="show what would be sent where, with a request in full; send nothing"
    )
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


def theirs(options: argparse.Namespace) -> bool:
    """Whether the user brings the receivers."""
    return bool(options.target or options.endpoints or options.regions)
