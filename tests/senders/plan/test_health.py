"""What an origin believes of its targets: each rule by itself, and what no history may do. Time is a number."""

import itertools
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from _hookswarm.senders.plan.health import MAX_IN_A_ROW, By, Health, HealthLaw
from _hookswarm.senders.plan.retry import MAX_S
from _hookswarm.senders.plan.strategies import Target

SECOND = 1_000_000_000


class Origin:
    """Sends to its targets, by their codes, and writes down what it is told."""

    def __init__(self, targets: int = 2, **law: Any) -> None:
        self.law = HealthLaw(**law)
        self.now = 0
        self.targets = [Target(code) for code in range(targets)]
        self.flips: list[tuple[int, bool, By]] = []
        self.asked = 0
        """How often the clock was."""
        self.health = Health(self.law, self.targets, self.clock, lambda *flip: self.flips.append(flip))

    def clock(self) -> int:
        self.asked += 1
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)

    def healthy(self) -> list[int]:
        return [target.code for target in self.health.healthy()]

    def send(self, code: int) -> int:
        return self.health.chosen(self.targets[code])

    def end(self, code: int, term: int, failed: bool = True) -> None:
        self.health.observe(self.targets[code], failed, term)

    def attempts(self, code: int, outcomes: str) -> None:
        """One behind the other: x failed, o did not."""
        for outcome in outcomes:
            self.end(code, self.send(code), outcome == "x")

    def probes(self, code: int, outcomes: str) -> None:
        for outcome in outcomes:
            self.health.probed(self.targets[code], outcome == "o")

    def out_s(self, code: int) -> float:
        """Wait until the target may be tried; how long that took."""
        for halves in range(2000):
            if code in self.healthy():
                return halves / 2
            self.wait(0.5)
        pytest.fail("it is out for good")


# Ejection.


def test_all_are_healthy_at_first() -> None:
    """Without bad news all targets are used, and asking costs no look at the clock."""
    origin = Origin(3)
    first = origin.health.healthy()
    origin.attempts(0, "oxxo")
    assert origin.healthy() == [0, 1, 2]
    assert origin.health.healthy() is first
    assert origin.asked == 0


def test_failures_in_a_row_eject() -> None:
    """So many failures as the law says, without a success between them, take a target out, and it is told once."""
    origin = Origin(failures=3)
    origin.attempts(0, "xxoxx")
    assert origin.healthy() == [0, 1]
    origin.attempts(0, "x")
    assert origin.healthy() == [1]
    assert origin.flips == [(0, False, "failures")]


def test_failures_elsewhere_do_not_count() -> None:
    """Each target has its own row of failures."""
    origin = Origin(failures=3)
    for _ in range(2):
        origin.attempts(0, "x")
        origin.attempts(1, "x")
    assert origin.healthy() == [0, 1]


def test_the_last_one_is_not_ejected() -> None:
    """However it fails, the last healthy target stays; once another is back, its next failure ejects it."""
    origin = Origin(failures=3, eject_s=30)
    origin.attempts(0, "xxx")
    origin.attempts(1, "x" * 50)
    assert origin.healthy() == [1]
    origin.wait(30)
    origin.attempts(0, "o")
    assert origin.healthy() == [0, 1]
    origin.attempts(1, "x")
    assert origin.healthy() == [0]
    assert Origin(1, failures=1).healthy() == [0]


def test_an_ejection_lasts() -> None:
    """An ejected target is out to the very end of its time."""
    origin = Origin(failures=1, eject_s=30)
    origin.attempts(0, "x")
    origin.now = 30 * SECOND - 1
    assert origin.healthy() == [1]
    origin.now += 1
    assert origin.healthy() == [0, 1]


