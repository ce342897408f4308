"""A client that costs next to nothing, so that the receiver is the limit: it repeats one signed request."""

import select
import socket
import sys
import time
from urllib.parse import urlsplit

from _hookswarm.protocol.credentials import signing_secrets
from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.signing import Signer

CONNECTIONS = 32
BODY = b"x" * 900
WARM_UP_S = 1.5
WINDOW_S = 5.0


def _request(host: str) -> bytes:
    provider = load_provider()
    signer = Signer(provider, [secret.key for secret in signing_secrets(provider)])
    headers, body = signer.dress(format_event_id(EventId(0, 0, 0, 0)), time.time(), BODY, b"1-0-0-0")
    opening = b"POST /hooks HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\n" % host.encode()
    return opening + headers + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def blast(url: str) -> float:
    """204s per second over the window; raises AssertionError at any other answer."""
    parts = urlsplit(url)
    message = _request(parts.netloc)
    poll = select.epoll()
    connections = {}
    for _ in range(CONNECTIONS):
        connection = socket.create_connection((parts.hostname or "", parts.port or 80))
        connections[connection.fileno()] = connection
        poll.register(connection, select.EPOLLIN)
        connection.sendall(message)
    begin = time.monotonic() + WARM_UP_S
    answered = 0
    while (now := time.monotonic()) < begin + WINDOW_S:
        for number, _ in poll.poll(1):
            connection = connections[number]
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 204"), answer[:200]
            connection.send(message)
            answered += now >= begin
    return answered / WINDOW_S


if __name__ == "__main__":
    print(f"rate={blast(sys.argv[1]):.1f}")
