"""`python -m hookswarm.records export RUN`: its journals as tables. `… collect RUN`: fetch what other hosts wrote."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import with_remedy
from _hookswarm.records.collect import collect
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.export import export


def make_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = argparse.ArgumentParser(prog="python -m hookswarm.records", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    export_parser = commands.add_parser("export", help="write a run's journals as tables for other tools")
    export_parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder, such as results/20261122-…")
    export_parser.add_argument("--format", choices=("parquet", "csv"), default="parquet", help="default: %(default)s")
    export_parser.add_argument("--out", type=Path, metavar="DIR", help="where to write (default: the run's folder)")
    collect_parser = commands.add_parser(
        "collect", help="fetch the receivers' files of a run over their control APIs, where hosts share no folder"
    )
    collect_parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder, which holds run.json")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(argv)
    try:
        if options.command == "collect":
            for path in collect(options.run, say=lambda text: print(text, file=sys.stderr)):
                print(path)
            return Exit.PASS
        for path in export(options.run, options.format, options.out or options.run):
            print(path)
    except HookswarmError as error:
        print(f"error: {error}", file=sys.stderr)
        return Exit.USAGE
    except OSError as error:
        print(f"error: {with_remedy(error)}", file=sys.stderr)
        return Exit.USAGE
    return Exit.PASS


if __name__ == "__main__":
    sys.exit(main())
