"""What a run has to say: to the terminal, into the reports, to a CI server."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from _hookswarm.analysis.deliveries import series
from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reporting import checks as checks_summary
from _hookswarm.analysis.reporting import closing, files, history, junit, markdown, summaries
from _hookswarm.analysis.reporting.html import page
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts import asked, checks, measures, outcome
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.analysis.verdicts.verdict import EXITS
from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import of_system
from _hookswarm.records.collect import collect
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import MANIFEST, RunError
from _hookswarm.runner.locust import Run
from _hookswarm.runner.preflight import wanted_checks
from _hookswarm.senders.exchange.messages import SAYS


@dataclass(frozen=True)
class Reported:
    """A run's findings, and the files that hold them."""

    found: Sections
    files: list[Path]

    @property
    def interrupted(self) -> bool:
        """Whether somebody ended it, by whatever way."""
        return any(reason.code == Code.INTERRUPTED for reason in self.found.performance.verdict.reasons)

    @property
    def all_failed(self) -> str:
        """Why it ended before its plan did, if it was because every delivery of a stage had failed."""
        reasons = self.found.performance.verdict.reasons
        return next((reason.message for reason in reasons if reason.code == Code.ALL_FAILED), "")


class ReportError(HookswarmError):
    """A run that was measured, and cannot be reported; the text says which file is at fault, and what to do."""


def report_run(run: Run, options: argparse.Namespace, console: Console) -> Reported:
    """Analyse a run, print its summary, write its sections of the reports.

    Raises ConfigError for a run that did not begin; for one that did ReportError, or another of ours, or OSError.
    """
    folder = run.folder
    if not run.began:
        last = run.said.splitlines()[-1].removeprefix(SAYS) if run.said else "no output"
        raise ConfigError([f"Locust ended before the run began: {last}"])
    if not (folder / MANIFEST).exists():
        raise ReportError(
            f"{folder / MANIFEST} is gone: let a run's folder be until the run has ended, and run it again"
        )
    if options.regions:  # receivers of other hosts, which may share no folder with us
        try:
            for path in collect(folder):
                console.print(f"fetched {path.name}", markup=False, highlight=False)
        except RunError as error:  # the books will say what is missing
            console.print(f"not fetched: {error}", markup=False, highlight=False)
    found = analyse(load_run(folder), checks=wanted_checks(options))
    summaries.show_run(found, console)
    series.save_series(folder, found.series)
    history.save_history(Path(options.results), found.performance)
    try:
        options.output.mkdir(parents=True, exist_ok=True)  # it was there when the run began
        written = [
            *files.write_reports(options.output, found),
            *page.write_pages(options.output, folder, found),
        ]
    except OSError as error:
        again = f"python -m hookswarm.analysis {folder} --output DIR"
        raise ReportError(f"{of_system(error)}: where there is room, {again} reports what was measured") from None
    for path in written:
        console.print(f"report: {path}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"run: {folder}", markup=False, highlight=False, soft_wrap=True)
    return Reported(found, written)


def conclude(
    reported: Sequence[Reported],
    options: argparse.Namespace,
    console: Console,
    refused: str = "",
    interrupted: bool = False,
) -> Exit:
    """Judge the checks over all runs, tell whoever wants to know; the worst end of all counts. Raises OSError.

    `refused`: why there were no more runs. Then there is nothing that checks could be judged by.
    `interrupted`: somebody ended it, by whatever way; so did one whose run says so.
    """
    sections = [one.found.performance for one in reported]
    numbers = [number for one in reported for number in measures.numbers_of(one.found)]
    results = [] if refused else checks.judge_checks(wanted_checks(options), numbers)
    for result in results:
        if not any(one.check == result.check.text for section in sections for one in section.checks):
            console.print(checks_summary.check_line(asked.judged(result)))  # no run has such a number
    if options.junit:
        junit.write_junit(options.junit, sections, results, refused)
    text = markdown.markdown_summary(sections, results, refused)
    for path in filter(None, (options.markdown, os.environ.get("GITHUB_STEP_SUMMARY"))):
        markdown.append_markdown(Path(path), text)
    ends = [EXITS[section.verdict.status] for section in sections]
    ends.append(Exit.UNTESTED if refused else Exit.PASS if checks.all_held(results) else Exit.FAIL)
    worst = [Exit.VOID, Exit.UNTESTED, Exit.FAIL, Exit.PASS]
    end = min(ends, key=worst.index)
    if interrupted or any(one.interrupted for one in reported):
        end = Exit.INTERRUPTED
    console.print(closing.closing_line(sections, results, end, refused), soft_wrap=True)
    if options.json:
        files = dict.fromkeys(path for one in reported for path in one.files)
        print(outcome.outcome_of(sections, results, files, end, refused).model_dump_json(indent=2))
    return end
