"""The summary that the README shows is worded as one is today; its figures are those of the run that it names."""

import io
import re

from rich.console import Console

from _hookswarm.analysis.reporting import summary
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.failures import Failure
from _hookswarm.senders.plan.tables import read_table
from tests.support.journals import arrival, attempt, planned, run
from tests.support.receivers import CHECKOUT

README = (CHECKOUT / "README.md").read_text()
EXCERPT = README.partition("The first of the five summaries that `make run` prints:\n\n```\n")[2].partition("```")[0]
QUICK = [stage.name for stage in read_table(CHECKOUT / "locustfiles/test_webhook_performance.py").quick_stages]


def worded(text: str) -> list[str]:
    """Its lines without what is a run's own: numbers, ids, and how wide the columns are."""
    plain = [re.sub(r"\d{8}-\d{6}-\w+-\w{4}", "ID", line) for line in text.splitlines()]
    return [" ".join(re.sub(r"\d[\d,]*", "N", line).split()) for line in plain]


def test_its_head_is_what_the_terminal_shows() -> None:
    """Verdict, answers, failures of stages that plan faults, default checks, and the names of the columns."""
    rows = [attempt(n) for n in range(3)]
    section = analyse(run(rows, [arrival(row) for row in rows], stages=[planned("a"), planned("b")])).performance
    failure = Failure(
        attempts=444, outcome="rejected", status=503, text="", sample="", hint="", planned=True, stages={"a": 444},
        first_s=0, last_s=1,
    )  # fmt: skip
    verdict = section.verdict.model_copy(update={"reasons": []})
    ran = section.run.model_copy(update={"test": "performance", "id": "20261129-163347-performance-6914"})
    checks = [one.model_copy(update={"status": "pass", "stages": 16}) for one in section.default_checks or []]
    told = {"verdict": verdict, "run": ran, "failures": [failure], "default_checks": checks}
    out = io.StringIO()
    summary.show_section(section.model_copy(update=told), Console(file=out, width=100))
    shown, told_there = worded(out.getvalue()), worded(EXCERPT)
    assert told_there[0] == shown[0]
    for begins in ("default checks: ", "failed: ", "stage events "):
        (line,) = [line for line in shown if line.startswith(begins)]
        assert line in told_there, line
    answers = " ".join(EXCERPT.partition("failed: ")[0].split())
    for question in ("deliver", "One after the other, a delivery takes", "In an outage of", "Memory at its peak:"):
        assert question in answers


def test_its_stages_are_played_by_make_run() -> None:
    """Each line begins with the name of one, and has a figure in each column."""
    lines = EXCERPT.partition("twice\n")[2].partition("\nmemory  ")[0].splitlines()
    assert lines
    for line in lines:
        name = max((one for one in QUICK if line.startswith(f"{one} ")), key=len, default="")
        assert name, line
        assert len(line.removeprefix(name).split()) == len(summary.COLUMNS), line
