"""The retry law that a service's waits follow, found from them alone: its form, what chance adds, and its cap."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from _hookswarm.analysis.service.failed_attempts import FailedAttempts
from _hookswarm.analysis.service.promise import Floats, listed
from _hookswarm.common import wording

LEAST = 3
"""Waits before a retry of one number; and numbers that make a series."""
_ENOUGH = 10
"""Waits that tell how they are spread."""
_ENDS = (0.05, 0.95)
_HELD = _ENDS[1] - _ENDS[0]
"""Of a uniform spread, between these ends."""
_ENDS_ERROR = 0.16
"""Standard error of the ends' middle, as a share of the spread, times the root of the count: of a uniform one."""
_ERRORS, _RARE = 4, 6.3e-5
"""So many standard errors are no other law: chance makes three of them of one wait in a hundred, and a law has ten. So
rarely chance makes four."""
_ALIKE_S, _ALIKE_SHARE = 0.08, 0.02
"""Waits within so much are alike: a busy machine adds as much."""
_ERROR_S = 0.0125
_CALM_S = 0.05
"""Where most first attempts came so promptly the waits are the service's own, and no queue's."""
_FULL = 0.9
"""A spread so wide reaches down to no wait at all."""
_FOLLOWED = 0.9
"""Of attempts that were watched long enough: where fewer were followed, the waits that were seen are the short ones."""

Chance = Literal["none", "proportional", "full", "added"]


@dataclass(frozen=True)
class Wait:
    """The waits before the retries of one number."""

    count: int
    median_s: float
    least_s: float
    """5 % are shorter …"""
    most_s: float
    """… and 5 % are longer."""

    @property
    def middle_s(self) -> float:
        return (self.least_s + self.most_s) / 2

    @property
    def width_s(self) -> float:
        """Of all, if they are spread evenly: a few do not reach its ends."""
        return (self.most_s - self.least_s) / _HELD * (self.count + 1) / (self.count - 1)

    def error_s(self, width_s: float) -> float:
        """What may be wrong with its middle, at most, where all are spread so widely: a few do not show that."""
        few = (1 - math.exp(math.log(_RARE) / self.count)) / 2  # P(|middle of n even ones - 1/2| > t) = (1 - 2t)^n
        chance_s = max(_ERRORS * _ENDS_ERROR / math.sqrt(self.count), few) * width_s
        return max(chance_s, _ALIKE_SHARE * self.middle_s, _ERROR_S)


@dataclass(frozen=True)
class FittedLaw:
    """`waits_s` are the observed ones, without what chance adds; the other figures are those of the form."""

    waits_s: tuple[float, ...]
    form: Literal["constant", "geometric", "linear", "list"]
    first_s: float
    step: float = 1.0
    """Factor of a geometric one, seconds of a linear one."""
    cap_s: float | None = None
    """None: it was not reached, if there is one."""
    chance: Chance = "none"
    spread: float = 0.0
    """Proportional: each wait is so much shorter or longer at most, as a share."""
    added_s: float = 0.0
    """Added: up to so much."""

    def wait_s(self, retry: int) -> float:
        """The longest before the n-th retry (from 1), beyond those that were seen, too."""
        match self.form:
            case "constant":
                base = self.first_s
            case "geometric":
                base = self.first_s * self.step ** min(retry - 1, 200)
            case "linear":
                base = self.first_s + self.step * (retry - 1)
            case "list":
                beyond = max(retry - len(self.waits_s), 0)
                base = self.waits_s[min(retry, len(self.waits_s)) - 1] * 3**beyond
        base = base if self.cap_s is None else min(base, self.cap_s)
        return base * (1 + self.spread * (self.chance == "proportional")) + self.added_s

    def told(self) -> str:
        """For people: `0.5 s, each 1.5 times the one before; cap: above 6 s, not reached (0.5, 0.75, 1.1 s)`."""
        figure = wording.figure if self.chance == "none" else _rough
        shown = listed([figure(wait) for wait in self.waits_s])
        first = f"{'0 to ' * (self.chance == 'full')}{figure(self.first_s)} s"
        cap = f"cap: above {figure(max(self.waits_s))} s, not reached"
        if self.cap_s is not None:
            cap = f"cap: {figure(self.cap_s)} s"
        match self.form:
            case "constant":
                return f"{first} each time"
            case "geometric":
                return f"{first}, each {figure(self.step)} times the one before; {cap} ({shown})"
            case "linear":
                return f"{first}, each {figure(self.step)} s longer than the one before ({shown})"
            case "list":
                return f"{'0 to ' * (self.chance == 'full')}{shown}"

    def chance_told(self) -> str:
        """For people: `uniform ±50 %`."""
        match self.chance:
            case "none":
                return "none"
            case "full":
                return "full: from 0 to the whole wait"
            case "added":
                return f"0 to {_rough(self.added_s)} s added"
            case "proportional":
                return f"±{self.spread:.0%}"


def _rough(value: float) -> str:
    """What was found from jittered waits is known to two digits."""
    return wording.figure(float(f"{value:.2g}"))