def test_each_ejection_ends_at_its_own_time() -> None:
    """Of two that are ejected, the one that was first is tried first, wherever it stands in the table."""
    for first, second in ((0, 1), (1, 0)):
        origin = Origin(3, failures=1, eject_s=10)
        origin.attempts(first, "x")
        origin.wait(5)
        origin.attempts(second, "x")
        assert origin.out_s(first) == 5
        assert origin.healthy() == sorted([first, 2])
        assert origin.out_s(second) == 5


def test_ejections_grow() -> None:
    """The k-th ejection in a row lasts k times as long as the first, up to the longest."""
    origin = Origin(failures=1, eject_s=10, longest_s=35)
    lengths = []
    for _ in range(6):
        origin.attempts(0, "x")
        lengths.append(origin.out_s(0))
    assert lengths == [10, 20, 30, 35, 35, 35]


def test_ejections_grow_across_a_return() -> None:
    """A target that is back for less than the longest ejection, and fails again, is out for longer than before."""
    origin = Origin(failures=1, eject_s=10, longest_s=60)
    origin.attempts(0, "x")
    origin.wait(10)
    origin.attempts(0, "o")
    origin.wait(59)
    origin.attempts(0, "x")
    assert origin.out_s(0) == 20


def test_a_long_time_of_health_makes_good() -> None:
    """A target that was back for as long as the longest ejection begins anew with the first."""
    origin = Origin(failures=1, eject_s=10, longest_s=60)
    for _ in range(3):
        origin.attempts(0, "x")
        origin.out_s(0)
    origin.attempts(0, "o")
    origin.wait(60)
    origin.attempts(0, "x")
    assert origin.out_s(0) == 10


# Attempts that were under way.


def test_what_was_under_way_does_not_extend_an_ejection() -> None:
    """Failures of attempts from before the ejection change nothing, before its end or behind it."""
    origin = Origin(failures=2, eject_s=10)
    under_way = [origin.send(0) for _ in range(10)]
    for term in under_way[:6]:
        origin.end(0, term)
    assert origin.out_s(0) == 10
    trial = origin.send(0)
    for term in under_way[6:]:
        origin.end(0, term)
    origin.end(0, trial, failed=False)
    assert origin.healthy() == [0, 1]


def test_what_was_under_way_does_not_bring_back() -> None:
    """A success of an attempt from before the ejection is no sign of life, nor does it end a trial."""
    origin = Origin(failures=2, eject_s=10)
    late, later = origin.send(0), origin.send(0)
    origin.attempts(0, "xx")
    origin.end(0, late, failed=False)
    assert origin.healthy() == [1]
    origin.wait(10)
    origin.send(0)
    origin.end(0, later, failed=False)
    assert origin.healthy() == [1]
    assert origin.flips == [(0, False, "failures")]


def test_what_was_under_way_does_not_count_after_a_return() -> None:
    """Old failures that come in when the target is back are no news of it."""
    origin = Origin(failures=2, eject_s=10)
    old = [origin.send(0) for _ in range(4)]
    origin.attempts(0, "xx")
    origin.wait(10)
    origin.attempts(0, "o")
    for term in old:
        origin.end(0, term)
    assert origin.healthy() == [0, 1]


# The trial.


def test_one_trial_at_a_time() -> None:
    """After its ejection a target takes one attempt, and no other while that is under way, however long."""
    origin = Origin(failures=1, eject_s=10)
    origin.attempts(0, "x")
    origin.wait(10)
    assert origin.healthy() == [0, 1]
    assert origin.healthy() == [0, 1]  # asking is not sending
    origin.send(0)
    assert origin.healthy() == [1]
    origin.wait(1000)
    assert origin.healthy() == [1]


def test_a_good_trial_brings_back() -> None:
    """One success, and the target is healthy, with a clean row of failures."""
    origin = Origin(failures=2, eject_s=10)
    origin.attempts(0, "xx")
    origin.wait(10)
    origin.attempts(0, "o")
    assert origin.flips == [(0, False, "failures"), (0, True, "trial")]
    origin.attempts(0, "x")
    assert origin.healthy() == [0, 1]


