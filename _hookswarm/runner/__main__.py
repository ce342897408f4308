"""Run hookswarm's tests: start receivers, run Locust, write the reports."""

import os
import sys
from collections.abc import Sequence

from _hookswarm import importable
from _hookswarm.analysis.reporting import summary
from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import with_remedy
from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.interrupt import Interrupt
from _hookswarm.runner.locust import run_locust
from _hookswarm.runner.options import make_parser, preflight
from _hookswarm.runner.receivers import running_receivers
from _hookswarm.runner.report import Reported, conclude, report_run


def main(argv: Sequence[str] | None = None) -> int:
    options = make_parser().parse_args(argv)
    console = summary.make_console(stderr=options.json)
    interrupt = Interrupt.listen()
    os.environ.update(importable())
    reported: list[Reported] = []
    began = False  # the run that is on, or was last: from then on what goes wrong is no matter of usage
    try:
        tests = preflight(options)
        for name, test in tests.items():
            if interrupt.count or any(one.interrupted for one in reported):
                break
            began = False
            with running_receivers(test, options, interrupt) as extra:
                run = run_locust(name, test, options, extra, interrupt, console)
                began = run.began
            reported.append(report_run(run, options, console))
        end = conclude(reported, options, console) if reported else Exit.UNKNOWN
    except HookswarmError as error:
        if interrupt.count and not began:  # stopped before there was anything to report
            return Exit.INTERRUPTED
        print(f"error: {error}", file=sys.stderr)
        return Exit.VOID if began else Exit.USAGE
    except OSError as error:
        print(f"error: {with_remedy(error)}", file=sys.stderr)
        return Exit.VOID if began else Exit.USAGE
    if interrupt.count or any(one.interrupted for one in reported):  # or Locust's process was
        return Exit.INTERRUPTED
    return end


if __name__ == "__main__":
    sys.exit(main())
