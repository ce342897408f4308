"""A run's folder of each test, kept with the reports that they give: `python -m tests.support.kept_runs` writes those.

The folders are of short runs, without what nothing reads (Locust's page and history, the log).
"""

import re
import shutil
import tempfile
from pathlib import Path

from _hookswarm.analysis.__main__ import main as analyse
from tests.support.receivers import CHECKOUT

KEPT = CHECKOUT / "tests/data"
RUNS, REPORTS = KEPT / "runs", KEPT / "reports"
PAGE = "report.html"
TESTS = ("performance", "load", "scalability", "distribution", "resource")
PLOTLY = re.compile(r'(?<=<script type="application/gzip" id="plotly">)[^<]+')


def reports_of(folder: Path) -> Path:
    """The reports of all kept runs, made in `folder`; the page is without the plotting library's own text."""
    out = folder / REPORTS.name
    out.mkdir()
    for test in TESTS:
        run = shutil.copytree(RUNS / test, folder / RUNS.name / test)  # an analysis adds to its run's folder
        analyse([str(run), "--output", str(out)])
    page = out / PAGE
    page.write_text(PLOTLY.sub("", page.read_text()))
    return out


def write_anew() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.rmtree(REPORTS, ignore_errors=True)
        shutil.copytree(reports_of(Path(folder)), REPORTS)


if __name__ == "__main__":
    write_anew()
