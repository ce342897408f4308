"""Memory on screen."""

import io

import pytest
from rich.console import Console

from _hookswarm.analysis.reporting.memory import memory_lines, show_memory
from _hookswarm.analysis.schema.memory import Growth, MemoryFit, MemorySection, Slope
from _hookswarm.analysis.schema.report import Run
from tests.support.journals import run

NONE = Growth(bytes_per_webhook=None, bytes_per_event=None)


def slope(value: float, spread: float = 0.5) -> Slope:
    return Slope(value=value, low=value - spread, high=value + spread)


def section(skipped: str | None = None, **fits: MemoryFit) -> MemorySection:
    facts = Run.model_validate(run([]).manifest, from_attributes=True)
    return MemorySection(run=facts, skipped=skipped, stages=[], fits=fits)


def test_a_line_for_each_kind_of_growth() -> None:
    """Both roles on one line for the peak, one for what stays; a slope that is not known is left out."""
    sender = MemoryFit(
        peak=Growth(bytes_per_webhook=slope(85), bytes_per_event=slope(12)),
        settled=Growth(bytes_per_webhook=None, bytes_per_event=slope(3)),
    )
    receiver = MemoryFit(peak=Growth(bytes_per_webhook=None, bytes_per_event=slope(2)), settled=NONE)
    assert memory_lines(section(sender=sender, receiver=receiver)) == [
        "sender 12 B per event, 85 B per webhook; receiver 2.0 B per event (peak)",
        "sender 3.0 B per event (settled)",
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (slope(0.1, 4), "at most 4.1 B"),
        (slope(-3, 1), "-3.0 B"),
        (slope(1_234), "1,234 B"),
        (slope(51_200), "50 KiB"),
        (slope(0, 20_480), "at most 20 KiB"),
        (slope(0, 0), "at most 0.0 B"),
    ],
)
def test_a_size_for_people(found: Slope, said: str) -> None:
    """No false precision, and where the interval holds 0 only its upper bound."""
    fit = MemoryFit(peak=Growth(bytes_per_webhook=None, bytes_per_event=found), settled=NONE)
    assert memory_lines(section(sender=fit)) == [f"sender {said} per event (peak)"]


def test_nothing_to_say() -> None:
    """No memory stages, or too few of them, print nothing."""
    out = Console(file=io.StringIO(), width=100)
    show_memory(None, out)
    show_memory(section(sender=MemoryFit(peak=NONE, settled=NONE)), out)
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue() == ""


def test_a_reason_is_printed_as_it_is() -> None:
    """Why memory was skipped, without what would steer a terminal or be taken for markup."""
    out = Console(file=io.StringIO(), width=100)
    show_memory(section("no [bold]psutil\x1b[2J"), out)
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue() == "memory  skipped: no [bold]psutil\N{REPLACEMENT CHARACTER}[2J\n"
