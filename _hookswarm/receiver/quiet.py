"""gevent's WSGI server, without a word about what clients send, and with the connection in the app's reach."""

import contextlib
import socket
from collections.abc import Callable
from typing import Any

from gevent.pywsgi import WSGIHandler, WSGIServer

from _hookswarm.receiver.faults import SOCKET


class _QuietHandler(WSGIHandler):  # type: ignore[misc]  # gevent's class has no types
    """Answers malformed requests 400 as gevent does, but nothing that clients send gets into a log.

    A fault of the app itself still shows its traceback.
    """

    def handle(self) -> None:
        # gevent sends head and body apart: Nagle's algorithm would hold the body back for 40 ms.
        with contextlib.suppress(OSError):  # the client may be gone already
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle()

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ[SOCKET] = self.socket
        return environ

    def _handle_client_error(self, _error: Exception) -> Any:
        return super()._handle_client_error(ValueError())  # of others, gevent prints the traceback


def quiet_server(address: tuple[str, int], app: Callable[..., Any], backlog: int | None = None) -> WSGIServer:
    """`backlog`: connections that may wait to be accepted; None is gevent's own."""
    return WSGIServer(address, app, backlog=backlog, log=None, error_log=None, handler_class=_QuietHandler)
