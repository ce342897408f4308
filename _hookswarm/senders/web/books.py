"""What Prometheus is told of the last run's books, as its report has them: nobody knows them before its end.

The report is made when Prometheus first asks after that, as a download is; the next run takes its figures away.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
from prometheus_client.core import GaugeMetricFamily, Metric
from pydantic import BaseModel

from _hookswarm.senders.master.say import say
from _hookswarm.senders.web.downloads import REPORT, DownloadError, Downloads

UNBALANCED = frozenset({
    "books_unbalanced", "locust_total_differs", "locust_total_missing", "acknowledged_lost", "unexpected_arrivals",
})  # fmt: skip
"""Reasons of a void measurement by which the counts of senders, receivers and Locust differ."""

LEDGER = (
    "lost", "recovered", "duplicated_harmless", "duplicated_spurious", "reordered", "late", "unexpected", "corrupt",
)  # fmt: skip
STATES = ("due", "acknowledged", "failed", "in_doubt", "abandoned")

SINCE = "Known from a moment after the last run's end until the next one begins."


class _Reason(BaseModel):
    code: str


class _Verdict(BaseModel):
    measurement: str
    target: str
    reasons: list[_Reason]


class _Stage(BaseModel):
    deliveries: dict[str, int]
    ledger: dict[str, int | None]
    """None where no receiver of ours kept a journal."""


class Section(BaseModel):
    """What is read of a test's part of the report."""

    verdict: _Verdict
    stages: list[_Stage]

    @property
    def balanced(self) -> bool:
        """Whether the counts agree; what allowed them to differ leaves a run valid."""
        void = self.verdict.measurement == "void"
        return not (void and UNBALANCED & {reason.code for reason in self.verdict.reasons})


class _Report(BaseModel):
    sections: dict[str, Section]


class Books:
    """Of the last run. Not for threads but greenlets."""

    def __init__(self, downloads: Downloads, last_run: Callable[[], Path | None]) -> None:
        """`last_run` gives its folder once it is over."""
        self._downloads = downloads
        self._last_run = last_run
        self._run: Path | None = None
        self._section: Section | None = None

    def metrics(self) -> Iterator[Metric]:
        """As far as they are known by now; asking has them read."""
        run = self._last_run()
        if run != self._run:
            self._run, self._section = run, None
            if run:
                gevent.spawn(self._read, run)
        return book_metrics(self._section)

    def _read(self, run: Path) -> None:
        try:
            report = self._downloads.file(run, REPORT).read_text()
        except DownloadError as error:
            todo = f"see what python -m hookswarm.analysis {run} says"
            say(f"Prometheus is not told of the books of {run}: {error}; {todo}")
            return
        if run == self._run:  # else the next one is on
            (self._section,) = _Report.model_validate_json(report).sections.values()


def book_metrics(section: Section | None) -> Iterator[Metric]:
    """None: there is nothing to tell."""
    verdict = GaugeMetricFamily(
        "hookswarm_run_verdict", f"1 for the verdict of the last run. {SINCE}", labels=("measurement", "target")
    )
    balanced = GaugeMetricFamily(
        "hookswarm_run_books_balanced", f"Whether senders, receivers and Locust counted the same in it. {SINCE}"
    )
    deliveries = GaugeMetricFamily(
        "hookswarm_run_deliveries", f"Events of the last run by what became of them. {SINCE}", labels=("state",)
    )
    ledger = GaugeMetricFamily(
        "hookswarm_run_ledger",
        f"Attempts of the last run against arrivals, by the journals; absent without receivers of ours. {SINCE}",
        labels=("entry",),
    )
    if section:
        verdict.add_metric((section.verdict.measurement, section.verdict.target), 1)
        balanced.add_metric((), section.balanced)
        states, entries = Counter[str](), Counter[str]()
        for stage in section.stages:
            states.update(stage.deliveries)
            entries.update({entry: count for entry, count in stage.ledger.items() if count is not None})
        for state in STATES:
            deliveries.add_metric((state,), states[state])
        for entry in LEDGER:
            if entry in entries:
                ledger.add_metric((entry,), entries[entry])
    yield from (verdict, balanced, deliveries, ledger)
