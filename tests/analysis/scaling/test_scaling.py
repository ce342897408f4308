"""Scaling: figures by factor, what the generator makes void, and the lines on screen."""

import pytest

from _hookswarm.analysis.scaling import scaling
from _hookswarm.analysis.schema.report import Outage, Stage
from _hookswarm.analysis.schema.scalability import Throughput
from tests.support.scaled import stage

REACHED = {1: (100, 98, 103), 2: (190, 185, 200), 4: (340, 350, 330), 8: (550, 540, 560), 16: (800, 790, 790)}


def users(factor: int, repeat: int, reached: float | None, side: str = "target", **more: int) -> Stage:
    name = f"x{factor} #{repeat}"
    return stage("scaling users", reached, side=side, name=name, users=4 * factor, factor=factor, repeat=repeat, **more)


def grid(void: tuple[int, ...] = ()) -> list[Stage]:
    """Three interleaved repeats of five factors; those of the `void` factors were limited by the generator."""
    return [
        users(factor, repeat + 1, reached[repeat], "generator" if factor in void else "target")
        for repeat in range(3)
        for factor, reached in REACHED.items()
    ]


def test_a_row_for_each_factor() -> None:
    """Throughput is the median of the repeats with the lowest and highest, efficiency what is left of the factor."""
    (found,) = scaling.scaling_of(grid())
    assert (found.scenario, found.parameter, found.note) == ("scaling users", "users", None)
    assert [row.factor for row in found.factors] == [1, 2, 4, 8, 16]
    assert [row.value for row in found.factors] == [4, 8, 16, 32, 64]
    last = found.factors[-1]
    assert (last.repeats, last.void, last.speedup, last.efficiency) == (3, [], 7.9, 0.4938)
    assert last.throughput_per_s == Throughput(median=790, low=790, high=800)
    assert (last.p50_ms, last.p99_ms) == (2, 4)
    assert (last.sender_us_per_delivery, last.receiver_us_per_delivery) == (60, 30)
    assert found.factors[0].efficiency == 1


def test_a_stage_that_the_generator_limited_is_void() -> None:
    """It is named, and in none of the figures; the other repeats of its factor are."""
    stages = [*grid(), users(16, 4, 9_999, "generator")]
    last = scaling.scaling_of(stages)[0].factors[-1]
    assert (last.repeats, last.void) == (3, ["x16 #4"])
    assert last.throughput_per_s == Throughput(median=790, low=790, high=800)


@pytest.mark.parametrize(
    ("kind", "reached", "error_rate", "held"),
    [
        ("closed", 48.0, 0.0, True),
        ("closed", 33.0, 0.3, True),
        ("closed", 30.0, 0.0, False),
        ("constant", 50.0, 0.0, False),
    ],
)
def test_a_closed_loop_that_reaches_the_bound_is_held_back(
    kind: str, reached: float, error_rate: float, held: bool
) -> None:
    """By what was answered, well or not; what open arrivals reach is what they offer."""
    made = stage("s", reached, arrivals={"kind": kind}, max_rate=50.0).model_copy(update={"error_rate": error_rate})
    assert scaling.is_held_back(made) == held
    assert not scaling.is_held_back(stage("s", reached, arrivals={"kind": kind}, max_rate=None))


def test_what_the_bound_held_back_says_nothing_of_scaling() -> None:
    """It is in no figure and no law, and the scenario names it."""
    held = [
        stage("s", 50, name=f"s {users}", users=users, factor=users, max_rate=50.0, arrivals={"kind": "closed"})
        for users in (2, 4, 8, 16)
    ]
    slow = stage("s", 20, name="s 1", users=1, factor=1, max_rate=50.0, arrivals={"kind": "closed"})
    (found,) = scaling.scaling_of([slow, *held])
    assert [row.repeats for row in found.factors] == [1, 0, 0, 0, 0]
    assert found.note == "--max-rate was the limit of x2, x4, x8, x16: raise it to see what the target does there"
    law = scaling.fitted_laws([slow, *held])["s"]
    assert law.skipped == "only 1 of the 4 sizes that a fit needs"


