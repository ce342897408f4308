"""What can be downloaded of a run: made by the real commands, when it is asked for."""

from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.web.downloads import FOLDER, DownloadError, Downloads, refuse_wrong
from tests.support.journals import arrival, attempt, run, write_run

SENT = [attempt(0), attempt(1)]


def test_each_file_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    """In a folder of its own inside the run's; a second time it is there."""
    folder, downloads = write_run(tmp_path / "run", run(SENT, [arrival(one) for one in SENT])), Downloads()
    for name in ("report.html", "webhook_performance_results.json", "attempts.csv", "arrivals.parquet"):
        found = downloads.file(folder, name)
        assert found == folder / FOLDER / name
        assert found.stat().st_size > 0
    at_ns = found.stat().st_mtime_ns
    assert downloads.file(folder, name).stat().st_mtime_ns == at_ns


def test_a_report_that_a_run_has_no_section_of(tmp_path: Path) -> None:
    """It is said, and the others are there."""
    write_run(tmp_path, run(SENT))
    with pytest.raises(DownloadError, match="nothing for it"):
        Downloads().file(tmp_path, "io_bottleneck_results.json")


def test_nothing_else_can_be_asked_for(tmp_path: Path) -> None:
    """No file of the run's folder, no way out of it."""
    write_run(tmp_path, run(SENT))
    for name in ("run.json", "../run.json", ""):
        with pytest.raises(KeyError):
            Downloads().file(tmp_path, name)


def test_a_damaged_run_says_what_is_wrong(tmp_path: Path) -> None:
    """In the command's own words, and nothing is kept."""
    write_run(tmp_path, run(SENT))
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DownloadError, match="damaged"):
        Downloads().file(tmp_path, "report.html")
    with pytest.raises(DownloadError, match="damaged"):
        Downloads().file(tmp_path, "attempts.csv")


def test_checks_that_cannot_be_understood_are_refused() -> None:
    """All at once, by the analysis' own words."""
    refuse_wrong(())
    refuse_wrong(["p99_ms<250", "stage:load-* lost==0"])
    with pytest.raises(ConfigError, match=r"--check: .*'p99_ms'.*'lost=>1'"):
        refuse_wrong(["p99_ms", "lost==0", "lost=>1"])
