"""Ports that receivers listen on: of the moment, or the same in every run."""

import socket
from collections.abc import Collection
from pathlib import Path
from random import SystemRandom

LOOPBACK = "127.0.0.1"
FIRST, LAST = 20_000, 32_767
"""Among these lasting ones are looked for, below those that the system gives to connections."""
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether nobody listens on a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError:
        return False
    return True


def lasting_ports(count: int, host: str = LOOPBACK, promised: Collection[int] = ()) -> list[int]:
    """Ports that nobody listens on, and that no connection is given by chance before they are wanted again."""
    first, last = _lasting()
    candidates = SystemRandom().sample(range(first, last), min(last - first, 1_000))
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            break
        if port not in promised and is_free(port, host):
            found.append(port)
    return found


def _lasting() -> tuple[int, int]:
    """Where the system gives none away, as far as it says so."""
    try:
        begin = int(RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        begin = LAST
    last = min(begin, LAST)
    return (FIRST, last) if last > FIRST + 1_000 else (1_024, max(last, 3_000))
