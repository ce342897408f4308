"""Run hookswarm's tests: start receivers, run Locust, write the reports."""

import sys
from collections.abc import Sequence

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import error_line
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.options import make_parser


def main(argv: Sequence[str] | None = None) -> int:
    try:
        options = make_parser().parse_args(argv)
    except ConfigError as error:
        print(error_line(error), file=sys.stderr)
        return Exit.USAGE
    from _hookswarm.runner.command import run_command  # only now: `--help` and a slip are answered at once

    return run_command(options)


if __name__ == "__main__":
    sys.exit(main())
