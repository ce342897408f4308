"""Checks on screen: a line for each."""

from rich.text import Text

from _hookswarm.analysis.reporting.summary import printable
from _hookswarm.analysis.verdicts.checks import Result, Status

STYLES = {Status.PASS: "bold green", Status.FAIL: "bold red", Status.ERROR: "bold red"}


def line(result: Result) -> Text:
    return Text.assemble(
        (result.status.upper(), STYLES[result.status]), " check  ", (printable(result.check.text), "bold"),
        "  ", printable(result.message),
    )  # fmt: skip
