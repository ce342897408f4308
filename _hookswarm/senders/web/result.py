"""What became of the last run, for the tab: it is judged in a process of its own as soon as it is over."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import gevent
from pydantic import BaseModel

from _hookswarm.senders.web.downloads import REPORT, DownloadError, Downloads


class Told(BaseModel):
    """A check, or a reason of the verdict."""

    name: str
    status: str = ""
    message: str


class Result(BaseModel):
    """`judging`: it is over, and its books are being balanced."""

    state: Literal["none", "on", "judging", "judged", "failed"]
    run: str = ""
    verdict: str = ""
    """`PASS performance`"""
    findings: list[str] = []
    reasons: list[Told] = []
    checks: list[Told] = []
    """Your own, and those default ones that failed."""
    why: str = ""
    """It could not be judged."""


class Results:
    """Judges each run once."""

    def __init__(self, downloads: Downloads, last_run: Callable[[], Path | None], begun: Callable[[], bool]) -> None:
        self._downloads = downloads
        self._last_run = last_run
        self._begun = begun
        self._judged: Path | None = None
        self._result = Result(state="none")

    def now(self) -> Result:
        """At once; whoever asks first has it judged."""
        run = self._last_run()
        if run is None:
            return Result(state="on" if self._begun() else "none")
        if run != self._judged:
            self._judged, self._result = run, Result(state="judging", run=run.name)
            gevent.spawn(self._judge, run)
        return self._result

    def _judge(self, run: Path) -> None:
        try:
            content = json.loads(self._downloads.file(run, REPORT).read_text())
            found = result_of(run.name, *content["sections"].items())
        except (DownloadError, OSError, ValueError) as error:
            found = Result(state="failed", run=run.name, why=str(error))
        if run == self._judged:
            self._result = found


def result_of(run: str, section: tuple[str, dict[str, Any]]) -> Result:
    """Of a report's one section, by its test's name."""
    test, told = section
    default = [check for check in told["default_checks"] or [] if check["status"] == "fail"]
    return Result(
        state="judged",
        run=run,
        verdict=f"{told['verdict']['status'].upper()} {test}",
        findings=[finding["text"] for finding in told["findings"]],
        reasons=[Told(name=one["code"], message=one["message"]) for one in told["verdict"]["reasons"]],
        checks=[
            Told(name=one["check"], status=one["status"], message=one["message"]) for one in (*told["checks"], *default)
        ],
    )
