"""gevent's WSGI server, without a word about what clients send, and with the connection in the app's reach."""

from collections.abc import Callable
from typing import Any

from gevent.pywsgi import WSGIHandler, WSGIServer

from receiver.faults import SOCKET


class _QuietHandler(WSGIHandler):  # type: ignore[misc]
    """Answers malformed requests 400 as gevent does, but nothing that clients send gets into a log.

    A fault of the app itself still shows its traceback.
    """

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ[SOCKET] = self.socket
        return environ

    def _handle_client_error(self, _error: Exception) -> Any:
        return super()._handle_client_error(ValueError())  # of others, gevent prints the traceback


def quiet_server(address: tuple[str, int], app: Callable[..., Any]) -> WSGIServer:
    return WSGIServer(address, app, log=None, error_log=None, handler_class=_QuietHandler)
