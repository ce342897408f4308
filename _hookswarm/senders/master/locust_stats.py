"""Locust's own statistics: percentiles of three digits, when they are whole, and CSV files that hold the last row."""

import csv
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import gevent
from locust import stats
from locust.env import Environment
from locust.html import get_html_report

from _hookswarm.records.writing import naming
from _hookswarm.senders.exchange.buckets import Percentiles, three_digits
from _hookswarm.senders.exchange.counted import are_whole

HISTORY_S = 1.0
STATS_PATIENCE_S = 6.0
"""Locust's workers send statistics every 3 s."""
POLL_S = 0.02


def sharpen_percentiles() -> None:
    """Replace Locust's rounding (#3373) and its percentiles in this process: three digits, and quickly."""
    stats.bucket_response_time = three_digits  # type: ignore[assignment]  # its keys may be floats
    stats.calculate_response_time_percentile = Percentiles()  # type: ignore[assignment]  # Locust has a function here


def await_settled(found: stats.RequestStats, settled: Mapping[str, int]) -> None:
    """Wait, with patience, until they hold all that the workers counted, by the stages' names; the analysis compares
    them again.
    """
    deadline = time.monotonic() + STATS_PATIENCE_S
    while not are_whole(found.entries, settled) and time.monotonic() < deadline:
        gevent.sleep(POLL_S)


class LocustFiles:
    """`locust_*.csv` and `locust.html` in a run's folder.

    Locust's own writer rewrites its tables every second, which holds the senders up, and leaves out the end (#2299).
    Here a second is one row of the history; the tables are written between stages, and at the end.
    """

    def __init__(self, environment: Environment, folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        self._tables = stats.StatsCSV(environment, stats.PERCENTILES_TO_REPORT)
        self._history = stats.StatsCSVFileWriter(environment, stats.PERCENTILES_TO_REPORT, str(folder / "locust"))
        self._greenlet = gevent.spawn(self._write_history)

    def _write_history(self) -> None:
        writer = self._history.stats_history_csv_writer
        writer.writerow(self._history.stats_history_csv_columns)
        while True:
            self._history._stats_history_data_rows(writer, time.time())
            self._history.stats_history_flush()
            gevent.sleep(HISTORY_S)

    def write_tables(self) -> None:
        """Write what was counted so far; takes tens of milliseconds."""
        self._write("locust_stats.csv", self._tables.requests_csv)
        self._write("locust_failures.csv", self._tables.failures_csv)
        self._write("locust_exceptions.csv", self._tables.exceptions_csv)

    def close(self) -> None:
        """Write all of them a last time. Raises OSError."""
        self._greenlet.kill()
        with naming(self._folder / "locust_stats_history.csv"):
            self._history.close_files()
        self.write_tables()
        page = self._folder / "locust.html"
        with naming(page):
            page.write_text(get_html_report(self._environment, show_download_link=False))

    def _write(self, name: str, rows: Callable[..., None]) -> None:
        with naming(self._folder / name), (self._folder / name).open("w", newline="") as file:
            rows(csv.writer(file))
