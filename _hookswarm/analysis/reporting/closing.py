"""The last line on screen: the verdict, its first reason, and the exit code."""

from collections.abc import Sequence

from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts.checks import CheckResult, CheckStatus
from _hookswarm.analysis.verdicts.verdict import EXITS
from _hookswarm.records.exit_codes import Exit

WORDS = {
    Exit.PASS: ("PASS", "bold green"),
    Exit.FAIL: ("FAIL", "bold red"),
    Exit.VOID: ("VOID", "bold red"),
    Exit.UNTESTED: ("UNTESTED", "bold yellow"),
    Exit.INTERRUPTED: ("INTERRUPTED", "bold yellow"),
}


def closing_line(sections: Sequence[Section], results: Sequence[CheckResult], end: Exit, refused: str = "") -> Text:
    """`FAIL (exit code 1): load: check_failed: p99_ms<250: …`; of a pass how much was tested."""
    word, style = WORDS[end]
    return Text.assemble((word, style), f" (exit code {int(end)}): ", printable(_why(sections, results, end, refused)))


def _why(sections: Sequence[Section], results: Sequence[CheckResult], end: Exit, refused: str) -> str:
    if end is Exit.INTERRUPTED:
        return "stopped before its plan was done; what was played is in the reports"
    for section in sections:
        status = section.verdict.status
        if status is not Status.PASS and EXITS[status] is end and section.verdict.reasons:
            first = section.verdict.reasons[0]
            return f"{section.run.test}: {first.code}: {first.message}"
    if refused:
        return refused
    for result in results:
        if result.status is not CheckStatus.PASS:
            return f"{result.check.text}: {result.message}"
    held = sum(one.status == "pass" for section in sections for one in section.default_checks or [])
    checks = f"{held} default checks and {len(results)} of your own held" if results else f"{held} default checks held"
    return f"{', '.join(section.run.test for section in sections)}: {checks}"
