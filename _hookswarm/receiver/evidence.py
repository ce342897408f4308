"""What a service's deliveries look like beside their bodies: a line of JSON for each, for the analysis of its manners.

    {"at", "stage", "webhook", "sequence", "endpoint", "method", "path", "ports", "id_in", "headers"}

`at` is when it was received (ns); the event is null where none of ours is in it. `ports` are the far ends of the
connections that were open then, this one among them; empty where the machine does not tell. `id_in` names the headers
that hold the event's id.
"""

import json
import threading
from pathlib import Path

from _hookswarm.protocol.event_values import spellings
from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.receiver.request import Environ
from _hookswarm.records.writing import append_whole

MOST_LINES = 20_000
"""Of a process: what comes after that is like what came before."""
MOST_HEADERS = 64
MOST_TEXT = 512
"""Of a path, or of a header's value."""
_TABLES = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))
_OPEN = ("01", "08")
"""Established, and those that only the far end has closed."""


class EvidenceFile:
    """One process's."""

    def __init__(self, path: Path, port: int) -> None:
        """`port` is where the receiver listens. Raises OSError; FileExistsError rather than mix two writers."""
        self._lock = threading.Lock()
        self._port = port
        self._left = MOST_LINES
        self._file = path.open("xb", buffering=0)

    def append(self, environ: Environ, event: EventId | None, endpoint: int | None, at_ns: int) -> None:
        """Keep one request. Raises OSError (a full disk), and then nothing is kept of it."""
        if self._left <= 0:
            return
        own = environ.get("REMOTE_PORT", "")
        ports = [int(own)] if own.isdecimal() else open_ports(self._port)
        headers = _headers(environ)
        ids = spellings(format_event_id(event)) if event else ()
        line = {
            "at": at_ns,
            "stage": event and event.stage,
            "webhook": event and event.webhook,
            "sequence": event and event.sequence,
            "endpoint": endpoint,
            "method": environ["REQUEST_METHOD"][:MOST_TEXT],
            "path": environ.get("PATH_INFO", "")[:MOST_TEXT],
            "ports": ports,
            "id_in": [name for name, value in headers.items() if any(spelt in value for spelt in ids)],
            "headers": headers,
        }
        with self._lock:
            self._left -= 1
            append_whole(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self.close()


def open_ports(port: int) -> list[int]:
    """The far ends of the connections to a port of this machine; empty where it does not tell."""
    found: set[int] = set()
    for path in _TABLES:
        try:
            lines = path.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, near, far, state = line.split(maxsplit=4)[:4]
            if state in _OPEN and int(near.rpartition(":")[2], 16) == port:
                found.add(int(far.rpartition(":")[2], 16))
    return sorted(found)


def _headers(environ: Environ) -> dict[str, str]:
    """By names in lower case, as far as a server tells them."""
    named = {
        name.removeprefix("HTTP_").lower().replace("_", "-"): str(value)[:MOST_TEXT]
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    }
    return dict(sorted(named.items())[:MOST_HEADERS])
