"""Whether an attempt failed for what this machine lacks: that says nothing of the target."""

import errno
import socket
import ssl

from gevent import monkey

from _hookswarm.records.shortage import SHORTAGES
from _hookswarm.senders.transport.connection import Address


def lacking(error: BaseException) -> int:
    """The system's number of the shortage that an error tells of; 0: of none."""
    if isinstance(error, socket.gaierror):  # its numbers are of its own
        return errno.ENOMEM if error.errno == socket.EAI_MEMORY else 0
    if not isinstance(error, OSError) or isinstance(error, ssl.SSLError):
        return 0
    return error.errno if error.errno in SHORTAGES else 0


def lacking_for(error: OSError, address: Address) -> int:
    """The same of a connection to an address: a host without IPv6 does not lack ports, it has no way there."""
    number = lacking(error)
    return 0 if number == errno.EADDRNOTAVAIL and not _has_source(address) else number


def lacking_now() -> int:
    """The number of what keeps this process from making a socket. Who asks for a name is told otherwise."""
    try:
        _plain_socket()(socket.AF_INET, socket.SOCK_STREAM).close()
    except OSError as error:
        return lacking(error)
    return 0


def _has_source(address: Address) -> bool:
    """Whether an address of ours leads there. Datagrams have ports of their own, so those can't be what is lacking."""
    try:
        with _plain_socket()(address[0], socket.SOCK_DGRAM) as probe:
            probe.connect(address[4])
    except OSError as error:
        return error.errno != errno.EADDRNOTAVAIL
    return True


def _plain_socket() -> type[socket.socket]:
    plain: type[socket.socket] = monkey.get_original("socket", "socket")
    return plain
