"""`python -m hookswarm.analysis RUN`: the reports of a run. `… compare BASE NEW`: two sets of runs. `… schemas DIR`.
`… checks CHECK`: whether checks can be understood.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from _hookswarm.analysis import compare_runs
from _hookswarm.analysis.deliveries import series
from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reporting import checks as checks_summary
from _hookswarm.analysis.reporting import closing, files, summaries
from _hookswarm.analysis.reporting.console import make_console
from _hookswarm.analysis.reporting.html import page
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.verdicts import asked, checks, measures
from _hookswarm.analysis.verdicts.verdict import EXITS
from _hookswarm.common.arguments import Parser, check_command
from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import error_line
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.writing import write_atomically


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    try:
        match argv[:1]:
            case ["schemas"]:
                return _schemas(argv[1:])
            case ["compare"]:
                return compare_runs.main(argv[1:])
            case ["checks"]:
                return _checks(argv[1:])
        check_command(argv, ("compare", "schemas", "checks"))
        return _analyse(argv)
    except (HookswarmError, OSError) as error:
        print(error_line(error), file=sys.stderr)
    return Exit.USAGE


def make_parser() -> argparse.ArgumentParser:
    """What it takes where no other command is named."""
    parser = Parser(
        prog="python -m hookswarm.analysis",
        description="Read a run's folder, write its reports, and say what they mean. "
        "Other commands: compare BASE NEW (two sets of runs), schemas DIR (the reports' JSON Schemas), "
        "checks CHECK (whether checks can be understood).",
        epilog="Exit codes: 0 pass, 1 a check failed, 2 wrong usage, 3 void (the measurement cannot be trusted), "
        "4 nothing was tested.",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="The run's folder, such as results/20261122-….")
    group = parser.add_argument_group("Checks and reports")
    group.add_argument(
        "--check",
        action="append",
        default=[],
        metavar="CHECK",
        help="Fail unless this holds, for example 'lost==0'. You can give it more than once.",
    )
    group.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="Write the reports to this folder, which is made if it is missing. The default is the current one.",
    )
    group.add_argument(
        "--keep-disturbed",
        action="store_true",
        help="Show the figures of disturbed stages as well. Do not trust them.",
    )
    return parser


def _analyse(argv: Sequence[str]) -> int:
    options = make_parser().parse_args(argv)
    wanted = checks.parse_checks(options.check)
    frames = load_run(options.run)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            [f"--output {options.output} cannot be written: {error.strerror}: name another folder"]
        ) from None
    found = analyse(frames, options.keep_disturbed, wanted)
    console = make_console()
    summaries.show_run(found, console)
    written = [series.save_series(options.run, found.series), *files.write_reports(options.output, found)]
    written += page.write_pages(options.output, options.run, found)
    for path in filter(None, written):
        print(path)
    results = checks.judge_checks(wanted, measures.numbers_of(found))
    for result in results:
        if not any(one.check == result.check.text for one in found.performance.checks):
            console.print(checks_summary.check_line(asked.judged(result)))  # the run has no such number
    end = EXITS[found.performance.verdict.status]
    end = end if checks.all_held(results) or end is not Exit.PASS else Exit.FAIL
    console.print(closing.closing_line([found.performance], results, end), soft_wrap=True)
    return end


def make_checks_parser() -> argparse.ArgumentParser:
    """What `checks` takes."""
    parser = Parser(
        prog="python -m hookswarm.analysis checks", description="Say whether checks can be understood, without a run."
    )
    parser.add_argument("checks", nargs="+", metavar="CHECK", help="A check, such as 'p99_ms<250'.")
    return parser


def _checks(argv: Sequence[str]) -> int:
    checks.parse_checks(make_checks_parser().parse_args(argv).checks)
    return Exit.PASS


def make_schemas_parser() -> argparse.ArgumentParser:
    """What `schemas` takes."""
    parser = Parser(prog="python -m hookswarm.analysis schemas", description="Write the reports' JSON Schemas.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="Write them to this folder, made if it is missing.")
    return parser


def _schemas(argv: Sequence[str]) -> int:
    folder = make_schemas_parser().parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.json_schemas().items():
        write_atomically(folder / name, text)
        print(folder / name)
    return Exit.PASS


if __name__ == "__main__":
    sys.exit(main())
