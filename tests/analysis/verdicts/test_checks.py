"""Checks: what can be written, what it means, and that nothing passes that is not known."""

from pathlib import Path

import pytest

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.verdicts.checks import (
    CheckError,
    CheckStatus,
    all_held,
    judge_checks,
    load_checks,
    parse_check,
    parse_checks,
    unit_of,
)
from _hookswarm.analysis.verdicts.measures import Number, numbers_of
from _hookswarm.common.errors import ConfigError
from tests.support.journals import arrival, attempt, planned, run

STAGE = {"test": "load", "stage": "load-1", "scenario": "load"}
NUMBERS = [
    Number(STAGE, "latency_ms.delivery.p99", 200.0),
    Number(STAGE, "latency_ms.delivery.p50", None),
    Number(STAGE, "ledger.lost", 0.0),
    Number(STAGE, "error_rate", 0.02),
    Number(STAGE | {"stage": "load-2"}, "latency_ms.delivery.p99", 300.0),
    Number(STAGE | {"stage": "ramp"}, "latency_ms.delivery.p99", 900.0),
    Number(STAGE | {"region": "eu-west-1"}, "latency_ms.p99", 80.0),
    Number(STAGE | {"region": "us-east-1"}, "latency_ms.p99", 120.0),
    Number({"test": "distribution", "scenario": "strategies", "strategy": "nearest"}, "p99_ms", 70.0),
    Number({"test": "distribution", "stage": "failover refused"}, "failover.recovered_s", 1.5),
    Number({"test": "distribution", "stage": "failover frozen"}, "failover.recovered_s", None),
    Number({"test": "resource", "stage": "io", "role": "receiver"}, "memory.level_bytes", 5e7),
]


def status(text: str) -> CheckStatus:
    (result,) = judge_checks([parse_check(text)], NUMBERS)
    return result.status


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("lost<1", True), ("lost<0", False), ("lost<=0", True), ("lost<=-1", False), ("lost>-1", True),
        ("lost>0", False), ("lost>=0", True), ("lost>=1", False), ("lost==0", True), ("lost==1", False),
        ("lost!=1", True), ("lost!=0", False),
    ],
)  # fmt: skip
def test_every_operator(text: str, holds: bool) -> None:
    """Each way, where it holds and where it does not; blanks around it mean nothing."""
    assert status(text) is (CheckStatus.PASS if holds else CheckStatus.FAIL)
    assert status(text.replace("lost", " lost  ")) is status(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("stage:load-* p99_ms<350", True),
        ("stage:load-* p99_ms<250", False),
        ("stage:load-1 p99_ms<250", True),
        ("p99_ms<1000", True),
        ("p99_ms<850", False),
        ("scenario:lo* p99_ms<1000", True),
        ("test:load p99_ms<1000", True),
        ("region:eu-* p99_ms<100", True),
        ("region:* p99_ms<100", False),
        ("stage:load-* region:eu-* p99_ms<100", True),
        ("strategy:nearest p99_ms<100", True),
        ('stage:"failover ref*" failover_s<2', True),
        ("role:receiver memory.level_bytes<60MB", True),
        ("stage:load-1 latency_ms.delivery.p99<250", True),
    ],
)
def test_every_scope(text: str, holds: bool) -> None:
    """A pattern narrows; all that match have to hold. A region's p99 is not its stage's."""
    assert status(text) is (CheckStatus.PASS if holds else CheckStatus.FAIL)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("p99_ms<250", 250), ("p99_ms<250ms", 250), ("p99_ms<1.5s", 1500), ("p99_ms<0.5m", 30_000),
        ("p99_ms<900us", 0.9), ("failover_s<500ms", 0.5), ("failover_s<2s", 2), ("error_rate<1%", 0.01),
        ("error_rate<0.01", 0.01), ("memory.level_bytes<1.5kB", 1500), ("memory.level_bytes<2GB", 2e9),
        ("memory.level_bytes<7B", 7), ("memory.level_bytes<3MB", 3e6), ("io.fsync_share < 5e-1", 0.5),
        ("p99_ms<1e3", 1000),
    ],
)  # fmt: skip
def test_every_unit(text: str, value: float) -> None:
    """Told in any unit of the same kind, compared in the number's own."""
    assert parse_check(text).value == pytest.approx(value)


def test_numbers_have_the_unit_of_their_name() -> None:
    """The last part that tells one."""
    assert unit_of("latency_ms.delivery.p99") == "ms"
    assert unit_of("throughput_per_s") is None
    assert unit_of("cpu.cpu_share") == "%"
    assert unit_of("error_rate") == unit_of("cpu.share") == unit_of("share.at") == "%"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p99_ms", "no comparison"), ("p99_ms=<250", "'=<' at 6"), ("p99_ms<", "'' at 7 is not a number"),
        ("p99_ms<fast", "'fast' at 7"), ("<250", "no number is named before the '<' at 0"), ("stage:x <1", "no number"),
        ("shape:x p99_ms<1", "there is no scope 'shape'"), ("load p99_ms<1", "'load' at 0 is not a scope"),
        ("p99_ms<5%", "is in ms, not in %"), ("lost<5s", "a plain number, not in s"), ("p99_ms<5h", "no unit 'h'"),
        ("p99_ms<1.2.3", "'1.2.3' is not a number"), ("", "no comparison"),
        ("stage:x load p99_ms<1", "'load' at 8 is not a scope"),
    ],
)  # fmt: skip
def test_a_malformed_check_names_the_place(text: str, said: str) -> None:
    """With what was meant, where that can be told."""
    with pytest.raises(CheckError) as caught:
        parse_check(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p9_ms<1", "near it: p99_ms"),
        ("stage:none p99_ms<1", "nothing that is stage:none"),
        ("stage:load-1 p50_ms<1", "not known"),
        ('stage:"failover frozen" failover_s<9', "not known"),
        ("region:eu-* lost==0", "no 'lost' of a region"),
        ("capacity_per_s>100", "no 'capacity_per_s'"),
    ],
)
def test_what_is_not_known_is_an_error(text: str, said: str) -> None:
    """Never a pass: no such number, nothing that matches, or a number that the run could not tell."""
    (result,) = judge_checks([parse_check(text)], NUMBERS)
    assert result.status is CheckStatus.ERROR
    assert said in result.message


