"""What can be downloaded of a run once it is over: its reports, its page, its journals as tables.

They are made when somebody asks, by the commands that make them anywhere, each in a process of its own: what reads a
run must not hold up who plays the next one.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gevent.lock import RLock

from _hookswarm import importable
from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.records.exit_codes import Exit

REPORT = "webhook_performance_results.json"
"""The report that has a run's verdict, findings and books."""
FOLDER = "downloads"
"""Inside the run's folder."""
PATIENCE_S = 900.0


class Download(NamedTuple):
    """A file to be had of a run: how the page names it, and how it is made."""

    title: str
    command: tuple[str, ...]
    """What makes it, after `python -m`; {run} and {out} are folders."""


_REPORTS = ("_hookswarm.analysis", "{run}", "--output", "{out}")
FILES: Mapping[str, Download] = {
    "report.html": Download("The report, to look at", _REPORTS),
    REPORT: Download("Performance results (JSON)", _REPORTS),
    "memory_usage_results.json": Download("Memory usage (JSON)", _REPORTS),
    "cpu_utilization_results.json": Download("CPU utilization (JSON)", _REPORTS),
    "io_bottleneck_results.json": Download("I/O bottlenecks (JSON)", _REPORTS),
    **{
        f"{kind}.{form}": Download(
            f"All {kind} ({form.upper() if form == 'csv' else 'Parquet'})",
            ("_hookswarm.records", "export", "{run}", "--out", "{out}", "--format", form),
        )
        for kind in ("attempts", "arrivals")
        for form in ("parquet", "csv")
    },
}


class DownloadError(HookswarmError):
    """A download cannot be made; the text says why, for people."""


class Downloads:
    """Makes each file once. Not for threads but greenlets."""

    def __init__(self) -> None:
        self._lock = RLock()
        self.checks: tuple[str, ...] = ()
        """That the last run is held to, as the start form had them."""

    def file(self, run: Path, name: str) -> Path:
        """The file of that name, made if it is not there yet. Raises KeyError for any other name, and DownloadError."""
        wanted = FILES[name]
        path = run / FOLDER / name
        with self._lock:  # whoever asks meanwhile waits for the same
            if not path.exists():
                _make(run, wanted, self.checks)
        if not path.exists():
            raise DownloadError(f"{name}: this run has nothing for it")
        return path


def refuse_wrong(checks: Sequence[str]) -> None:
    """Raises ConfigError for checks that cannot be understood: the analysis' own command tells what is wrong."""
    if not checks:
        return
    done = _python("_hookswarm.analysis", "checks", "--", *checks)
    if done.returncode != Exit.PASS:
        raise ConfigError([f"--check: {_last_line(done.stderr)}"])


def _make(run: Path, wanted: Download, checks: Sequence[str]) -> None:
    out = (run / FOLDER).resolve()
    if not out.exists():
        # Who does not answer is missing in the books, which say so.
        _python("_hookswarm.records", "collect", str(run.resolve()))
        try:
            out.mkdir()
        except OSError as error:
            raise DownloadError(f"{out}: {error.strerror}") from None
    command = [part.format(run=run.resolve(), out=out) for part in wanted.command]
    if wanted.command is _REPORTS:
        command += [f"--check={check}" for check in checks]
    done = _python(*command)
    if done.returncode == Exit.USAGE:  # the others are verdicts
        raise DownloadError(_last_line(done.stderr))


def _last_line(told: str) -> str:
    return told.strip().splitlines()[-1].removeprefix("error: ")


def _python(*command: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["nice", "-n", "19", sys.executable, "-m", *command],  # the next run may be on by now
            env=os.environ | importable(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DownloadError(str(error)) from None
