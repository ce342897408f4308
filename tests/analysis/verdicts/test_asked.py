"""Checks that somebody asked for, as a part of a run's verdict."""

import pytest

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.verdicts.checks import parse_check
from tests.support.journals import arrival, attempt, planned, run

SENT = [attempt(n) for n in range(3)]


def judged(*texts: str, seen: int = 3) -> Section:
    frames = run(SENT, [arrival(one) for one in SENT[:seen]], stages=[planned("a"), planned("b")])
    return analyse(frames, checks=[parse_check(text) for text in texts]).performance


def test_what_holds_says_by_how_much() -> None:
    """Its value, and where it was nearest to failing."""
    (check,) = judged("stage:a p99_ms<250").checks
    assert (check.status, check.value, check.message) == ("pass", 1, "1")
    (check,) = judged("due<=3").checks
    assert (check.value, check.message) == (3, "3 in stage:a, which is nearest to failing of 2")


@pytest.mark.parametrize(("seen", "status"), [(3, "fail"), (2, "void")])
def test_what_does_not_hold_fails_the_target(seen: int, status: str) -> None:
    """With its number; before all other reasons, unless these make the measurement void."""
    section = judged("due>=3", "stage:a p99_ms<250", seen=seen)
    assert [check.status for check in section.checks] == ["fail", "pass"]
    assert (section.verdict.target, section.verdict.status) == ("fail", status)
    (reason,) = [one for one in section.verdict.reasons if one.code == "check_failed"]
    assert reason.message == "due>=3: stage:b deliveries.due is 0"
    assert (section.verdict.reasons[0] == reason) is (status == "fail")


def test_what_the_run_has_no_number_for_is_not_about_it() -> None:
    """Another test of the command may have it."""
    section = judged("capacity_per_s>1")
    assert section.checks == []
    assert section.verdict.target == "pass"


def test_what_is_not_known_is_no_pass() -> None:
    """There is such a number, and nobody knows its value."""
    section = judged("stage:b p99_ms<250")
    assert [check.status for check in section.checks] == ["error"]
    assert section.verdict.target == "fail"
