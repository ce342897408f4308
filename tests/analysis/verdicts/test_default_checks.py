"""Checks that hold without being asked for: where they are judged, what they find, and where it is shown."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reporting import junit, markdown, summary
from _hookswarm.analysis.reporting.default_checks import default_checks_line
from _hookswarm.analysis.reporting.html import page
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, PERFORMANCE, Report
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts import outcome
from _hookswarm.analysis.verdicts.default_checks import DEFAULTS
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import RunEnded, StageOverloaded, WorkerLost
from tests.support.journals import START, Row, arrival, attempt, planned, run
from tests.support.published import frames_of

SENT = [attempt(n) for n in range(100)]
SEEN = [arrival(one) for one in SENT]
CORRUPT = [SEEN[0] | {"digest": 1}, *SEEN[1:]]
TWICE = [*SEEN, arrival(SENT[0])]
FAULTS = {"status": {"503": 0.5}}


def failing(count: int, outcome: Outcome = Outcome.REFUSED) -> list[Row]:
    """A hundred attempts, the last of which failed."""
    return [*SENT[: 100 - count], *(attempt(n, outcome=outcome) for n in range(100 - count, 100))]


def found(frames: RunFrames) -> Section:
    return analyse(frames).performance


def statuses(section: Section) -> dict[str, str]:
    return {one.check: one.status for one in section.default_checks or []}


def played(sent: Sequence[Row] = SENT, seen: Sequence[Row] | None = SEEN, test: str = "load", **plan: Any) -> RunFrames:
    return run(sent, seen, stages=[planned(**plan)], test=test)


def test_a_run_in_which_all_goes_well() -> None:
    """All four were judged, in its one stage."""
    section = found(played())
    assert section.verdict.status is Status.PASS
    assert statuses(section) == dict.fromkeys(DEFAULTS, "pass")
    told = "lost 0, corrupt 0, duplicated_spurious 0, error_rate 0%"
    assert default_checks_line(section) == f"default checks: 4 held in 1 stage ({told})"


BROKEN: dict[str, tuple[Callable[[], RunFrames], str]] = {
    "corrupt==0": (lambda: played(seen=CORRUPT), "ledger.corrupt is 1"),
    "duplicated_spurious==0": (lambda: played(seen=TWICE), "ledger.duplicated_spurious is 1"),
    "error_rate<=1%": (lambda: played(failing(2), SEEN[:98]), "error_rate is 0.02"),
}


@pytest.mark.parametrize("check", BROKEN)
def test_what_fails(check: str) -> None:
    """The run fails, for a reason that names check, stage and number, and ends with what to do next."""
    make, number = BROKEN[check]
    section = found(make())
    assert section.verdict.status is Status.FAIL
    (reason,) = section.verdict.reasons
    assert reason.code == "default_check_failed"
    assert reason.message == f"{check}: stage:stage {number}; {DEFAULTS[check]}"
    assert statuses(section) == dict.fromkeys(DEFAULTS, "pass") | {check: "fail"}
    name, value = ("error_rate", "2%") if check.startswith("error_rate") else (check.removesuffix("==0"), "1")
    line = default_checks_line(section)
    assert line.startswith(f"default checks: 1 failed ({name} {value}), 3 held in 1 stage (lost 0, ")


def test_one_percent_of_errors_is_let_pass() -> None:
    """And so is a harmless duplicate: its sender knew of no acknowledgement."""
    assert found(played(failing(1), SEEN[:99])).verdict.status is Status.PASS
    retried = attempt(0, attempt=1, outcome=Outcome.RESET)
    again = attempt(0, attempt=2, start=retried["done"] + 1)
    frames = played([retried, again, *SENT[1:]], [*SEEN, arrival(again)], retry={"retries": 1})
    section = found(frames)
    assert section.stages[0].ledger.duplicated_harmless == 1
    assert set(statuses(section).values()) == {"pass"}


def test_void_wins() -> None:
    """A run that lost events is void for it, and says so once; what else failed is said behind."""
    section = found(played(seen=CORRUPT[:-1]))
    assert section.verdict.status is Status.VOID
    assert [reason.code for reason in section.verdict.reasons] == ["acknowledged_lost", "default_check_failed"]
    assert statuses(section)["lost==0"] == "fail"


def test_a_run_that_tested_nothing_is_unknown() -> None:
    """Whatever its error rate."""
    assert found(played(failing(100), [])).verdict.status is Status.UNTESTED


DO_NOT_COUNT: dict[str, Callable[[], RunFrames]] = {
    "faults": lambda: played(failing(50), CORRUPT[:50], faults=FAULTS),
    "incidents": lambda: played(failing(50), CORRUPT[:50], incidents=[{"fault": "refused"}]),
    "a class with faults": lambda: played(
        failing(50), CORRUPT[:50], classes=[{"name": "bad", "first": 0, "count": 1, "faults": FAULTS}]
    ),
    "a try of a search": lambda: played(failing(50), CORRUPT[:50], limits={"p99_ms": 1}),
    "overload": lambda: played(failing(50), CORRUPT[:50], test="scalability", overload_s=2.0),
}


@pytest.mark.parametrize("frames", DO_NOT_COUNT.values(), ids=DO_NOT_COUNT.keys())
def test_stages_that_do_not_count(frames: Callable[[], RunFrames]) -> None:
    """What is planned to go wrong fails nothing, and the line says that nothing was judged."""
    section = found(frames())
    assert section.verdict.status is Status.PASS
    assert set(statuses(section).values()) == {"skipped"}
    assert default_checks_line(section).endswith("every stage plans faults, or seeks overload")


COUNT: dict[str, Callable[[], RunFrames]] = {
    "a class without faults": lambda: played(seen=CORRUPT, classes=[{"name": "a", "first": 0, "count": 1}]),
    "a watchdog elsewhere": lambda: played(seen=CORRUPT, overload_s=60.0),
    "a closed loop that is scaled": lambda: played(seen=CORRUPT, test="scalability"),
}


@pytest.mark.parametrize("frames", COUNT.values(), ids=COUNT.keys())
def test_stages_that_count(frames: Callable[[], RunFrames]) -> None:
    """What only looks like it."""
    assert statuses(found(frames()))["corrupt==0"] == "fail"


def test_other_stages_are_not_spared() -> None:
    """One stage with faults excuses itself alone."""
    rows = [one | {"stage": stage} for stage in (0, 1) for one in SENT]
    seen = [arrival(one, digest=1) if not one["sequence"] else arrival(one) for one in rows]
    section = found(run(rows, seen, stages=[planned("odd", faults=FAULTS), planned("plain")]))
    (reason,) = section.verdict.reasons
    assert "stage:plain ledger.corrupt is 1;" in reason.message


def test_what_is_unknown_fails_nothing() -> None:
    """Without a receiver of ours three of them are skipped, and said to be; the error rate is judged all the same."""
    section = found(played(failing(2), None))
    skipped = dict.fromkeys(DEFAULTS, "skipped")
    assert statuses(section) == skipped | {"error_rate<=1%": "fail"}
    assert default_checks_line(section) == (
        "default checks: 1 failed (error_rate 2%) in 1 stage, "
        "3 skipped (lost==0, corrupt==0, duplicated_spurious==0): no receiver of ours kept a journal of arrivals"
    )


def test_errors_of_our_own_doing() -> None:
    """A stage that was stopped, ended for its queue, or bereft of a worker has open events; bodies are judged there."""
    frames = played(failing(50, Outcome.ABANDONED), CORRUPT[:50])
    stopped = replace(frames, timeline=[*frames.timeline[:-1], RunEnded(at_ns=START, interrupted=True)])
    queue = StageOverloaded(at_ns=START, stage=0, queued=50, growing_s=9)
    overloaded = replace(frames, timeline=[frames.timeline[0], queue, *frames.timeline[1:]])
    lost = WorkerLost(at_ns=START, worker="w2")
    allowed = frames.manifest.model_copy(update={"options": {"allow_worker_loss": True}})
    bereft = replace(frames, manifest=allowed, timeline=[frames.timeline[0], lost, *frames.timeline[1:]])
    for odd in (stopped, overloaded, bereft):
        section = found(odd)
        assert statuses(section) == dict.fromkeys(DEFAULTS, "pass") | {
            "corrupt==0": "fail",
            "error_rate<=1%": "skipped",
        }


def test_they_can_be_left_out() -> None:
    """By an option that stands in the run's manifest; a run of before, which has none, is held to them."""
    frames = played(seen=CORRUPT)
    options = frames.manifest.options
    assert "no_default_checks" not in options
    given = frames.manifest.model_copy(update={"options": options | {"no_default_checks": True}})
    section = found(replace(frames, manifest=given))
    assert (section.verdict.status, section.default_checks) == (Status.PASS, None)
    assert "--no-default-checks" in default_checks_line(section)


