"""What workers do before a stage begins: connections are open when it does, and nothing was sent."""

import time
from dataclasses import dataclass, field

import gevent

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.worker.opening import Opening


@dataclass
class Fake:
    """Takes so long to open; remembers that it did."""

    url = b"http://127.0.0.1/hooks"
    takes_s: float = 0.0
    error: WireError | None = None
    opened: bool = False
    reused: bool = field(default=False, init=False)
    retry_after: bytes = b""
    body: bytes = b""
    connecting_s: float | None = None

    def open(self) -> None:
        gevent.sleep(self.takes_s)
        if self.error:
            raise self.error
        self.opened = True

    def post(self, headers: bytes, body: bytes) -> int:
        raise AssertionError

    def close(self) -> None:
        pass


def took(opening: Opening, *targets: Fake) -> float:
    began = time.monotonic()
    opening.take_part(lambda target: targets[target])
    return time.monotonic() - began


def start_in(seconds: float) -> "tuple[float, Opening]":
    start = time.monotonic() + seconds
    return start, Opening(2, [0, 1], lambda: start - time.monotonic())


def test_all_targets_are_opened_side_by_side() -> None:
    """A worker has its connections when the slowest is there, and need not wait for the start."""
    _, opening = start_in(5)
    fakes = Fake(0.05), Fake(0.05)
    assert took(opening, *fakes) < 0.09
    assert [fake.opened for fake in fakes] == [True, True]


def test_it_ends_by_the_start() -> None:
    """What is not open by then is given up, and a failure is swallowed: the first attempt will tell."""
    _, opening = start_in(0.1)
    fakes = Fake(60), Fake(error=WireError(Outcome.REFUSED, "as told"))
    assert took(opening, *fakes) < 0.2
    assert not any(fake.opened for fake in fakes)
    late = Opening(1, [0], lambda: -1.0)
    assert took(late, Fake(60)) < 0.05


def test_those_who_open_nothing_let_the_others_go_first() -> None:
    """The third worker of a lane in which two open connections comes behind them, and opens none."""
    _, opening = start_in(5)
    order: list[str] = []

    def work(name: str, *fakes: Fake) -> None:
        opening.take_part(lambda target: fakes[target])
        order.append(name)

    idle = Fake()
    workers = [
        gevent.spawn(work, "slow", Fake(0.05), Fake()),
        gevent.spawn(work, "quick", Fake(), Fake()),
        gevent.spawn(work, "idle", idle, idle),
    ]
    gevent.joinall(workers, timeout=3, raise_error=True)
    assert order == ["quick", "slow", "idle"]
    assert not idle.opened


def test_without_connections_to_open_nobody_waits() -> None:
    """Where attempts have connections of their own, all go on at once."""
    assert took(Opening(0, [0], lambda: 5.0)) < 0.05


def test_a_killed_worker_holds_nobody_up() -> None:
    """Users that Locust takes away while they open connections leave the others to go on."""
    _, opening = start_in(5)
    workers = [gevent.spawn(opening.take_part, lambda target: Fake(60)) for _ in range(2)]
    gevent.sleep(0.01)
    gevent.killall(workers)
    assert took(opening) < 0.05
