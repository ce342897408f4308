"""An answer may take so long as a whole, its head and its body, however many bytes of it come in time."""

import ssl
import time
from typing import Any

import httpcore
import httpx


def bounded_client(limit_s: float, tls: ssl.SSLContext | None = None, idle_s: float = 5.0) -> httpx.Client:
    """A client whose answers end within `limit_s`, else httpx.ReadTimeout. No proxy of the environment is used.

    The time-outs of httpx are those of one read: a byte every few seconds holds a request for ever. `tls`: whom to
    trust at an https address; None: whom everybody trusts. `idle_s`: a connection idle for longer is not used again.
    """
    limits = httpx.Limits(keepalive_expiry=idle_s)
    transport = httpx.HTTPTransport(trust_env=False, verify=tls or True, limits=limits)
    transport._pool._network_backend = _Backend(transport._pool._network_backend, limit_s)  # httpx has no door to it
    return httpx.Client(trust_env=False, timeout=limit_s, transport=transport)


class _Backend(httpcore.NetworkBackend):
    """Opens connections whose reads know when the answer was asked for."""

    def __init__(self, inner: httpcore.NetworkBackend, limit_s: float) -> None:
        self._inner = inner
        self._limit_s = limit_s

    def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(*args, **kwargs), self._limit_s)

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(*args, **kwargs), self._limit_s)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection with one request at a time: what is read belongs to what was written last."""

    def __init__(self, inner: httpcore.NetworkStream, limit_s: float) -> None:
        self._inner = inner
        self._limit_s = limit_s
        self._until = time.monotonic() + limit_s

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)
        self._until = time.monotonic() + self._limit_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left_s = self._until - time.monotonic()
        late = httpcore.ReadTimeout(f"the answer did not end within {self._limit_s:g} s")
        if left_s <= 0:
            raise late
        try:
            return self._inner.read(max_bytes, left_s if timeout is None else min(timeout, left_s))
        except httpcore.ReadTimeout:
            raise late from None

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(*args, **kwargs), self._limit_s)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def close(self) -> None:
        self._inner.close()
