"""What a sender's machine may lack for an attempt, by the system's error number: its own shortage, not the target's."""

import errno
from typing import NamedTuple


class Shortage(NamedTuple):
    """A cause, and how it is told."""

    name: str
    """Of the resource, as a bottleneck."""
    says: str
    try_next: str


PORTS = Shortage(
    "local ports",
    "no local port was free",
    "keep connections open between deliveries, or give more ports (sysctl net.ipv4.ip_local_port_range)",
)
DESCRIPTORS = Shortage(
    "file descriptors",
    "no file descriptor was free",
    "raise the senders' limit (ulimit -n; of the whole machine sysctl fs.file-max), or send with fewer users",
)
MEMORY = Shortage(
    "memory",
    "the system had no memory for a connection",
    "give the senders more memory (of sockets: sysctl net.ipv4.tcp_mem), or send with fewer users",
)

SHORTAGES: dict[int, Shortage] = {
    errno.EADDRNOTAVAIL: PORTS,
    errno.EADDRINUSE: PORTS,
    errno.EAGAIN: PORTS,  # of a connect
    errno.EMFILE: DESCRIPTORS,
    errno.ENFILE: DESCRIPTORS,
    errno.ENOBUFS: MEMORY,
    errno.ENOMEM: MEMORY,
}
"""An attempt that ended in `Outcome.LOCAL_SHORTAGE` has the number in its row's `status`."""


def shortage_of(number: int) -> Shortage:
    """The cause behind a number; one that is unknown here, another system's say, is told by itself."""
    return SHORTAGES.get(number) or Shortage(
        "sender's system", f"the sender's system refused (error {number})", "look the number up in the system's errno.h"
    )
