"""An answer may take so long as a whole, however many bytes of it come in time."""

import time
from collections.abc import Iterator

import gevent
import httpx


class Bounded(httpx.BaseTransport):
    """Ends a request whose answer takes too long, with httpx.ReadTimeout.

    The time-outs of httpx are those of one read: a byte every few seconds holds a request for ever.
    """

    def __init__(self, transport: httpx.BaseTransport, limit_s: float) -> None:
        self._transport = transport
        self._limit_s = limit_s

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the request on; its body is read by whoever gets the answer."""
        until = time.monotonic() + self._limit_s
        late = httpx.ReadTimeout(f"the answer did not end within {self._limit_s:g} s")
        with gevent.Timeout(self._limit_s, late):
            answer = self._transport.handle_request(request)
        assert isinstance(answer.stream, httpx.SyncByteStream)
        answer.stream = _Stream(answer.stream, until, late)
        return answer

    def close(self) -> None:
        """Close connections."""
        self._transport.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, until: float, late: httpx.ReadTimeout) -> None:
        self._stream = stream
        self._until = until
        self._late = late

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            if time.monotonic() > self._until:
                raise self._late
            yield part

    def close(self) -> None:
        self._stream.close()
