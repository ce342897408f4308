"""`python -m hookswarm.service check FILE`: try a service's table. `… clean RUN`: take down what a killed run left."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import with_remedy
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.interrupt import Insisting


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as all our commands do."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError([f"{message}: {self.prog} --help shows all options"])


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = _Parser(
        prog="python -m hookswarm.service",
        description="Try the table of a delivery service, and take down what a killed run left there.",
        epilog="Exit codes: 0 all is well, 1 something is not, 2 usage, 130 interrupted.",
    )
    commands = parser.add_subparsers(dest="command", parser_class=_Parser)
    check = commands.add_parser("check", help="set up one endpoint, publish one event, tell what arrives, take it down")
    check.add_argument("service", metavar="FILE|NAME", help="the table, or a service's name: convoy, outpost …")
    check.add_argument("--advertise", default="", metavar="URL", help="how it reaches us, if not over loopback")
    check.add_argument("--port", type=int, metavar="N", help="where our receiver listens (default: a free port)")
    check.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="(default: %(default)s)")
    check.add_argument("--json", action="store_true", help="print one JSON document; all else goes to stderr")
    clean = commands.add_parser("clean", help="take down what a killed run set up, or what is kept")
    clean.add_argument(
        "run", type=Path, metavar="RUN", help="the run's folder, such as results/20261122-…, or results/kept-….json"
    )
    for command in (check, clean):
        command.add_argument("--ca-file", default="", metavar="PEM", help="certificate authority of an https service")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    try:
        parser = make_parser()
        options = parser.parse_args(argv)
        if not options.command:
            parser.error("name a command: check FILE|NAME, or clean RUN")
        interrupt = Insisting.listen()
        if options.command == "clean":
            from _hookswarm.runner.service_clean import clean

            return clean(options.run, options.ca_file, interrupt)
        from _hookswarm.runner.service_check import check

        return check(options, interrupt)
    except HookswarmError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {with_remedy(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.USAGE


if __name__ == "__main__":
    sys.exit(main())
