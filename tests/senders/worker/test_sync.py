"""A sending process learns the master's clock before it may be sent stages."""

from dataclasses import dataclass

from _hookswarm.protocol.version import PROTOCOL
from _hookswarm.records.clock import Clock
from _hookswarm.senders.exchange.messages import Heard, Ready
from _hookswarm.senders.worker.sync import EXCHANGES, Sync

SECOND = 10**9


@dataclass(frozen=True)
class Still(Clock):
    """A clock that is moved by hand."""

    anchor_ns: int = 0

    def now(self) -> int:
        return self.anchor_ns


def heard(ready: Ready, ahead_ns: int, boot: str = "other", anchor_ns: int = 0) -> Heard:
    """The master's answer, whose clock is ahead, half a millisecond after it was asked."""
    at = ready.sent_ns + ahead_ns + SECOND // 2000
    return Heard(sent_ns=ready.sent_ns, now_ns=at, anchor_ns=anchor_ns, boot=boot, accepted=ready.synced)


def test_the_masters_clock_of_another_host_is_read_many_times() -> None:
    """Only then is the process ready; and its clock corrected by what was found."""
    sync = Sync(Still(1_000 * SECOND), boot="mine")
    for number in range(EXCHANGES):
        ready = sync.ready("w")
        assert (ready.synced, ready.protocol) == (False, PROTOCOL)
        assert sync.hear(heard(ready, -2 * SECOND)) is (number == EXCHANGES - 1)
    assert sync.ready("w").synced
    assert not sync.accepted
    # The clock stood still: the round trip was nothing, and the half millisecond there is all offset.
    assert sync.corrected().anchor_ns == 998 * SECOND + SECOND // 2000
    assert sync.hear(heard(sync.ready("w"), 0)) is False
    assert sync.accepted


def test_processes_of_one_boot_need_one_answer() -> None:
    """Their anchors say exactly how far they are apart."""
    sync = Sync(Still(1_000 * SECOND), boot="mine")
    assert sync.hear(heard(sync.ready("w"), 123, boot="mine", anchor_ns=1_001 * SECOND)) is True
    assert sync.corrected().anchor_ns == 1_001 * SECOND
    assert sync.ready("w").uncertainty_ns == 0


def test_a_boot_without_a_name_is_nobodys() -> None:
    """Where the kernel does not tell, two hosts may not be taken for one."""
    sync = Sync(Still(SECOND), boot="")
    assert sync.hear(heard(sync.ready("w"), 0, boot="")) is False