def waits_of(failed: FailedAttempts, until_ns: int) -> list[Wait]:
    """The waits before the first retry, the second …, as far as they were watched to their ends: `until_ns`."""
    return list(_waits(failed, until_ns))


def _calm(those: FailedAttempts) -> FailedAttempts:
    """Those of stages in which the service was not behind, if they are enough to tell."""
    calm = those.where(those.slack_s <= _CALM_S)
    return calm if len(calm.retried) >= _ENOUGH else those


def _waits(failed: FailedAttempts, until_ns: int) -> Iterator[Wait]:
    for number in range(1, int(failed.number.max(initial=0)) + 1):
        those = _calm(failed.where(failed.number == number))
        seen = those.retried.wait_s
        if len(seen) < LEAST:
            return
        # Who failed shortly before the end of the watch was seen to go on only if the wait was short.
        watched = those.where(those.ended_ns <= until_ns - 1.3e9 * np.quantile(seen, 0.95))
        followed = watched.retried.wait_s
        if len(followed) < max(LEAST, _FOLLOWED * len(watched)):
            return
        least, most = np.quantile(followed, _ENDS)
        yield Wait(len(followed), float(np.median(followed)), float(least), float(most))


def fit_law(waits: list[Wait]) -> FittedLaw | None:
    """The simplest law that they follow, within what so many can tell; None of none."""
    if not waits:
        return None
    chance = _chance(waits)
    match chance:
        case "none":
            bases = [wait.median_s for wait in waits]
        case "proportional":
            bases = [wait.middle_s for wait in waits]
        case "full":
            bases = [2 * wait.middle_s for wait in waits]
        case "added":
            bases = [wait.middle_s - wait.width_s / 2 for wait in waits]
    widths, weights = _columns(waits, "width_s", "count")
    spread = float(np.average(widths / 2 / np.array(bases), weights=weights)) if chance == "proportional" else 0.0
    wide = [2 * spread * base or wait.width_s for wait, base in zip(waits, bases, strict=True)]
    errors = np.array([wait.error_s(width_s) for wait, width_s in zip(waits, wide, strict=True)])
    law = replace(_form(np.array(bases), errors * (2 if chance == "full" else 1)), chance=chance)
    if chance == "proportional":
        return replace(law, spread=spread)
    return replace(law, added_s=float(np.average(widths, weights=weights))) if chance == "added" else law


def _columns(waits: list[Wait], *names: str) -> Iterator[Floats]:
    yield from (np.array([getattr(wait, name) for wait in waits], np.float64) for name in names)


def _chance(waits: list[Wait]) -> Chance:
    """What chance does to them: as much to long ones as to short ones, or more. A few say little of how wide it is."""
    spread = [wait for wait in waits if wait.most_s - wait.least_s > _ALIKE_S + _ALIKE_SHARE * wait.median_s]
    if len(spread) * 2 < len(waits):
        return "none"
    middles, widths, counts = _columns(waits, "middle_s", "width_s", "count")
    if np.average(widths / 2 / middles, weights=counts) > _FULL:
        return "full"
    grows = middles.max() > 1.5 * middles.min()
    return "added" if grows and _scatter(widths, counts) < _scatter(widths / middles, counts) else "proportional"


def _scatter(values: Floats, weights: Floats) -> float:
    logs = np.log(np.maximum(values, 1e-9))
    return float(np.average((logs - np.average(logs, weights=weights)) ** 2, weights=weights))


def _form(bases: Floats, errors: Floats) -> FittedLaw:
    """Constant before geometric, before linear, before a mere list."""
    waits_s, retry = tuple(bases.tolist()), np.arange(len(bases))
    mean = float(np.average(bases, weights=1 / errors**2))
    if len(bases) > 1 and _alike(bases, np.full(len(bases), mean), errors):
        return FittedLaw(waits_s, "constant", mean)
    if bases.min() > 0:
        for grows in range(len(bases), LEAST - 1, -1):
            slope, first = np.polyfit(retry[:grows], np.log(bases[:grows]), 1, w=(bases / errors)[:grows])
            fitted = np.exp(first + slope * retry[:grows])
            cap = float(bases[grows:].mean()) if grows < len(bases) else None
            told = fitted if cap is None else np.append(fitted, np.full(len(bases) - grows, cap))
            if _alike(bases, told, errors) and slope > 0:
                return FittedLaw(waits_s, "geometric", float(np.exp(first)), float(np.exp(slope)), cap)
    if len(bases) >= LEAST:
        step, first = np.polyfit(retry, bases, 1, w=1 / errors)
        if _alike(bases, first + step * retry, errors) and step > 0:
            return FittedLaw(waits_s, "linear", float(first), float(step))
    return FittedLaw(waits_s, "list", waits_s[0])


def _alike(bases: Floats, told: Floats, errors: Floats) -> bool:
    """Whether chance may have made the bases of those of a law: it errs by more where the law's own wait is longer."""
    return bool(np.all(np.abs(bases - told) <= errors * np.maximum(told / bases, 1)))
