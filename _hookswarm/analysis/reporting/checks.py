"""Checks on screen: a line for each."""

from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.verdicts.checks import CheckResult, CheckStatus

STYLES = {CheckStatus.PASS: "bold green", CheckStatus.FAIL: "bold red", CheckStatus.ERROR: "bold red"}


def check_line(result: CheckResult) -> Text:
    """`PASS check  p99_ms<250  held by 4`, safe for a terminal."""
    return Text.assemble(
        (result.status.upper(), STYLES[result.status]), " check  ", (printable(result.check.text), "bold"),
        "  ", printable(result.message),
    )  # fmt: skip
