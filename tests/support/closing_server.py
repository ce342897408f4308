"""`python -m tests.support.closing_server PORT`: answers 204 and closes at once, unannounced (keep-alive 0)."""

import selectors
import socket
import sys

from tests.support.servers import NO_CONTENT


def serve(port: int) -> None:
    """In one thread: nothing comes between an answer and the end of its connection."""
    watched = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    watched.register(listener, selectors.EVENT_READ, b"")
    while True:
        for key, _ in watched.select():
            if key.fileobj is listener:
                watched.register(listener.accept()[0], selectors.EVENT_READ, b"")
                continue
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                data = connection.recv(1 << 16)
                request = key.data + data
                head, found, body = request.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                if data and not (found and len(body) >= length):
                    watched.modify(connection, selectors.EVENT_READ, request)
                    continue
                if data:
                    connection.sendall(NO_CONTENT)
            except OSError:
                pass  # the client is gone
            watched.unregister(connection)
            connection.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
