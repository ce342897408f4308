"""What a service's deliveries look like beside their bodies: a line of JSON for each, for the analysis of its manners.

    {"at", "stage", "webhook", "sequence", "endpoint", "method", "path", "ports", "id_in", "headers"}

`at` is when it was received (ns); the event is null where none of ours is in it. `ports` are the far ends of the
connections that the process had open then, this one among them; empty where the machine does not tell. `id_in` names
the headers that hold the event's id.
"""

import json
import os
import socket
import stat
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
_DESCRIPTORS = Path("/proc/self/fd")


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
            "run": event and event.run,
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
    """The far ends of this process's connections to a port of its own; empty where the machine does not tell.

    Asked of each socket: the kernel's table of all connections takes 10 ms to read, and would make the next one late.
    """
    try:
        descriptors = [int(path.name) for path in _DESCRIPTORS.iterdir()]
    except OSError:
        return []
    found = (_far_end(descriptor, port) for descriptor in descriptors)
    return sorted({far for far in found if far is not None})


def _far_end(descriptor: int, port: int) -> int | None:
    """None if it is no connection to that port, or was closed meanwhile."""
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return None
        one = socket.socket(fileno=descriptor)
    except OSError:
        return None
    try:
        return int(one.getpeername()[1]) if one.getsockname()[1] == port else None
    except (OSError, IndexError):  # a listening socket, or one without ports
        return None
    finally:
        one.detach()  # it is the server's


def _headers(environ: Environ) -> dict[str, str]:
    """By names in lower case, as far as a server tells them."""
    named = {
        name.removeprefix("HTTP_").lower().replace("_", "-"): str(value)[:MOST_TEXT]
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    }
    return dict(sorted(named.items())[:MOST_HEADERS])
