"""The summary on screen."""

import io

import pytest
from rich.console import Console

from _hookswarm.analysis.reporting import summary
from _hookswarm.analysis.reporting.console import make_console
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.base import Quantiles
from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.rotations import Rotation
from _hookswarm.analysis.schema.verdict import JudgedCheck, Measurement, Reason, Target, Verdict
from tests.support.journals import MS, START, arrival, attempt, planned, run

ROWS = [attempt(n) for n in range(3)]


def _section(name: str = "concurrent users=4") -> Section:
    section = analyse(run(ROWS, [arrival(row) for row in ROWS], stages=[planned(name)])).performance
    return section.model_copy(update={"findings": []})


def _shown(section: Section, width: int = 100, terminal: bool = False) -> str:
    out = io.StringIO()
    summary.show_section(section, Console(file=out, width=width, force_terminal=terminal, color_system=None))
    return out.getvalue()


def _huge() -> Section:
    """A section whose every figure is as wide as it gets."""
    section = _section("a stage with a name that tells a long story " * 4)
    (stage,) = section.stages
    worst = 3_600_000.0
    quantiles = Quantiles(count=1, mean=worst, p50=worst, p90=worst, p95=worst, p99=worst, p999=worst, max=worst)
    many = 999_999_999
    stage = stage.model_copy(
        update={
            "deliveries": stage.deliveries.model_copy(update={"due": many}),
            "error_rate": 1.0,
            "throughput_per_s": 999_999.0,
            "attempts": stage.attempts.model_copy(update={"per_delivery": 65_535.0}),
            "latency_ms": stage.latency_ms.model_copy(update={"delivery": quantiles}),
            "ledger": stage.ledger.model_copy(update={"lost": many, "duplicated": many}),
        }
    )
    return section.model_copy(update={"stages": [stage]})


def test_answers_come_first() -> None:
    """The verdict, what was found, what failed, the checks, what is worth knowing; then a line for each stage."""
    section = _section()
    verdict = Verdict.of(Measurement.VOID, Target.FAIL, [Reason(code="worker_lost", message="one was lost")])
    check = JudgedCheck(check="p99_ms<250", status="fail", value=300, message="stage:a p99_ms is 300")
    finding = Finding(about="throughput", text="4 workers deliver 3/s.")
    section = section.model_copy(update={"verdict": verdict, "findings": [finding], "checks": [check]})
    lines = _shown(section).splitlines()
    assert lines[0] == f"VOID performance  {section.run.id}  (the target: fail)"
    assert lines[1] == "  4 workers deliver 3/s."
    assert lines[2] == "  failed: p99_ms<250: stage:a p99_ms is 300"
    told = "lost 0, corrupt 0, duplicated_spurious 0, error_rate 0%"
    assert lines[3] == f"  default checks: 4 held in 1 stage ({told})"
    assert lines[4] == "  worker_lost: one was lost"
    assert lines[5].split()[0] == "stage"
    assert lines[6].split() == ["concurrent", "users=4", "3", "0.0%", "0.3", "1", "1", "1", "1", "0", "0"]


def test_a_long_sentence_stays_where_it_begins() -> None:
    """All its lines are as far in."""
    finding = Finding(about="throughput", text="so many words " * 20)
    lines = _shown(_section().model_copy(update={"findings": [finding]})).splitlines()
    assert all(line.startswith("  ") for line in lines[1:4])


def test_a_lower_bound_is_marked() -> None:
    """A percentile that lacks what starved workers would have sent is "at least", and stays in its column."""
    section = _huge()
    marked = section.stages[0].latency_ms.model_copy(update={"lower_bound": True})
    text = _shown(section.model_copy(update={"stages": [section.stages[0].model_copy(update={"latency_ms": marked})]}))
    assert text.count("\N{GREATER-THAN OR EQUAL TO}3,600,000") == 1
    assert max(map(len, text.splitlines())) <= 100


