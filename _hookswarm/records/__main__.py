"""`python -m hookswarm.records export RUN`: its journals as tables. `… collect RUN`: fetch what other hosts wrote."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from _hookswarm.common.arguments import Parser
from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import error_line
from _hookswarm.records.collect import collect
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.export import export


def make_parser() -> argparse.ArgumentParser:
    """Two commands, each with its options."""
    parser = Parser(
        prog="python -m hookswarm.records", description="A run's journals as tables, and the files of other hosts."
    )
    commands = parser.add_subparsers(dest="command", required=True, title="Commands", parser_class=Parser)
    export_help = "Write a run's journals as tables for other tools."
    export_parser = commands.add_parser("export", help=export_help, description=export_help)
    export_parser.add_argument("run", type=Path, metavar="RUN", help="The run's folder, such as results/20261122-….")
    written = export_parser.add_argument_group("What is written")
    written.add_argument(
        "--format", choices=("parquet", "csv"), default="parquet", help="Write this format. The default is %(default)s."
    )
    written.add_argument(
        "--out", type=Path, metavar="DIR", help="Write to this folder. The default is the run's own folder."
    )
    collect_help = "Fetch what receivers on other hosts wrote of a run, over their control APIs."
    collect_parser = commands.add_parser("collect", help=collect_help, description=collect_help)
    collect_parser.add_argument("run", type=Path, metavar="RUN", help="The run's folder, which holds run.json.")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    try:
        options = make_parser().parse_args(argv)
        if options.command == "collect":
            for path in collect(options.run, say=lambda text: print(text, file=sys.stderr)):
                print(path)
            return Exit.PASS
        for path in export(options.run, options.format, options.out or options.run):
            print(path)
    except (HookswarmError, OSError) as error:
        print(error_line(error), file=sys.stderr)
        return Exit.USAGE
    return Exit.PASS


if __name__ == "__main__":
    sys.exit(main())