def test_a_failed_trial_ejects_for_longer() -> None:
    """One failure is enough, and is not told: the opinion is the same."""
    origin = Origin(failures=5, eject_s=10)
    origin.attempts(0, "xxxxx")
    origin.wait(10)
    origin.attempts(0, "x")
    assert origin.healthy() == [1]
    assert origin.out_s(0) == 20
    assert origin.flips == [(0, False, "failures")]


def test_a_trial_that_was_broken_off_is_made_again() -> None:
    """What tells nothing does not block the way back; other attempts that are broken off have no part in it."""
    origin = Origin(failures=1, eject_s=10)
    old = origin.send(0)
    origin.attempts(0, "x")
    origin.wait(10)
    trial = origin.send(0)
    origin.health.forget(origin.targets[0], old)
    assert origin.healthy() == [1]
    origin.health.forget(origin.targets[0], trial)
    assert origin.healthy() == [0, 1]
    origin.attempts(0, "o")
    assert origin.healthy() == [0, 1]


# Probes.


def test_bad_probes_take_out() -> None:
    """`fall` bad probes in a row, and the target is out, be its attempts as good as they like."""
    origin = Origin(fall=3, rise=9)
    origin.probes(0, "xxoxx")
    assert origin.healthy() == [0, 1]
    origin.probes(0, "x")
    origin.attempts(0, "oooooo")
    assert origin.healthy() == [1]
    assert origin.flips == [(0, False, "probes")]


def test_good_probes_bring_back() -> None:
    """`rise` good probes in a row, and the target is in again."""
    origin = Origin(fall=1, rise=3)
    origin.probes(0, "xooxoo")
    assert origin.healthy() == [1]
    origin.probes(0, "o")
    assert origin.healthy() == [0, 1]
    assert origin.flips == [(0, False, "probes"), (0, True, "probes")]


def test_good_probes_do_not_end_an_ejection() -> None:
    """The health check may be well when the data path is not: there is no early failback."""
    origin = Origin(failures=1, eject_s=10, fall=1, rise=1)
    origin.attempts(0, "x")
    origin.probes(0, "oooxo")
    assert origin.healthy() == [1]
    assert origin.out_s(0) == 10


def test_no_trial_while_probes_fail() -> None:
    """A target is tried only when its health check is well, and told to be healthy only when both are."""
    origin = Origin(failures=1, eject_s=10, fall=1, rise=1)
    origin.attempts(0, "x")
    origin.probes(0, "x")
    origin.wait(10)
    assert origin.healthy() == [1]
    origin.probes(0, "o")
    assert origin.healthy() == [0, 1]
    origin.attempts(0, "o")
    assert origin.flips == [(0, False, "failures"), (0, True, "trial")]


def test_both_must_agree_to_bring_back() -> None:
    """A trial that succeeds while probes fail is half of the way; the probes tell the other half."""
    origin = Origin(failures=1, eject_s=10, fall=1, rise=1)
    origin.attempts(0, "x")
    origin.wait(10)
    trial = origin.send(0)
    origin.probes(0, "x")
    origin.end(0, trial, failed=False)
    assert origin.healthy() == [1]
    origin.probes(0, "o")
    assert origin.healthy() == [0, 1]
    assert origin.flips == [(0, False, "failures"), (0, True, "probes")]


