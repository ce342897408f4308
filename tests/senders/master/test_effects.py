"""The observer is asked before and after a stage; the second answer is the one that stays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from _hookswarm.records.clock import Clock
from _hookswarm.records.timeline import EffectsObserved, Timeline, read_timeline
from _hookswarm.senders.master.effects import ASK_S, PATIENCE_S, PROBE_PATIENCE_S, Effects, effect_awaited
from _hookswarm.senders.plan.observer import Observer, ObserverError


@dataclass(frozen=True)
class Told(Observer):
    """Says one number after the other, the last for ever; None: it fails."""

    numbers: Iterator[float | None] = field(default_factory=lambda: iter(()))

    def ask(self) -> float:
        number = next(self.numbers)
        if number is None:
            raise ObserverError("it is down; start it")
        return number


def observed(
    folder: Path, numbers: Sequence[float | None], before: float | None = 100, acknowledged: int = 10
) -> tuple[EffectsObserved, float]:
    """What is written down after a stage, and how long that took."""
    waited: list[float] = []
    endless = iter([*numbers, *[numbers[-1]] * 100])
    Effects(Told("", (), "", None, endless), Timeline(folder), Clock(), waited.append).after(3, before, acknowledged)
    (entry,) = read_timeline(folder)
    assert isinstance(entry, EffectsObserved)
    assert (entry.stage, entry.when) == (3, "after")
    return entry, sum(waited)


@pytest.mark.parametrize(
    ("numbers", "effects", "waited_s"),
    [
        ((110,), 110, ASK_S),
        ((104, 108, 110, 110), 110, 3 * ASK_S),
        ((110, 112, 115, 115), 115, 3 * ASK_S),
        ((105,), 105, PATIENCE_S),
    ],
)
def test_effects_may_be_made_a_little_later(
    tmp_path: Path, numbers: Sequence[float], effects: float, waited_s: float
) -> None:
    """It is asked until it says the same twice, and all that were acknowledged have theirs; not for ever."""
    entry, waited = observed(tmp_path, numbers)
    assert (entry.effects, entry.fault) == (effects, "")
    assert waited == pytest.approx(waited_s)


def test_an_observer_that_fails_is_written_down(tmp_path: Path) -> None:
    """With what it said; nobody waits for it."""
    entry, waited = observed(tmp_path, (110, None))
    assert (entry.effects, entry.fault, waited) == (None, "it is down; start it", ASK_S)


def test_without_a_first_answer_the_second_is_of_no_use(tmp_path: Path) -> None:
    """It is asked once, so that the run's folder tells both."""
    entry, waited = observed(tmp_path, (110,), before=None)
    assert (entry.effects, waited) == (110, 0)


def test_before_a_stage_it_is_asked_once(tmp_path: Path) -> None:
    """And what it says is what the stage's own effects are counted from."""
    effects = Effects(Told("", (), "", None, iter([7.0])), Timeline(tmp_path), Clock(), lambda _: None)
    assert effects.before(2) == 7
    (entry,) = read_timeline(tmp_path)
    assert isinstance(entry, EffectsObserved)
    assert (entry.stage, entry.when, entry.effects) == (2, "before", 7)


def test_a_slow_observer_holds_up_no_run(tmp_path: Path) -> None:
    """What it takes to answer is part of the patience."""
    ticks = iter(range(100))

    class Slow(Clock):
        def now(self) -> int:
            return next(ticks) * 4_000_000_000

    waited: list[float] = []
    told = Told("", (), "", None, iter([105.0] * 100))
    Effects(told, Timeline(tmp_path), Slow(), waited.append).after(3, 100, 10)
    assert len(waited) == 2


@pytest.mark.parametrize(
    ("numbers", "waited_s"),
    [
        ((100, 101), 0),
        ((100, 100, 100, 101), 2 * ASK_S),
        ((100,), PROBE_PATIENCE_S),
        ((None,), 0),
        ((100, None), 0),
    ],
)
def test_the_probes_effect_is_awaited(numbers: Sequence[float | None], waited_s: float) -> None:
    """Or the first stage would count it; not long, for it need not have one."""
    waited: list[float] = []
    with effect_awaited(Told("", (), "", None, iter([*numbers, *[numbers[-1]] * 100])), waited.append):
        pass
    assert sum(waited) == pytest.approx(waited_s)
