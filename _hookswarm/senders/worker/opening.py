"""Connections that workers open before a stage begins: TCP and TLS, and no request."""

from collections.abc import Callable, Sequence

import gevent
from gevent.event import Event

from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Transport


class Opening:
    """What the workers of one lane do between a stage's announcement and its start. It ends by then.

    The first `count` of them open connections to all `targets`, the others wait for these: so the first events go to
    workers that have them.
    """

    def __init__(self, count: int, targets: Sequence[int], left_s: Callable[[], float]) -> None:
        """`left_s` tells the seconds to the start."""
        self._targets = targets
        self._left_s = left_s
        self._waiting = self._under_way = count
        self._done = Event()
        if not count:
            self._done.set()

    def take_part(self, to: Callable[[int], Transport]) -> None:
        """Called once by each worker; `to` gives its transport to a target."""
        if not self._waiting:
            self._done.wait(max(self._left_s(), 0))
            return
        self._waiting -= 1
        opening = [gevent.spawn(_open, to(target)) for target in self._targets]
        try:
            gevent.joinall(opening, timeout=max(self._left_s(), 0))
        finally:
            gevent.killall(opening)
            self._under_way -= 1
            if not self._under_way:
                self._done.set()


def _open(transport: Transport) -> None:
    try:
        transport.open()
    except WireError:
        pass  # the first attempt will tell