def test_a_failure_names_what_broke_it() -> None:
    """The first three, and how many more."""
    (result,) = judge_checks([parse_check("p99_ms<100")], NUMBERS)
    assert "stage:load-1" in result.message
    assert "is 200" in result.message
    assert len(result.numbers) == 3


def test_more_failures_than_are_worth_naming_are_counted() -> None:
    """Three are named, of four the last is counted."""
    numbers = [Number(STAGE | {"stage": f"load-{place}"}, "error_rate", 0.5) for place in range(4)]
    (result,) = judge_checks([parse_check("error_rate<1%")], numbers[:3])
    assert result.message.count("error_rate is 0.5") == 3
    (result,) = judge_checks([parse_check("error_rate<1%")], numbers)
    assert result.message.count("error_rate is 0.5") == 3
    assert result.message.endswith("stage:load-2 error_rate is 0.5 and 1 more")


@pytest.mark.parametrize(
    ("texts", "held"),
    [([], True), (["lost==0"], True), (["lost==0", "lost==1"], False), (["p9_ms<1", "lost==0"], False)],
)
def test_all_of_them_have_to_hold(texts: list[str], held: bool) -> None:
    """One that failed, or is not known, is enough not to."""
    assert all_held(judge_checks(parse_checks(texts), NUMBERS)) is held


def test_every_fault_is_named_at_once() -> None:
    """Of several checks."""
    with pytest.raises(CheckError, match=r"p99_ms.*error_rate"):
        parse_checks(["p99_ms", "lost==0", "error_rate"])


def test_checks_from_a_file(tmp_path: Path) -> None:
    """A list in TOML; anything else in it is refused."""
    path = tmp_path / "checks.toml"
    path.write_text('checks = ["p99_ms<250", "stage:load-* lost==0"]\n')
    assert [check.name for check in load_checks(path)] == ["p99_ms", "lost"]
    for content, said in (
        ("check = []", "one list"), ("checks = 3", "one list"),
        ('checks = ["lost==0"]\nelse = 1', "one list"), ('checks = ["lost==0", 3]', "one list"), 
        ("checks = [", "not TOML"),
        ("checks = " + "[" * 5_000, "nested too deeply"), (f"checks.{'.'.join('a' * 2_000)} = 1", "one list"),
    ):  # fmt: skip
        path.write_text(content)
        with pytest.raises(ConfigError, match=said):
            load_checks(path)
    with pytest.raises(ConfigError, match="No such file"):
        load_checks(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "ends"),
    [("p99_ms<250", "error"), ("p99_ms<=4", "error"), ("p99_ms>1", "pass"), ("p99_ms<2", "fail")],
)
def test_a_lower_bound_holds_no_limit_from_above(text: str, ends: str) -> None:
    """That it is below is not known; that it is above is, and so is what is broken already."""
    bound = Number(STAGE, "latency_ms.delivery.p99", 4.0, at_least=True)
    (result,) = judge_checks([parse_check(text)], [bound])
    assert result.status.value == ends
    assert ("only a lower bound" in result.message) == (ends == "error")


def test_a_number_that_nothing_fell_due_for() -> None:
    """Is unknown for a reason, which is told with what to do; one that is unknown for another is not."""
    idle = [Number(STAGE | {"stage": "idle"}, name, value) for name, value in (("deliveries.due", 0), ("p99_ms", None))]
    busy = [Number(STAGE, name, value) for name, value in (("deliveries.due", 9), ("p99_ms", None))]
    (one,) = judge_checks([parse_check("p99_ms<1")], idle)
    assert one.message == "not known: stage:idle p99_ms is unknown; no event fell due there, raise --rate or --duration"
    (two,) = judge_checks([parse_check("p99_ms<1")], [*idle, *busy])
    assert "fell due" not in two.message
    assert (one.status, two.status) == (CheckStatus.ERROR, CheckStatus.ERROR)


@pytest.mark.parametrize("heading", ["offered<=3", "delivered==3", "errors<1%", "tries<=1", "twice==0", "failed==0"])
def test_what_tables_say_may_be_checked(heading: str) -> None:
    """Their headings are names, too."""
    sent = [attempt(n) for n in range(3)]
    found = analyse(run(sent, [arrival(one) for one in sent], stages=[planned()]))
    (result,) = judge_checks([parse_check(heading)], numbers_of(found))
    assert result.status is CheckStatus.PASS, result.message
