"""`python -m hookswarm.service check FILE`: try a service's table. `… clean RUN`: take down what a killed run left."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from _hookswarm.common.arguments import Parser
from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import error_line
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.interrupt import Insisting


def make_parser() -> argparse.ArgumentParser:
    """Two commands, each with its options."""
    parser = Parser(
        prog="python -m hookswarm.service",
        description="Try the table of a delivery service, and take down what a killed run left there.",
        epilog="Exit codes: 0 all is well, 1 something is not, 2 wrong usage, 130 interrupted.",
    )
    commands = parser.add_subparsers(dest="command", required=True, title="Commands", parser_class=Parser)
    check_help = "Set up one endpoint, publish one event, tell what arrives, and take everything down."
    check = commands.add_parser("check", help=check_help, description=check_help)
    check.add_argument(
        "service", metavar="FILE|NAME", help="The service's table, or the name of one that we know: convoy, outpost …."
    )
    reach = check.add_argument_group("How it is reached")
    reach.add_argument(
        "--advertise", default="", metavar="URL", help="Tell the service to deliver here, if it is not on this machine."
    )
    reach.add_argument(
        "--port", type=int, metavar="N", help="Let our receiver listen on this port. The default is a free one."
    )
    kept = check.add_argument_group("What is written")
    kept.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="Keep what was set up in this folder. The default is %(default)s.",
    )
    kept.add_argument("--json", action="store_true", help="Print one JSON document, and all else to stderr.")
    clean_help = "Take down what a killed run set up, or what was kept."
    clean = commands.add_parser("clean", help=clean_help, description=clean_help)
    clean.add_argument(
        "run",
        type=Path,
        metavar="RUN",
        help="The run's folder, such as results/20261122-…, or a file results/kept-….json.",
    )
    for group in (reach, clean.add_argument_group("How it is reached")):
        group.add_argument(
            "--ca-file", default="", metavar="PEM", help="Trust this certificate authority of an https service."
        )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    try:
        options = make_parser().parse_args(argv)
        interrupt = Insisting.listen()
        if options.command == "clean":
            from _hookswarm.runner.service_clean import clean

            return clean(options.run, options.ca_file, interrupt)
        from _hookswarm.runner.service_check import check

        return check(options, interrupt)
    except (HookswarmError, OSError) as error:
        print(error_line(error), file=sys.stderr)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.USAGE


if __name__ == "__main__":
    sys.exit(main())
