"""Locust's own statistics: percentiles that keep three digits, and CSV files that hold the last row."""

import csv
from collections.abc import Callable
from pathlib import Path

import gevent
from locust import stats
from locust.env import Environment
from locust.html import get_html_report

from senders.buckets import three_digits

REQUEST_TYPE = "DELIVERY"


def keep_three_digits() -> None:
    """Replace Locust's rounding in this process; it is read at every request (Locust #3373)."""
    stats.bucket_response_time = three_digits  # type: ignore[assignment]  # its keys may be floats


class LocustFiles:
    """`locust_*.csv` and `locust.html` in a run's folder, written while it runs and whole at its end.

    Locust's writer sleeps between rows and writes none when it stops (#2299), so the end is written here.
    """

    def __init__(self, environment: Environment, folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._writer = stats.StatsCSVFileWriter(environment, stats.PERCENTILES_TO_REPORT, str(folder / "locust"))
        self._greenlet = gevent.spawn(self._writer.stats_writer)

    def close(self) -> None:
        self._greenlet.kill()
        self._writer.close_files()
        final = stats.StatsCSV(self._environment, stats.PERCENTILES_TO_REPORT)
        self._write("locust_stats.csv", final.requests_csv)
        self._write("locust_failures.csv", final.failures_csv)
        self._write("locust_exceptions.csv", final.exceptions_csv)
        (self._folder / "locust.html").write_text(get_html_report(self._environment, show_download_link=False))

    def _write(self, name: str, rows: Callable[..., None]) -> None:
        with (self._folder / name).open("w", newline="") as file:
            rows(csv.writer(file))
