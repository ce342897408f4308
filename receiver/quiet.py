"""gevent's WSGI server, without a word about what clients send: nothing of theirs belongs in a log."""

from collections.abc import Callable
from typing import Any

from gevent.pywsgi import WSGIHandler, WSGIServer


class _QuietHandler(WSGIHandler):  # type: ignore[misc]
    """Answers malformed requests 400 as gevent does. A fault of the app itself still shows its traceback."""

    def _handle_client_error(self, _error: Exception) -> Any:
        return super()._handle_client_error(ValueError())  # of others, gevent prints the traceback


def quiet_server(address: tuple[str, int], app: Callable[..., Any]) -> WSGIServer:
    return WSGIServer(address, app, log=None, error_log=None, handler_class=_QuietHandler)
