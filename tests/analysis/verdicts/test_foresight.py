"""Checks before there is a run: what will never be there, and what was hardly meant."""

import pytest

from _hookswarm.analysis.verdicts.checks import parse_check
from _hookswarm.analysis.verdicts.foresight import check_faults, doubt

THERE = {"test": {"load"}, "stage": {"sustained", "bursts"}, "class": {"slow", "others"}, "region": set[str]()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("p99<250", "there is no number `p99`: write `p99_ms`"),
        ("capacity_per_s>100", "a number of the test scalability: add --test scalability"),
        ("stage:bursts failover_s<2", "a number of the test distribution: add --test distribution"),
        ("class:slow lost==0", "`lost` is told of a class nowhere: write it with no scope"),
        ("memory.level_bytes<1GB", "`memory.level_bytes` is told of a stage nowhere: write it with role:…"),
        ("stage:sustaned p99_ms<250", "no stage is named 'sustaned': write 'sustained'"),
        ("stage:sequential* p99_ms<250", "no stage is named 'sequential*': write one of bursts, sustained"),
        ("test:performance p99_ms<250", "no test is named 'performance': write load"),
        ("class:slo p99_ms<250", "no class is named 'slo': write 'slow'"),
    ],
)
def test_what_will_never_be_there_is_a_fault(text: str, said: str) -> None:
    """With what was meant, or what there is."""
    (fault,) = check_faults(parse_check(text), THERE)
    assert fault.startswith(f"check {text!r}: ")
    assert said in fault


def test_a_number_of_no_region_where_there_are_none() -> None:
    """A pattern of what this run has nothing of; its number is another test's, too."""
    number, region = check_faults(parse_check("region:eu-* p99_ms<250"), THERE)
    assert "add --test distribution" in number
    assert region.endswith("no region will be there: leave it out")


@pytest.mark.parametrize(
    "text",
    [
        "p99_ms<250", "stage:s* error_rate<1%", "class:others p99_ms<1.5s", "role:sender cpu.cpu_share<0.9",
        "attempts.by_outcome.reset==0", "throughput_per_s>10", "io.fsync_ms.p99<5ms", "scenario:anything due>0",
    ],
)  # fmt: skip
def test_what_will_be_there_is_none(text: str) -> None:
    """Nor is a scope of which nobody said what there will be."""
    assert list(check_faults(parse_check(text), THERE)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("error_rate<1", "fails only when everything failed: did you mean error_rate<1%"),
        ("class:slow error_rate<=1", "fails never: did you mean error_rate<=1%"),
        ("error_rate<5", "fails never: did you mean error_rate<5%"),
        ("error_rate<1%", ""), ("error_rate<100%", ""), ("error_rate<0.01", ""), ("error_rate>=1", ""), ("lost<1", ""),
    ],
)  # fmt: skip
def test_a_share_that_was_hardly_meant_is_doubted(text: str, said: str) -> None:
    """An error rate is a part of one."""
    told = doubt(parse_check(text))
    assert told.endswith(said)
    assert bool(told) == bool(said)


@pytest.mark.parametrize("name", ["pickup_p99_ms", "unaccepted_rate", "isolation.number", "restart.lost_before"])
def test_what_only_a_service_has_is_told_where_there_is_none(name: str) -> None:
    """With the option that names one."""
    (fault,) = check_faults(parse_check(f"{name}<1"), THERE, service=False)
    assert f"`{name}` is a number of runs through a delivery service: name one by --service" in fault
    assert list(check_faults(parse_check(f"{name}<1"), THERE)) == []
