"""Is there still a master? A sending process without one sends nothing more, and ends.

Three signs: the process that forked it is gone; the connection to the master is closed, and no word of the master
comes over a new one; while a stage is on, the master says nothing. Locust itself waits for a minute, and sends on.
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import gevent
import zmq
from zmq.utils.monitor import recv_monitor_message

from _hookswarm.senders.exchange.silence import Silence

if TYPE_CHECKING:  # importing Locust patches the process
    from locust.runners import WorkerRunner

LOOK_S = 0.1
CLOSED_S = 1.5
"""How long after its connection closed a master may take to be heard again; it is heard every second."""
SILENT_S = 5.0
"""How long a master may say nothing while a stage is on, of the time in which this process could listen."""

_MASTER = "master"
_WATCHED = zmq.Event.DISCONNECTED | zmq.Event.MONITOR_STOPPED


class Tie:
    """To the master, by what was seen of it. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._silence = Silence(SILENT_S)
        self._closed_s: float | None = None

    def heard(self) -> None:
        """The master said something."""
        self._silence.heard(_MASTER)
        self._closed_s = None

    def closed(self, now_s: float) -> None:
        """The connection to it closed."""
        if self._closed_s is None:
            self._closed_s = now_s

    def cut(self, now_s: float, sending: bool) -> str:
        """Take a look; why there is no master any more, or nothing. Its silence counts while this process sends."""
        silent = self._silence.lost(now_s, (_MASTER,) if sending else ())
        if self._closed_s is not None and now_s - self._closed_s >= CLOSED_S:
            return "the connection to the master is closed"
        return f"the master has said nothing for {SILENT_S:g} s" if silent else ""


class MasterWatch:
    """Looks until there is no master, or Locust ends by itself."""

    def __init__(
        self,
        runner: "WorkerRunner",
        parent: int | None,
        sending: Callable[[], bool],
        orphaned: Callable[[str], None],
    ) -> None:
        """`parent` forked this process, if it was forked. `orphaned` is told once why there is no master."""
        self._runner = runner
        self._sending = sending
        self._orphaned = orphaned
        self._parent = parent
        self._tie = Tie()
        runner.environment.events.heartbeat_received.add_listener(lambda **_: self._tie.heard())
        gevent.spawn(self._look)

    def _look(self) -> None:
        socket = None
        while len(self._runner.greenlet):  # Locust empties it as it ends
            if self._runner.client.socket is not socket:  # Locust connects anew after an error
                socket = self._runner.client.socket
                gevent.spawn(self._listen, socket.get_monitor_socket(_WATCHED))
            if self._parent is not None and os.getppid() != self._parent:
                cause = "the process that started it is gone"
            else:
                cause = self._tie.cut(time.monotonic(), self._sending())
            if cause:
                self._orphaned(cause)
                return
            gevent.sleep(LOOK_S)

    def _listen(self, monitor: "zmq.Socket[bytes]") -> None:
        while recv_monitor_message(monitor)["event"] == zmq.Event.DISCONNECTED:
            self._tie.closed(time.monotonic())
