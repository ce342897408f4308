"""What we add to Locust's web UI: /metrics for Prometheus."""

from flask import Response
from locust.web import WebUI

from senders.master import Master
from senders.metrics import exposition


def serve(web_ui: WebUI, master: Master) -> None:
    """Add our routes to the master's web port."""

    def metrics() -> Response:
        text, kind = exposition(master.snapshot)
        return Response(text, content_type=kind)

    assert web_ui.app
    web_ui.app.add_url_rule("/metrics", view_func=metrics)
