"""`python -m hookswarm.analysis RUN`: the reports of a run. `… compare BASE NEW`: two sets of runs. `… schemas DIR`."""

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
from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import with_remedy
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
        return _analyse(argv)
    except HookswarmError as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {with_remedy(error)}", file=sys.stderr)
    return Exit.USAGE


def _analyse(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m hookswarm.analysis",
        description="Balance the books of a run, write its reports, and say what they mean.",
        epilog="Exit codes: 0 pass, 1 a check failed, 2 usage, 3 void (not to be trusted), 4 nothing was tested.",
    )
    parser.add_argument("run", type=Path, metavar="RUN", help="the run's folder, such as results/20261122-…")
    parser.add_argument(
        "--output", type=Path, default=Path(), metavar="DIR", help="where reports go; it is made (default: here)"
    )
    parser.add_argument("--check", action="append", default=[], metavar="CHECK", help="fail unless it holds: 'lost==0'")
    parser.add_argument(
        "--keep-disturbed", action="store_true", help="tell the figures of disturbed stages, too: do not trust them"
    )
    options = parser.parse_args(argv)
    wanted = checks.parse_checks(options.check)
    frames = load_run(options.run)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError([f"--output {options.output} cannot be written: {error.strerror}"]) from None
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


def _schemas(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m hookswarm.analysis schemas", description="Write the reports' JSON Schemas."
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.json_schemas().items():
        write_atomically(folder / name, text)
        print(folder / name)
    return Exit.PASS


if __name__ == "__main__":
    sys.exit(main())
