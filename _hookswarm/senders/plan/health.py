"""What one origin, in one process, believes of its targets: by its own attempts, and by probes of their health check.

Both must agree that a target is well. A target whose health check answers while deliveries fail (a grey failure)
stays out, and one whose deliveries succeed while its health check fails is taken out, too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from _hookswarm.senders.plan.retry import MAX_S
from _hookswarm.senders.plan.strategies import Target

NEVER = (1 << 63) - 1
MAX_IN_A_ROW = 1_000_000
"""More than come in a row: a target is never taken out for it."""

By = Literal["failures", "probes", "trial"]
Note = Callable[[int, bool, By], object]
"""Told each change of opinion: the target's code, whether it is healthy now, and what told."""


@dataclass(frozen=True)
class HealthLaw:
    """When a target is given no more attempts, and when again. Made without checks: see `problems`.

    Ejections as in Envoy's outlier detection, `fall` and `rise` as in HAProxy. A dead target is out after `failures`
    attempts, each as long as its time-out, or after about `fall` x `probe_s` + `probe_timeout_s`, whichever is sooner.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    failures: int = 5
    """Failed attempts in a row that eject a target."""
    eject_s: float = 30.0
    """The first ejection; the k-th in a row lasts k times as long."""
    longest_s: float = 300.0
    """No ejection is longer; and a target that was back for as long begins anew with the first."""
    probe_s: float = 5.0
    """How often the health check is asked; 0: never."""
    probe_timeout_s: float = 2.0
    fall: int = 3
    """Failed probes in a row that take a target out."""
    rise: int = 2
    """Good probes in a row that bring it back."""

    def ejection_s(self, ejections: int) -> float:
        """How long the k-th ejection in a row (from 1) lasts."""
        return min(ejections * self.eject_s, self.longest_s)

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that makes this law impossible."""
        for name in ("failures", "fall", "rise"):
            if not 1 <= getattr(self, name) <= MAX_IN_A_ROW:
                yield f"{name} must lie in 1..{MAX_IN_A_ROW}, not {getattr(self, name)}"
        for name in ("eject_s", "longest_s", "probe_timeout_s"):
            if not 1e-3 <= getattr(self, name) <= MAX_S:
                yield f"{name} must lie in 0.001..{MAX_S:g} seconds, not {getattr(self, name):g}"
        if self.probe_s and not 1e-3 <= self.probe_s <= MAX_S:
            yield f"probe_s must be 0 or lie in 0.001..{MAX_S:g} seconds, not {self.probe_s:g}"
        if self.longest_s < self.eject_s:
            yield f"longest_s {self.longest_s:g} is below eject_s, {self.eject_s:g}"


@dataclass(slots=True)
class _Belief:
    """What is believed of a target. Times are the clock's ns."""

    target: Target
    failures: int = 0
    """In a row."""
    ejections: int = 0
    """In a row."""
    ejected_until: int | None = None
    """From then on it may be tried; None: it is not ejected."""
    trial: bool = False
    """Whether an attempt is under way that decides whether it comes back."""
    back: int = 0
    """When its last ejection ended."""
    term: int = 0
    """Counts trials, so that attempts from before one are known when they end."""
    answers: bool = True
    """What probes make of it."""
    contrary: int = 0
    """Probes in a row that say otherwise."""
    healthy: bool = True
    """The opinion that was told last."""


class Health:
    """Judges each target by what becomes of attempts and probes. Not for threads.

    `now_ns` is any clock that does not step.
    """

    def __init__(self, law: HealthLaw, targets: Sequence[Target], now_ns: Callable[[], int], note: Note) -> None:
        self._law = law
        self._now_ns = now_ns
        self._note = note
        self._beliefs = {target.code: _Belief(target) for target in targets}
        self._all = self._usable = tuple(targets)
        self._usable_until = NEVER

    def healthy(self) -> Sequence[Target]:
        """Where attempts may go now, in the order of the table. All, where none is healthy (panic): never empty."""
        if self._usable_until != NEVER and self._usable_until <= self._now_ns():
            self._refresh()
        return self._usable

    def ill(self) -> list[int]:
        """Codes of the targets that are not believed healthy."""
        return [code for code, belief in self._beliefs.items() if not belief.healthy]

    def chosen(self, target: Target) -> int:
        """An attempt goes there now. Returns the term in which it does: `observe` or `forget` is to be told it.

        Once its ejection is over, the first attempt is the target's trial: no other may follow before that has ended.
        """
        belief = self._beliefs[target.code]
        if belief.ejected_until is not None and not belief.trial and belief.ejected_until <= self._now_ns():
            belief.trial = True
            belief.term += 1
            self._refresh()
        return belief.term

    def observe(self, target: Target, failed: bool, term: int) -> None:
        """An attempt ended. It says nothing if it began before the target's last ejection, or in it (in a panic)."""
        belief = self._beliefs[target.code]
        if term != belief.term:
            return
        if belief.ejected_until is None:
            belief.failures = belief.failures + 1 if failed else 0
            if belief.failures >= self._law.failures and self._is_spare(belief):
                self._eject(belief)
        elif belief.trial:
            if failed:
                self._eject(belief)
            else:
                belief.ejected_until, belief.trial, belief.back = None, False, self._now_ns()
                self._judge(belief, "trial")

    def forget(self, target: Target, term: int) -> None:
        """An attempt was broken off and tells nothing; if it was the trial, another attempt may be it."""
        belief = self._beliefs[target.code]
        if belief.trial and term == belief.term:
            belief.trial = False
            self._refresh()

    def probed(self, target: Target, good: bool) -> None:
        """A probe ended."""
        belief = self._beliefs[target.code]
        belief.contrary = belief.contrary + 1 if good != belief.answers else 0
        if belief.contrary >= (self._law.rise if good else self._law.fall):
            belief.answers, belief.contrary = good, 0
            self._judge(belief, "probes")

    def _is_spare(self, belief: _Belief) -> bool:
        """Whether another target is healthy: the last one is never ejected."""
        return any(other.healthy for other in self._beliefs.values() if other is not belief)

    def _eject(self, belief: _Belief) -> None:
        now = self._now_ns()
        if belief.ejected_until is None and now - belief.back >= self._law.longest_s * 1e9:
            belief.ejections = 0
        belief.ejections += 1
        belief.ejected_until = now + round(self._law.ejection_s(belief.ejections) * 1e9)
        belief.failures, belief.trial = 0, False
        self._judge(belief, "failures")

    def _judge(self, belief: _Belief, by: By) -> None:
        healthy = belief.answers and belief.ejected_until is None
        changed = healthy != belief.healthy
        belief.healthy = healthy
        self._refresh()
        if changed:
            self._note(belief.target.code, healthy, by)

    def _refresh(self) -> None:
        """Find out anew where attempts may go, and until when that holds."""
        now = self._now_ns()
        usable, until, panic = [], NEVER, True
        for belief in self._beliefs.values():
            if belief.healthy:
                usable.append(belief.target)
                panic = False
            elif belief.answers and belief.ejected_until is not None and not belief.trial:
                if belief.ejected_until <= now:
                    usable.append(belief.target)
                else:
                    until = min(until, belief.ejected_until)
        self._usable = self._all if panic else tuple(usable)
        self._usable_until = until