def test_a_factor_without_a_good_repeat() -> None:
    """It has no figures; the scenario says so, and how many processes would have done."""
    stages = grid(void=(8, 16))
    (found,) = scaling.scaling_of(stages)
    assert [row.repeats for row in found.factors] == [3, 3, 3, 0, 0]
    assert (found.factors[-1].throughput_per_s, found.factors[-1].efficiency) == (None, None)
    assert found.note == "the generator limited every repeat of x8, x16: nothing is known of the target there"
    found = scaling.scaling_of([*grid(void=(8,)), stage("scaling users", 1, side="generator", needed=3, factor=8)])[0]
    assert found.note is not None
    assert found.note.endswith("; 3 sending processes with a core of their own would have done")


def test_a_stage_whose_receiver_was_out() -> None:
    """It is in no figure and no law, and a factor that has no other says so."""
    out = Outage(region="local", kind="died", from_s=1, lasted_s=1, back=True)
    stages = [*grid(), users(16, 4, 9_999).model_copy(update={"outages": [out]})]
    last = scaling.scaling_of(stages)[0].factors[-1]
    assert (last.repeats, last.void, last.throughput_per_s) == (3, [], Throughput(median=790, low=790, high=800))
    assert scaling.fitted_laws(stages) == scaling.fitted_laws(grid())
    hit = [one.model_copy(update={"outages": [out]}) if "x16" in one.name else one for one in grid(void=(8,))]
    (found,) = scaling.scaling_of(hit)
    assert [row.repeats for row in found.factors] == [3, 3, 3, 0, 0]
    assert found.note is not None
    assert found.note.startswith("the generator limited every repeat of x8:")
    assert found.note.endswith("; a receiver was out in what else there is of x16")


def test_without_the_smallest_nothing_is_compared() -> None:
    """Efficiency is against x1; a law needs four sizes."""
    stages = grid(void=(1, 2))
    (found,) = scaling.scaling_of(stages)
    assert {row.efficiency for row in found.factors} == {None}
    law = scaling.fitted_laws(stages)["scaling users"]
    assert law.skipped == "only 3 of the 4 sizes that a fit needs"
    (line,) = scaling.scaling_lines([found], {"scaling users": law})
    assert line.startswith("scaling users: no USL: only 3")


def test_harder_work_has_no_efficiency() -> None:
    """Ten times larger bodies are not to give ten times the throughput: what is kept of it is told, and no law."""
    stages = [stage("scaling payload", 100 / factor**0.5, payload=1_000 * factor, factor=factor) for factor in (1, 4)]
    (found,) = scaling.scaling_of(stages)
    assert (found.parameter, found.factors[-1].speedup, found.factors[-1].efficiency) == ("payload", 0.5, None)
    assert scaling.fitted_laws(stages) == {}


def test_offered_rates_are_found_in_the_arrivals() -> None:
    """They have an efficiency, for throughput is to grow with them, but no law."""
    stages = [
        stage("scaling rate", 90 * factor, factor=factor, arrivals={"kind": "constant", "rate": 100.0 * factor})
        for factor in (1, 2)
    ]
    (found,) = scaling.scaling_of(stages)
    assert (found.parameter, found.factors[-1].value, found.factors[-1].efficiency) == ("rate", 200, 1)
    assert scaling.fitted_laws(stages) == {}


def test_what_is_scaled_may_be_unknown() -> None:
    """Where two parameters change at once, or none that is known, no one is named."""
    stages = [stage("odd", 10, users=factor, processes=factor, factor=factor) for factor in (1, 2)]
    (found,) = scaling.scaling_of(stages)
    assert (found.parameter, found.factors[-1].value, found.factors[-1].efficiency) == (None, None, None)


@pytest.mark.parametrize("throughput", [None, 0.0])
def test_a_smallest_stage_that_delivered_nothing(throughput: float | None) -> None:
    """There is nothing to compare with, and nothing breaks."""
    stages = [users(1, 1, throughput), users(2, 1, 10)]
    assert scaling.scaling_of(stages)[0].factors[-1].speedup is None
    assert list(scaling.scaling_lines(scaling.scaling_of(stages), {})) == ["scaling users: nothing to compare"]


def test_other_scenarios_are_left_alone() -> None:
    """Without a factor there is no scaling."""
    assert scaling.scaling_of([stage("sequential", 10, users=1), stage("sequential", 20, users=2)]) == []


def test_a_line_on_screen() -> None:
    """The largest factor that counts, its efficiency, the law and what became of the peak."""
    stages = grid()
    (line,) = scaling.scaling_lines(scaling.scaling_of(stages), scaling.fitted_laws(stages))
    assert line.startswith("scaling users: x16 gives 7.9 times (efficiency 49%); USL alpha 0.0")
    assert "no peak inside the measured range (x16)" in line
