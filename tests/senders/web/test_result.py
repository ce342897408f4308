"""What became of the last run, as the tab tells it."""

from pathlib import Path

import gevent

from _hookswarm.senders.web.downloads import Downloads
from _hookswarm.senders.web.result import Result, Results
from tests.support.journals import arrival, attempt, run, write_run

SENT = [attempt(0), attempt(1)]


def judged(results: Results) -> Result:
    with gevent.Timeout(60):
        while (found := results.now()).state == "judging":
            gevent.sleep(0.05)
    return found


def test_a_run_is_judged_once_it_is_over(tmp_path: Path) -> None:
    """By the form's checks: verdict, findings, and each check with its value."""
    folder = write_run(tmp_path / "run", run(SENT, [arrival(one) for one in SENT]))
    last: list[Path] = []
    downloads = Downloads()
    downloads.checks = ("due==2", "p99_ms<0.001")
    results = Results(downloads, lambda: last[0] if last else None, lambda: True)
    assert results.now().state == "on"
    last.append(folder)
    assert results.now() == Result(state="judging", run="run")
    found = judged(results)
    assert (found.state, found.verdict) == ("judged", "FAIL performance")
    assert found.findings
    own = {check.name: check for check in found.checks}
    assert (own["due==2"].status, own["p99_ms<0.001"].status) == ("pass", "fail")
    assert own["p99_ms<0.001"].message


def test_nothing_was_run() -> None:
    """Then there is nothing to judge."""
    assert Results(Downloads(), lambda: None, lambda: False).now() == Result(state="none")


def test_a_run_that_cannot_be_judged_says_why(tmp_path: Path) -> None:
    """In the command's own words."""
    write_run(tmp_path, run(SENT))
    (tmp_path / "run.json").write_text("{")
    found = judged(Results(Downloads(), lambda: tmp_path, lambda: True))
    assert found.state == "failed"
    assert "damaged" in found.why
