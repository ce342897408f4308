"""The command: judge everything, then test after test with its receivers, then the reports."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from _hookswarm import importable
from _hookswarm.analysis.reporting.console import make_console
from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import error_line
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.interrupt import Interrupt
from _hookswarm.runner.listing import show_dry_run, show_list, show_plan
from _hookswarm.runner.locust import run_locust
from _hookswarm.runner.preflight import preflight
from _hookswarm.runner.receivers import running_receivers
from _hookswarm.senders.plan.options import VARIABLES

if TYPE_CHECKING:
    from _hookswarm.runner.report import Reported


def run_command(options: argparse.Namespace) -> int:
    """Do what the options ask for; returns the exit code."""
    console = make_console(stderr=options.json)
    interrupt = Interrupt.listen()
    os.environ.update(importable())
    for variable in (*VARIABLES.values(), "LOCUST_HOST"):  # plain Locust's: what it runs for us has our options
        os.environ.pop(variable, None)
    reported: list[Reported] = []
    refused = ""
    began = False  # the run that is on, or was last: from then on what goes wrong is no matter of usage
    try:
        outlook = preflight(options)
        for doubt in outlook.doubts:
            print(f"warning: {doubt}", file=sys.stderr)
        if options.list or options.dry_run:
            (show_dry_run if options.dry_run else show_list)(outlook, console)
            return Exit.PASS
        show_plan(outlook, console)
        for name, why in outlook.left_out.items():
            console.print(f"skipped: the test {name}: {why}", markup=False, highlight=False)
        for name, (test, *_) in outlook.tests.items():
            if interrupt.count or any(one.interrupted for one in reported):
                break
            began = False
            with running_receivers(test, options, interrupt) as extra:
                run = run_locust(name, test, options, extra, interrupt, console)
                began = run.began
            from _hookswarm.runner.report import conclude, report_run  # a second, which a run that did not begin saves

            if refused := run.refused:
                break
            reported.append(report_run(run, options, console))
            left = list(outlook.tests)[len(reported) :]
            if left and reported[-1].all_failed and not outlook.starts:  # receivers that it starts are each test's own
                refused = f"not begun: {', '.join(left)}: {reported[-1].all_failed}"
                console.print(refused, markup=False, highlight=False)
                break
        if not (reported or refused):
            return _ended(options, Exit.INTERRUPTED)
        end = conclude(reported, options, console, refused, interrupt.count > 0)
    except (HookswarmError, OSError) as error:
        if interrupt.count and not began and isinstance(error, HookswarmError):  # before there was anything to report
            return _ended(options, Exit.INTERRUPTED, reported)
        print(said := error_line(error), file=sys.stderr)
        return _ended(options, Exit.VOID if began else Exit.USAGE, reported, said.removeprefix("error: "))
    return Exit.INTERRUPTED if interrupt.count else end


def _ended(options: argparse.Namespace, end: Exit, reported: "Sequence[Reported]" = (), why: str = "") -> Exit:
    """The end of a command that concluded nothing; who wants JSON gets a document all the same."""
    if options.json and not (options.list or options.dry_run):
        from _hookswarm.analysis.verdicts.outcome import outcome_of

        files = dict.fromkeys(path for one in reported for path in one.files)
        sections = [one.found.performance for one in reported]
        print(outcome_of(sections, [], files, end, why).model_dump_json(indent=2))
    return end
