"""`--transport httpx`: the same posts through httpx, for HTTP/2 and proxies."""

import ssl

import httpx

from records.rows import Outcome
from senders.wire import Timeouts, WireError

_KINDS: tuple[tuple[type[httpx.TransportError], Outcome], ...] = (
    (httpx.ConnectTimeout, Outcome.CONNECT_TIMEOUT),
    (httpx.PoolTimeout, Outcome.CONNECT_TIMEOUT),
    (httpx.ConnectError, Outcome.REFUSED),
    (httpx.TimeoutException, Outcome.READ_TIMEOUT),
    (httpx.RemoteProtocolError, Outcome.RESET),
    (httpx.NetworkError, Outcome.RESET),
    (httpx.ProxyError, Outcome.REFUSED),
    (httpx.TransportError, Outcome.PROTOCOL),
)


class HttpxWire:
    """One worker's httpx client for one URL. httpx does not say whether a connection was new: `reused` stays False."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None, timeouts: Timeouts | None = None) -> None:
        timeouts = timeouts or Timeouts()
        self.reused = False
        self._url = url
        self._client = httpx.Client(
            http2=True,
            verify=tls or True,
            follow_redirects=False,
            timeout=httpx.Timeout(timeouts.response_s, connect=timeouts.connect_s),
            limits=httpx.Limits(max_connections=1),
            headers={"User-Agent": "hookswarm/0.1", "Content-Type": "application/json"},
        )

    def post(self, headers: bytes, body: bytes) -> int:
        fields = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in headers.splitlines())]
        try:
            return self._client.post(self._url, content=body, headers=fields).status_code
        except httpx.TransportError as error:
            raise WireError(_outcome(error), str(error) or type(error).__name__) from None

    def close(self) -> None:
        self._client.close()


def _outcome(error: httpx.TransportError) -> Outcome:
    cause: BaseException | None = error
    while cause is not None:  # httpx wraps httpcore's errors, which wrap the socket's
        if isinstance(cause, ssl.SSLError):
            return Outcome.TLS
        cause = cause.__cause__ or cause.__context__
    return next(outcome for kind, outcome in _KINDS if isinstance(error, kind))
