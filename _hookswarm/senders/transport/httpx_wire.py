"""`--transport httpx`: the same posts through httpx, for HTTP/2 and proxies."""

import errno
import logging
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.request import getproxies

import gevent
import httpx

from _hookswarm.common.errors import ConfigError
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.answer import SAMPLE_BYTES, SPEAKS_TLS
from _hookswarm.senders.transport.certificates import default_tls
from _hookswarm.senders.transport.connection import NO_TLS
from _hookswarm.senders.transport.failure import WireError, local_shortage
from _hookswarm.senders.transport.shortage import lacking, lacking_now
from _hookswarm.senders.transport.wire import DEFAULT_HEAD, Timeouts

for _logger in ("httpx", "httpcore", "hpack"):
    logging.getLogger(_logger).setLevel(
        logging.WARNING
    )  # they tell each request, and its URL and headers may be secret

_UNSENT = (httpx.ConnectError, httpx.ProxyError, httpx.WriteError)
"""After these the request is not at the target, at least not whole."""


class HttpxWire:
    """A Transport: one worker's httpx client for the URLs of a host. `reused` stays False: httpx does not tell."""

    connecting_s: float | None = None

    def __init__(
        self,
        url: str,
        tls: ssl.SSLContext | None = None,
        timeouts: Timeouts | None = None,
        method: str = "POST",
        head: bytes = DEFAULT_HEAD,
        keep: int = SAMPLE_BYTES,
    ) -> None:
        """`head`: header lines that are the same for all requests; `keep`: bytes of each answer's body that are."""
        timeouts = timeouts or Timeouts()
        self.url = url.encode()
        self._method = method
        self.reused = False
        self.retry_after = self.location = self.body = b""
        self._keep = keep
        self._limit_s = timeouts.connect_s + timeouts.response_s
        self._client = _make_client(tls, timeouts, head)

    def open(self) -> None:
        """httpx connects with a request only: what is done ahead is to make its client."""

    def post(self, headers: bytes, body: bytes) -> int:
        fields = _fields(headers)
        begun = False
        self.retry_after = self.location = self.body = b""
        try:
            # httpx times each read by itself; a dribbled answer is ended by gevent.
            with gevent.Timeout(self._limit_s, TimeoutError):
                with self._client.stream(self._method, self.url.decode(), content=body, headers=fields) as response:
                    begun = True
                    for data in response.iter_raw():
                        if len(self.body) < self._keep:
                            self.body += data[: self._keep - len(self.body)]
                    self.retry_after, self.location = (
                        response.headers.get(name, "").encode("latin-1", "replace")
                        for name in ("retry-after", "location")
                    )
                if self._overstepped(response.request.url):
                    response.extensions["network_stream"].close()
                return response.status_code
        except httpx.TransportError as error:
            if isinstance(error, _UNSENT) and (number := _lacking(error)):
                raise local_shortage(number) from None
            raise WireError(_outcome(error, begun), _said(error)) from None
        except TimeoutError:
            raise WireError(Outcome.READ_TIMEOUT, f"no whole answer in {self._limit_s:g} s") from None
        except (httpx.InvalidURL, UnicodeError):
            raise WireError(Outcome.UNRESOLVED, "not a host name") from None

    def _overstepped(self, url: httpx.URL) -> bool:
        """Whether bytes came beyond the answer: httpcore would take them for the next one's."""
        transport: Any = self._client._transport_for_url(url)
        for pooled in transport._pool.connections:
            connection = pooled
            while (inner := getattr(connection, "_connection", None)) is not None:
                connection = inner
            state = getattr(connection, "_h11_state", None)
            if state is not None and state.trailing_data[0]:
                return True
        return False

    def close(self) -> None:
        self._client.close()


def check_httpx(tls: ssl.SSLContext | None = None) -> None:
    """Make one client as every worker will: the environment may name proxies. Raises ConfigError if that fails."""
    proxies = {name: url for name, url in getproxies().items() if name in ("http", "https", "all")}
    faults = [
        f"--transport httpx: ${name.upper()}_PROXY is not the URL of a proxy: write http://host:port, or unset it"
        for name, url in proxies.items()
        if not _is_proxy(url)
    ]
    try:
        if not faults:
            _make_client(tls, Timeouts()).close()
    except ImportError:
        faults = ["--transport httpx: a SOCKS proxy needs httpx[socks]: install that, name an http:// one, or unset it"]
    except (ValueError, httpx.InvalidURL, OSError):
        faults = ["--transport httpx: its proxies cannot be understood: check $NO_PROXY, or send with --transport wire"]
    if faults:
        raise ConfigError(faults)


def _is_proxy(url: str) -> bool:
    """Whether there is something to connect to. What the URL holds is not told: it may be a password."""
    try:
        found = httpx.Proxy(url if "://" in url else f"http://{url}").url
    except (ValueError, httpx.InvalidURL):
        return False
    return bool(found.host) and (found.port or 1) < 1 << 16


def _fields(lines: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines.splitlines())]


def _make_client(tls: ssl.SSLContext | None, timeouts: Timeouts, head: bytes = DEFAULT_HEAD) -> httpx.Client:
    """Raises what httpx raises where it cannot use a proxy that the environment names."""
    return httpx.Client(
        http2=True,
        verify=tls or default_tls(),
        follow_redirects=False,
        timeout=httpx.Timeout(timeouts.response_s, connect=timeouts.connect_s),
        limits=httpx.Limits(max_connections=1),
        headers=[*_fields(head), (b"Accept-Encoding", b"identity")],  # what an answer says is shown as it came
    )


def _lacking(error: httpx.TransportError) -> int:
    causes = tuple(_causes(error))
    unresolved = any(isinstance(cause, socket.gaierror) or _is_resolvers_own(cause) for cause in causes)
    return max(map(lacking, causes)) or (lacking_now() if unresolved else 0)


def _is_resolvers_own(cause: BaseException) -> bool:
    """Multicast DNS (glibc's mdns4_minimal) says so where it gets no socket, and so does the look-up as a whole."""
    return isinstance(cause, OSError) and cause.errno == errno.EINVAL


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


def _said(error: httpx.TransportError) -> str:
    """What was seen, and what to look at where the two sides may not speak the same."""
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError) and any(_is_no_tls(cause) for cause in _causes(error)):
        return f"{text}: {NO_TLS}"
    if isinstance(error, httpx.RemoteProtocolError) and text.startswith("illegal"):
        # h11 tells a line by its text only if it can be one; a TLS record cannot.
        return f"not an HTTP/1.1 answer: {text}" + f"; if {SPEAKS_TLS}" * text.endswith("line")
    return text


def _is_no_tls(cause: BaseException) -> bool:
    if isinstance(cause, ssl.SSLError):
        return isinstance(cause, ssl.SSLEOFError) or cause.reason in _NO_TLS
    return isinstance(cause, ConnectionResetError)


_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")
"""What OpenSSL calls bytes that are no TLS."""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What httpx wrapped: httpcore's error, and in it the socket's."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
