"""HTTP/1.1 answers, read off one connection: where each ends, and whether another may follow."""

import re

import httptools

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.connection import TLS_RECORDS
from _hookswarm.senders.transport.failure import WireError

SPEAKS_TLS = "the port speaks TLS: write https://"
SAMPLE_BYTES = 200
"""Of an answer's body, kept to be shown where it is not what was hoped for."""
_FIRST = b"HTTP/1."
_STATUS_LINE = re.compile(rb"HTTP/1\.\d \d")


class Answer:
    """httptools' callbacks for the answers of one connection."""

    location = b""

    def __init__(self, keep: int = SAMPLE_BYTES) -> None:
        """`keep`: bytes of each body that are."""
        self._keep = keep
        self._parser = httptools.HttpResponseParser(self)
        self.complete = False
        self.restart()

    def restart(self) -> None:
        self.first = self._aligned = not self.complete  # of its connection
        self.begun = self.complete = self.keep_alive = self._framed = self._overstepped = False
        self._strange = b""
        self.status = 0
        self.retry_after = self.body = b""

    def feed(self, data: bytes) -> None:
        self.begun = True
        if not self._aligned and not self._strange and data.startswith(_FIRST):
            self._aligned = True
        if not self._aligned:
            # What the answer before had beyond its framing, the body of a 204 say, may come only now.
            self._strange += data
            found = _STATUS_LINE.search(self._strange)
            if not found:
                return
            data, self._aligned, self._overstepped = self._strange[found.start() :], True, found.start() > 0
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.complete:
                tls = not self.status and data[:1] in TLS_RECORDS
                raise _no_answer(SPEAKS_TLS if tls else str(error)) from None
            self.keep_alive = False  # bytes beyond a whole answer don't undo it

    def end_of_stream(self) -> int:
        """The server closed: the answer's end if nothing else marks it, else an answer cut short."""
        if not self.begun:
            raise WireError(Outcome.RESET, "closed before the answer")
        if not self._aligned and not _FIRST.startswith(self._strange[: len(_FIRST)]):
            raise _no_answer("it closed after bytes that no request asked for")
        if self.status and not self._framed and not self.keep_alive:
            return self.status
        raise WireError(Outcome.TRUNCATED, "closed inside the answer")

    def on_message_begin(self) -> None:
        if self.complete:  # a second answer to one request
            raise ValueError

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(name) in (14, 17) and name.lower() in (b"content-length", b"transfer-encoding"):
            self._framed = True
        elif len(name) == 11 and name.lower() == b"retry-after":
            self.retry_after = value

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        if len(self.body) < self._keep:
            self.body += data[: self._keep - len(self.body)]

    def on_message_complete(self) -> None:
        if 100 <= self.status < 200:  # an interim answer: the real one follows
            self.status, self._framed, self.retry_after = 0, False, b""
            return
        self.complete = True
        self.keep_alive = self._parser.should_keep_alive() and not self._overstepped


class WholeAnswer(Answer):
    """One that also keeps what `Location` names; to look at each header costs time."""

    def restart(self) -> None:
        super().restart()
        self.location = b""

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if name.lower() == b"location":
            self.location = value


def _no_answer(reason: str) -> WireError:
    upgrade = reason.isdigit() or "Upgrade" in reason  # httptools says where, llhttp what
    said = "it switches to another protocol (101), which nobody asked for" if upgrade else reason
    return WireError(Outcome.PROTOCOL, f"not an HTTP/1.1 answer: {said}")