def test_one_reason_of_each_code() -> None:
    """A search that overloads its target seven times is no wall of text; the reports hold all of them."""
    told = [Reason(code=code, message=f"try {number}") for number in range(3) for code in ("overloaded", "late")]
    verdict = Verdict.of(Measurement.VALID, Target.PASS, [*told, Reason(code="alone", message="once")])
    lines = _shown(_section().model_copy(update={"verdict": verdict})).splitlines()
    assert lines[2:5] == ["  overloaded: try 0, and 2 more", "  late: try 0, and 2 more", "  alone: once"]
    assert lines[5].split()[0] == "stage"


def test_it_fits_a_hundred_columns() -> None:
    """Long names fold and large numbers stay whole."""
    text = _shown(_huge())
    assert max(map(len, text.splitlines())) <= 100
    assert text.count("999,999,999") == 3
    assert text.count("3,600,000") == 3
    assert "long story" in text


def test_the_name_of_a_retry_stage_stays_on_a_line() -> None:
    """The longest names of the five tests' stages have room beside figures of the usual size."""
    assert "\nretry failing retries=3 delay_s=0.05 " in _shown(_section("retry failing retries=3 delay_s=0.05"))


def test_what_was_not_measured_is_a_dash() -> None:
    """Null is not 0."""
    section = analyse(run([], timeline=run([]).timeline[:1])).performance
    assert _shown(section).splitlines()[-1].split() == ["stage", "0", "-", "-", "-", "-", "-", "-", "-", "-"]


@pytest.mark.parametrize("text", ["[bold red]x[/]", "[/]", "\\[x]", "x\\", ":warning:", "[link=http://x]y"])
def test_names_are_not_markup(text: str) -> None:
    """Names and messages appear as they are, whatever they would mean to the console."""
    section = _section(text)
    reason = Reason(code="run_failed", message=text)
    section = section.model_copy(update={"verdict": Verdict.of(Measurement.VOID, Target.PASS, [reason])})
    lines = _shown(section, terminal=True).splitlines()
    assert lines[2] == f"  run_failed: {text}"
    assert lines[4].startswith(f"{text} ")


def test_nothing_steers_the_terminal() -> None:
    """Escape sequences and line breaks in a name reach no terminal."""
    text = _shown(_section("a\x1b]0;title\x07b\x1b[31mc\r\nd\u202ee"), terminal=True)
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
    assert len(text.splitlines()) == 4


def test_a_rotation_has_its_line() -> None:
    """After the stages: what was sent before and after it, and what of that was not verified."""
    one = Rotation(stage="long", at_s=30, before=1_200, unverified_before=0, after=3_400, unverified_after=5)
    lines = _shown(_section().model_copy(update={"rotations": [one]})).splitlines()
    assert lines[-2].split() == [
        "secret",
        "rotated",
        "at",
        "s",
        "before",
        "not",
        "verified",
        "after",
        "not",
        "verified",
    ]
    assert lines[-1].split() == ["long", "30", "1,200", "0", "3,400", "5"]


def test_a_hundred_columns_where_there_is_no_terminal() -> None:
    """In CI's logs the width does not depend on a guess."""
    assert make_console().width == 100


def test_one_slow_tenant_does_not_hide() -> None:
    """Each class has a line under its stage, and what the others paid for them."""
    rows = [attempt(n, stage=stage) for n in range(3) for stage in (0, 1)]
    rows += [attempt(0, webhook=7, stage=1, done=START + 500 * MS)]
    slow = {"name": "slow", "first": 7, "count": 1}
    plan = [planned("usual", scenario="x baseline"), planned("troubled", scenario="x", classes=[slow])]
    lines = _shown(analyse(run(rows, [arrival(row) for row in rows], stages=plan)).performance).splitlines()
    assert [line.split() for line in lines[-3:]] == [
        ["slow", "1", "0.0%", "0.1", "500", "500", "500", "1"],
        ["others", "3", "0.0%", "0.3", "1", "1", "1", "1"],
        ["others", "/", "usual", *["\N{MULTIPLICATION SIGN}1.00"] * 2],
    ]
    assert lines[-4].startswith("troubled ")
    assert all(line.startswith("  ") for line in lines[-3:])
