"""Servers with an endpoint for each of many tenants, who all have secrets of their own: each checks its deliveries."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def secret_of(tenant: int) -> str:
    """Their secret, as Standard Webhooks spells it."""
    return "whsec_" + base64.b64encode(hashlib.sha256(b"tenant %d" % tenant).digest()).decode()


class Tenants(ThreadingHTTPServer):
    """Those of one server, at `/t/<number>`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Endpoint)
        self.accepted: Counter[int] = Counter()
        """Deliveries by tenant; and those whose signature, or own header, was another's."""
        self.refused: Counter[int] = Counter()

    def endpoint(self, tenant: int) -> str:
        """A tenant's URL."""
        return f"http://127.0.0.1:{self.server_port}/t/{tenant}"


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Tenants

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        tenant = int(self.path.rpartition("/")[2])
        try:
            Webhook(secret_of(tenant)).verify(body, dict(self.headers.items()))
            good = self.headers["X-Tenant"] == f"the {tenant}th"
        except WebhookVerificationError:
            good = False
        (self.server.accepted if good else self.server.refused)[tenant] += 1
        self.send_response(204 if good else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def tenants() -> Iterator[Tenants]:
    """A server that runs."""
    with Tenants() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
