"""Endpoints: each webhook's own URL, and perhaps secret and headers.

There may be 100,000 of them: they are kept as columns of bytes, and an object is made of one only when it is used.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from _hookswarm.protocol.credentials import LEAST_KNOWN
from _hookswarm.senders.plan.assignment import Weights


class Column:
    """One text of bytes for each endpoint, all in one piece; or nothing at all, where none has any."""

    def __init__(self) -> None:
        self._growing = bytearray()
        self.ends = array("I", [0])
        self.text = b""

    def append(self, text: bytes) -> None:
        """Of the next endpoint."""
        self._growing += text
        self.ends.append(len(self._growing))

    def close(self) -> None:
        """No more follow: from now on they can be read."""
        self.text, self._growing = bytes(self._growing), bytearray()
        self.ends = self.ends[:] if self.text else array("I")

    def __getitem__(self, place: int) -> bytes:
        return self.text[self.ends[place] : self.ends[place + 1]]

    def is_full(self) -> bool:
        """Whether all hold something."""
        return bool(self.text) and all(end > start for start, end in pairwise(self.ends))

    def __bool__(self) -> bool:
        """Whether any holds something."""
        return bool(self.text)


@dataclass(frozen=True, repr=False)
class EndpointTable:
    """The endpoints by their webhooks' numbers."""

    hosts: tuple[str, ...]
    """Scheme, host and port, each once: `https://hooks.example.com:8443`."""
    digest: str
    """Of the file's bytes: hosts that have the same one have the same file."""
    weights: Weights | None
    """How they share the events; None: alike."""
    _hosts: "array[int]"
    _paths: Column
    _keys: Column
    _headers: Column

    def __len__(self) -> int:
        return len(self._hosts)

    def row(self, webhook: int) -> tuple[int, bytes, bytes]:
        """The place of its host among `hosts`; path and query, as a request's first line has them; and what it is
        signed with, if that is not the secret of all.
        """
        paths, keys, after = self._paths, self._keys, webhook + 1  # what Column does: a call each would take longer
        path = paths.text[paths.ends[webhook] : paths.ends[after]]
        key = keys.text[keys.ends[webhook] : keys.ends[after]] if keys.text else b""
        return self._hosts[webhook], path, key

    def headers(self, webhook: int) -> Mapping[str, str]:
        """Its own, in the place of the provider's and of `--header`."""
        text = self._headers[webhook] if self._headers else b""
        return dict(line.split(": ", 1) for line in text.decode().split("\n")) if text else {}

    def hidden(self, webhook: int) -> Iterator[bytes]:
        """What is secret of it, or may be: its key, its path and query, the values of its headers, and the words of
        these.
        """
        _, path, key = self.row(webhook)
        bare, _, query = path.partition(b"?")
        values = list(self.headers(webhook).values())
        yield from (text for text in (key, *(value.encode() for value in values)) if text)
        words = [path, bare, query, *(field.partition(b"=")[2] for field in query.split(b"&"))]
        words += [word.encode() for value in values for word in value.split()]
        yield from (word for word in dict.fromkeys(words) if len(word) >= LEAST_KNOWN)

    @property
    def has_headers(self) -> bool:
        """Whether some endpoint has headers of its own."""
        return bool(self._headers)

    @property
    def has_keys(self) -> bool:
        """Whether some endpoint has a secret of its own."""
        return bool(self._keys)

    @property
    def all_have_keys(self) -> bool:
        """Whether every endpoint has: then nothing is signed with the secret of all."""
        return self._keys.is_full()

    def told(self) -> str:
        """For people: `100,000 endpoints on 4 hosts, with secrets of their own`."""
        hosts = f"{len(self.hosts):,} host{'' if len(self.hosts) == 1 else 's'}"
        own = [name for name, column in (("secrets", self._keys), ("headers", self._headers)) if column]
        one = f"{len(self):,} endpoint{'' if len(self) == 1 else 's'} on {hosts}"
        return one + (f", with {' and '.join(own)} of their own" if own else "")