def test_a_report_of_before_says_nothing_of_them() -> None:
    """It was not judged by them."""
    section = found(played())
    older = section.model_dump()
    del older["default_checks"]
    assert default_checks_line(Section.model_validate(older)) == ""


def test_every_output_tells_them() -> None:
    """Terminal, JUnit, Markdown, JSON, page: that one failed, which, and where."""
    section = found(played(seen=CORRUPT))
    line = "1 failed (corrupt 1), 3 held in 1 stage"
    screen = io.StringIO()
    summary.show_section(section, Console(file=screen, width=200))
    assert line in screen.getvalue()
    assert "ledger.corrupt is 1" in screen.getvalue()
    cases = {case.get("name"): case for case in ElementTree.fromstring(junit.junit_xml([section], [])).iter("testcase")}
    assert [child.tag for child in cases["default check corrupt==0"]] == ["failure"]
    assert [child.tag for child in cases["verdict"]] == ["failure", "system-out"]
    assert line in markdown.markdown_summary([section], [])
    (told,) = outcome.outcome_of([section], [], [], Exit.FAIL).runs
    assert told.default_checks == section.default_checks
    reports: dict[str, Report] = {
        PERFORMANCE: PerformanceReport(sections={"load": section}),
        MEMORY: MemoryReport(), CPU: CpuReport(), IO: IoReport(),
    }  # fmt: skip
    assert line in page.render_page(reports)


def test_junit_counts_what_was_skipped() -> None:
    """Apart from what passed."""
    (suite,) = ElementTree.fromstring(junit.junit_xml([found(played(seen=None))], []))
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["5", "0", "3"]


def test_where_no_stage_was_played_they_say_so() -> None:
    """As after Ctrl-C at the probe: nothing is said of plans."""
    section = found(run([], [], stages=[]))
    assert {one.message for one in section.default_checks or []} == {"no stage was played"}


def through_a_service(*seen: Row, **plan: Any) -> Section:
    return found(frames_of(SENT, seen, [planned(**plan)]))


def test_what_comes_twice_in_a_restart_fails_nothing() -> None:
    """A service that was killed cannot know what had been taken; what it accepted has to arrive all the same."""
    again = [SEEN[0] | {"attempt": 2, "start": SEEN[0]["start"] + 5}]
    judged = statuses(through_a_service(*SEEN, *again, restart="own"))
    assert (judged["duplicated_spurious==0"], judged["lost==0"]) == ("skipped", "pass")
    assert statuses(through_a_service(*SEEN, *again))["duplicated_spurious==0"] == "fail"
    assert statuses(through_a_service(*SEEN[1:], restart="own"))["lost==0"] == "fail"