def test_a_grey_failure_stays_out() -> None:
    """With good probes and a dead data path, a target gets one attempt for each ejection, ever fewer, and no flip."""
    origin = Origin(failures=5, eject_s=30, longest_s=300)
    tried = []
    for _ in range(36_000):  # an hour
        origin.wait(0.1)
        if origin.now % (5 * SECOND) == 0:
            origin.probes(0, "o")
        for code in origin.healthy():
            origin.attempts(code, "x" if code == 0 else "o")
            if code == 0:
                tried.append(origin.now // SECOND)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tried[4:])]
    assert gaps == [*range(30, 300, 30), *[300] * 7]
    assert origin.flips == [(0, False, "failures")]


# Panic.


def test_all_out_is_all_used() -> None:
    """Where probes take out the last one, all are used, ejected or not, until one is back."""
    origin = Origin(3, failures=1, eject_s=10, fall=1, rise=1)
    origin.attempts(0, "x")
    origin.probes(1, "x")
    assert origin.healthy() == [2]
    origin.probes(2, "x")
    assert origin.healthy() == [0, 1, 2]
    origin.probes(1, "o")
    assert origin.healthy() == [1]


def test_attempts_of_a_panic_are_no_trials() -> None:
    """What is sent to an ejected target before its time does not change its ejection."""
    origin = Origin(failures=1, eject_s=10, fall=1, rise=1)
    origin.attempts(0, "x")
    origin.probes(1, "x")
    origin.attempts(0, "oxo")
    origin.probes(1, "o")
    assert origin.healthy() == [1]
    assert origin.out_s(0) == 10


def test_a_panic_has_trials() -> None:
    """With attempts under way all the time, a target whose time is over comes back by the first good one sent then."""
    origin = Origin(failures=1, eject_s=10, fall=1)
    origin.attempts(0, "x")
    origin.probes(1, "x")
    origin.wait(9)
    early = origin.send(0)
    origin.wait(1)
    assert origin.healthy() == [0, 1]
    trial = origin.send(0)
    origin.send(0)
    origin.end(0, early, failed=False)
    assert origin.healthy() == [0, 1]
    assert origin.flips[-1] == (1, False, "probes")
    origin.end(0, trial, failed=False)
    assert origin.healthy() == [0]
    assert origin.flips[-1] == (0, True, "trial")


def test_a_panic_ejects_nobody() -> None:
    """Failures of targets that are used for want of a healthy one do not keep them out when their probes are good."""
    origin = Origin(failures=1, eject_s=10, fall=1, rise=1)
    origin.probes(0, "x")
    origin.probes(1, "x")
    origin.attempts(0, "xxx")
    origin.probes(0, "o")
    assert origin.healthy() == [0]


# Any history.

GAPS = st.sampled_from([0.0, 0.1, 1.0, 5.0, 10.0, 60.0])
SENDS = st.tuples(st.just("send"), st.integers(0, 9))
ENDS = st.tuples(st.just("end"), st.integers(0, 9), st.booleans())
FORGETS = st.tuples(st.just("forget"), st.integers(0, 9))
WAITS = st.tuples(st.just("wait"), GAPS)
PROBES = st.tuples(st.just("probe"), st.integers(0, 3), st.booleans())
TARGETS = st.integers(1, 4)


@given(TARGETS, st.lists(SENDS | SENDS | ENDS | ENDS | FORGETS | WAITS, max_size=80))
def test_any_history_of_attempts(targets: int, steps: list[Any]) -> None:
    """One target is always healthy; others are tried after ejections of the right lengths, by one attempt at a time."""
    origin = Origin(targets, failures=2, eject_s=10, longest_s=35)
    under_way: list[tuple[int, int, bool]] = []  # target, term, whether it is a trial
    until, row, back = dict[int, int](), defaultdict[int, int](int), defaultdict[int, int](int)
    for step in steps:
        told = len(origin.flips)
        trial_failed = None
        match step:
            case "wait", seconds:
                origin.wait(seconds)
            case "send", n:
                code = origin.healthy()[n % len(origin.healthy())]
                under_way.append((code, origin.send(code), code in until))
            case "end", n, failed if under_way:
                code, term, trial = under_way.pop(n % len(under_way))
                origin.end(code, term, failed)
                trial_failed = code if trial and failed else None
                assert (code, True, "trial") in origin.flips[told:] or not trial or failed
            case "forget", n if under_way:
                code, term, _ = under_way.pop(n % len(under_way))
                origin.health.forget(origin.targets[code], term)
        for code, healthy, by in origin.flips[told:]:
            assert healthy == (code in until) == (by == "trial")
            if healthy:
                del until[code]
                back[code] = origin.now
            elif origin.now - back[code] >= 35 * SECOND:
                row[code] = 0
        for code in {code for code, healthy, _ in origin.flips[told:] if not healthy} | {trial_failed} - {None}:
            assert code is not None
            row[code] += 1
            until[code] = origin.now + min(row[code] * 10, 35) * SECOND
        trials = [code for code, _, trial in under_way if trial]
        assert len(set(trials)) == len(trials)
        assert len(until) < targets
        assert origin.healthy() == [
            code for code in range(targets) if code not in until or (until[code] <= origin.now and code not in trials)
        ]


@given(TARGETS, st.lists(SENDS | SENDS | ENDS | ENDS | WAITS | PROBES | PROBES, max_size=80))
def test_any_history_with_probes(targets: int, steps: list[Any]) -> None:
    """There is always a target; all healthy ones are used, if there are any, and then none whose probes fail."""
    origin = Origin(targets, failures=2, eject_s=10, longest_s=35, fall=2, rise=2)
    under_way: list[tuple[int, int]] = []
    told = dict.fromkeys(range(targets), True)
    answers, seen = dict.fromkeys(range(targets), True), defaultdict[int, list[bool]](list)
    for step in steps:
        before = len(origin.flips)
        match step:
            case "wait", seconds:
                origin.wait(seconds)
            case "send", n:
                code = origin.healthy()[n % len(origin.healthy())]
                under_way.append((code, origin.send(code)))
            case "end", n, failed if under_way:
                origin.end(*under_way.pop(n % len(under_way)), failed)
            case "probe", code, good if code < targets:
                origin.probes(code, "o" if good else "x")
                seen[code] = [*seen[code], good][-2:]
                if seen[code] == [good, good]:
                    answers[code] = good
        for code, healthy, by in origin.flips[before:]:
            assert told[code] != healthy
            assert by != "probes" or healthy == answers[code]
            told[code] = healthy
        healthy_now = origin.healthy()
        if any(told.values()):
            assert {code for code in told if told[code]} <= set(healthy_now) <= {c for c in answers if answers[c]}
        else:
            assert healthy_now == list(range(targets))


# The law.


@pytest.mark.parametrize(
    ("law", "problem"),
    [
        ({"failures": 0}, "failures must"),
        ({"fall": 0}, "fall must"),
        ({"rise": MAX_IN_A_ROW + 1}, "rise must"),
        ({"eject_s": 0.0}, "eject_s must"),
        ({"longest_s": MAX_S + 1}, "longest_s must"),
        ({"probe_timeout_s": float("nan")}, "probe_timeout_s must"),
        ({"probe_s": -1.0}, "probe_s must"),
        ({"probe_s": float("nan")}, "probe_s must"),
        ({"longest_s": 29.0}, "is below eject_s"),
    ],
)
def test_an_impossible_law_says_why(law: dict[str, Any], problem: str) -> None:
    """Each thing that makes a law impossible is named, and it alone."""
    (found,) = HealthLaw(**law).problems()
    assert problem in found


def test_possible_laws() -> None:
    """The default law is possible, and so is one that never asks, or whose probes never count."""
    assert not list(HealthLaw().problems())
    assert not list(HealthLaw(failures=MAX_IN_A_ROW, probe_s=0).problems())


def test_a_plan_can_hold_a_law() -> None:
    """It is read from what a plan says, and an unknown word is refused."""
    reader = TypeAdapter(HealthLaw)
    assert reader.validate_python({"failures": 3}) == HealthLaw(failures=3)
    with pytest.raises(ValidationError):
        reader.validate_python({"failurs": 3})
