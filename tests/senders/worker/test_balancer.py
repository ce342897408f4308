"""Where an origin's attempts go."""

from collections.abc import Sequence

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.health import By, Health, HealthLaw
from _hookswarm.senders.plan.retry import Failure
from _hookswarm.senders.plan.strategies import Strategy, Target
from _hookswarm.senders.worker.balancer import TargetBalancer


class First(Strategy):
    """The first that is healthy; remembers what it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, float, bool]] = []

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        return healthy[0]

    def observe(self, target: Target, seconds: float, failed: bool) -> None:
        self.seen.append((target.code, seconds, failed))


def rejected(status: int) -> Failure:
    return Failure(Outcome.REJECTED, status, None)


def balancer(targets: list[Target], failures: int = 2) -> tuple[TargetBalancer, First, list[tuple[int, bool, By]]]:
    told: list[tuple[int, bool, By]] = []
    strategy = First()
    law = HealthLaw(failures=failures)
    health = Health(law, targets, lambda: 0, lambda code, healthy, by: told.append((code, healthy, by)))
    return TargetBalancer(targets, strategy, health), strategy, told


def test_what_is_under_way_is_counted() -> None:
    """In flight from the choice to the end, however it ends; an attempt that we broke off teaches nothing."""
    targets = [Target(0), Target(1)]
    chooser, strategy, _ = balancer(targets)
    one, other = chooser.choose(7), chooser.choose(8)
    assert (one.target.code, targets[0].in_flight) == (0, 2)
    chooser.settle(one, 0.25, None)
    chooser.forget(other)
    assert targets[0].in_flight == 0
    assert strategy.seen == [(0, 0.25, False)]


def test_a_failing_region_is_left() -> None:
    """Failures in a row, by 5xx or without an answer, turn the attempts to the next region."""
    chooser, strategy, told = balancer([Target(0), Target(1)])
    for failure in (rejected(503), Failure(Outcome.RESET, 0, None)):
        chooser.settle(chooser.choose(0), 0.1, failure)
    assert told == [(0, False, "failures")]
    assert chooser.choose(0).target.code == 1
    assert [failed for _, _, failed in strategy.seen] == [True, True]


def test_a_refusal_of_the_request_is_not_the_regions_fault() -> None:
    """Redirects, 4xx, 410 and 429 would come from any region."""
    chooser, strategy, told = balancer([Target(0), Target(1)])
    for status in (302, 400, 404, 410, 429):
        chooser.settle(chooser.choose(0), 0.1, rejected(status))
    assert not told
    assert not any(failed for _, _, failed in strategy.seen)


def test_a_shortage_of_ours_makes_no_region_ill() -> None:
    """An attempt that did not leave this machine says nothing of its target: not to health, and not to the strategy."""
    targets = [Target(0), Target(1)]
    chooser, strategy, told = balancer(targets)
    for _ in range(5):
        chooser.settle(chooser.choose(0), 0.1, Failure(Outcome.LOCAL_SHORTAGE))
    assert (told, strategy.seen, targets[0].in_flight) == ([], [], 0)


def test_one_region_is_not_balanced() -> None:
    """With a single target there is nothing to learn: it is chosen, whatever it does."""
    chooser, strategy, told = balancer([Target(0)])
    for _ in range(10):
        chooser.settle(chooser.choose(0), 0.1, rejected(503))
    assert chooser.choose(0).target.code == 0
    assert (strategy.seen, told) == ([], [])
