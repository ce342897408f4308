"""Run hookswarm's tests: start receivers, run Locust, write the reports."""

import sys
from collections.abc import Sequence

from _hookswarm.runner.options import make_parser


def main(argv: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(argv)
    from _hookswarm.runner.command import run_command  # only now: `--help` and a slip are answered at once

    return run_command(options)


if __name__ == "__main__":
    sys.exit(main())
