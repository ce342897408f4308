"""Checks that were asked for, in a line each."""

from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.schema.verdict import JudgedCheck

STYLES = {"pass": "bold green", "fail": "bold red", "error": "bold red"}
WORDS = {"pass": "held", "fail": "failed", "error": "not judged"}


def check_line(judged: JudgedCheck) -> Text:
    """`held: p99_ms<250: 148 in stage:bursts …`, safe for a terminal."""
    return Text.assemble(
        (WORDS[judged.status], STYLES[judged.status]), ": ", (printable(judged.check), "bold"), ": ",
        printable(judged.message),
    )  # fmt: skip
