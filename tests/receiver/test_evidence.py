"""What a receiver keeps of a service's requests beside their bodies, and the answers that only such stages ask for."""

import json
import socket
import time
from pathlib import Path
from typing import Any

import httpx

from _hookswarm.protocol.faults import FaultOrder, Faults, WebhookFaults
from _hookswarm.protocol.identity import NO_RUN, format_event_id
from _hookswarm.protocol.marks import mark, mark_after_id
from _hookswarm.protocol.served import REDIRECTED, Served, endpoint_path
from _hookswarm.receiver.evidence import MOST_TEXT, EvidenceFile, open_ports
from _hookswarm.records.rows import Flag
from tests.support.receivers import EVENT
from tests.support.rig import Rig, StillTime, environ, rig
from tests.support.signed import STANDARD

ID = format_event_id(EVENT)


def served(folder: Path, evidence: bool = True, clock: StillTime | None = None) -> Rig:
    app = rig(folder, evidence=evidence, clock=clock)
    app.state.serve(Served(provider=STANDARD))
    return app


def deliver(app: Rig, headers: dict[str, str] | None = None) -> httpx.Response:
    body = mark(ID, mark_after_id(b'{"a": 1}'))
    return app.client.post(endpoint_path(3), content=body, headers=headers)


def kept(app: Rig) -> list[dict[str, Any]]:
    (path,) = (app.results / NO_RUN).glob("evidence-*.ndjson")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_each_request_is_a_line(tmp_path: Path) -> None:
    """Its event, endpoint, method, path and headers, and which of these hold the event's id."""
    app = served(tmp_path)
    before = time.time_ns()
    assert deliver(app, {"X-Id": f"evt_{ID.decode()}", "X-Other": "y" * 999}).status_code == 204
    (line,) = kept(app)
    assert before - 1_000_000 < line["at"] < time.time_ns() + 1_000_000
    assert [line[name] for name in ("run", "stage", "webhook", "sequence", "endpoint")] == [EVENT.run, 2, 3, 4, 3]
    assert (line["method"], line["path"], line["id_in"]) == ("POST", endpoint_path(3), ["x-id"])
    assert line["headers"]["x-id"] == f"evt_{ID.decode()}"
    assert line["headers"]["x-other"] == "y" * MOST_TEXT
    assert "content-length" in line["headers"]


def test_a_request_without_an_event_is_a_line_too(tmp_path: Path) -> None:
    """What follows a redirect may have neither body nor id."""
    app = served(tmp_path)
    assert app.client.get(REDIRECTED + endpoint_path(3)).status_code == 204
    (line,) = kept(app)
    assert (line["method"], line["sequence"], line["endpoint"]) == ("GET", None, 3)
    (row,) = app.rows()
    assert row["flags"] & Flag.REDIRECTED
    assert row["flags"] & Flag.BODILESS


def test_nothing_is_kept_unless_a_stage_asks_for_it(tmp_path: Path) -> None:
    """Nor of what is not a service's."""
    assert deliver(served(tmp_path / "plain", evidence=False)).status_code == 204
    assert not list((tmp_path / "plain").rglob("evidence-*"))
    app = rig(tmp_path / "hooks", evidence=True)
    assert app.post().status_code == 204
    assert kept(app) == []


def test_the_connection_is_told_by_its_far_end(tmp_path: Path) -> None:
    """By the server if it knows, else by those that are open to the port."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        server.accept()[0] as taken,
    ):
        port, far = server.getsockname()[1], client.getsockname()[1]
        assert open_ports(port) == [far]
        file = EvidenceFile(tmp_path / "evidence.ndjson", port)
        for more in ({"REMOTE_PORT": "77"}, {}):
            file.append(environ({}, b"", {"PATH_INFO": "/", **more}), None, None, 1)
        file.close()
        assert taken.getpeername() == client.getsockname()  # it is still open
    lines = [json.loads(line) for line in (tmp_path / "evidence.ndjson").read_text().splitlines()]
    assert [line["ports"] for line in lines] == [[77], [far]]


def test_those_that_are_taken_may_be_answered_otherwise(tmp_path: Path) -> None:
    """Any 2xx is one that was taken, and no fault; a webhook of ours gets it, too."""
    app = served(tmp_path)
    app.state.set_faults(FaultOrder(webhooks=(WebhookFaults(3, 1, Faults(answer=299)),)))
    assert deliver(app).status_code == 299
    assert app.post().status_code == 299
    app.books.keep()
    assert [(int(row["status"]), bool(row["flags"] & Flag.FAULT)) for row in app.rows()] == [(299, False)] * 2
    assert app.state.counts().arrivals == 2
    assert not app.state.counts().faults


def test_the_first_attempts_may_get_no_answer(tmp_path: Path) -> None:
    """Then 503, should somebody still wait; the next attempt is taken."""
    clock = StillTime()
    app = served(tmp_path, clock=clock)
    app.state.set_faults(FaultOrder(Faults(fail_first=1, fail_status=0, hang_s=8)))
    assert [deliver(app).status_code for _ in range(2)] == [503, 204]
    assert clock.slept == [8]
    assert [int(row["status"]) for row in app.rows()] == [0, 204]
