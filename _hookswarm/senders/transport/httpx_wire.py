"""`--transport httpx`: the same posts through httpx, for HTTP/2 and proxies."""

import socket
import ssl
from collections.abc import Iterator
from functools import cache

import gevent
import httpx

from _hookswarm import __version__
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.wire import Timeouts, WireError


class HttpxWire:
    """A Transport: one worker's httpx client for one URL. `reused` stays False: httpx does not tell."""

    connecting_s: float | None = None

    def __init__(self, url: str, tls: ssl.SSLContext | None = None, timeouts: Timeouts | None = None) -> None:
        timeouts = timeouts or Timeouts()
        self.reused = False
        self.retry_after = b""
        self._url = url
        self._limit_s = timeouts.connect_s + timeouts.response_s
        self._client = httpx.Client(
            http2=True,
            verify=tls or _default_tls(),
            follow_redirects=False,
            timeout=httpx.Timeout(timeouts.response_s, connect=timeouts.connect_s),
            limits=httpx.Limits(max_connections=1),
            headers={"User-Agent": f"hookswarm/{__version__}", "Content-Type": "application/json"},
        )

    def post(self, headers: bytes, body: bytes) -> int:
        fields = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in headers.splitlines())]
        begun = False
        self.retry_after = b""
        try:
            # httpx times each read by itself; a dribbled answer is ended by gevent.
            with gevent.Timeout(self._limit_s, TimeoutError):
                with self._client.stream("POST", self._url, content=body, headers=fields) as response:
                    begun = True
                    for _ in response.iter_raw():
                        pass
                    self.retry_after = response.headers.get("retry-after", "").encode("latin-1", "replace")
                    return response.status_code
        except httpx.TransportError as error:
            raise WireError(_outcome(error, begun), str(error) or type(error).__name__) from None
        except TimeoutError:
            raise WireError(Outcome.READ_TIMEOUT, f"no whole answer in {self._limit_s:g} s") from None
        except (httpx.InvalidURL, UnicodeError):
            raise WireError(Outcome.UNRESOLVED, "not a host name") from None

    def close(self) -> None:
        self._client.close()


@cache
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _outcome(error: httpx.TransportError, begun: bool) -> Outcome:
    causes = tuple(_causes(error))
    tls = any(isinstance(cause, ssl.SSLError) for cause in causes)
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Outcome.CONNECT_TIMEOUT
    if isinstance(error, httpx.TimeoutException):
        return Outcome.READ_TIMEOUT
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        if any(isinstance(cause, socket.gaierror) for cause in causes):
            return Outcome.UNRESOLVED
        # Reset while connecting: in the TLS handshake, since TCP's own says "refused".
        return (
            Outcome.TLS if tls or any(isinstance(cause, ConnectionResetError) for cause in causes) else Outcome.REFUSED
        )
    if isinstance(error, httpx.NetworkError) and tls and "ALERT" in str(error) and not begun:
        return Outcome.TLS
    # httpx calls both a connection that ended and an answer that is none a protocol error; "<" opens HTTP/2's events.
    ended = str(error).startswith(("Server disconnected", "peer closed connection", "<"))
    if ended or isinstance(error, httpx.NetworkError):
        return Outcome.TRUNCATED if begun else Outcome.RESET
    return Outcome.PROTOCOL


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What httpx wrapped: httpcore's error, and in it the socket's."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
