"""The control API: a small WSGI app on the supervisor's own port, guarded by a token.

| call          | does                                                              |
|---------------|-------------------------------------------------------------------|
| GET  /health  | is the data plane serving, with how many processes?                |
| GET  /clock   | a `ClockTold`: the receiver's clock, and whose it is               |
| GET  /stats   | arrivals of the current run, refusals, faults played, processes   |
| GET  /faults  | the faults in force                                               |
| GET  /metrics | for Prometheus, which sends the token as a bearer token           |
| GET  /runs/R  | files that this receiver wrote of run R; /runs/R/NAME: one of them |
| POST /reset   | `{"run": "<id>"}`: journals of that run from now on, and no faults |
| POST /faults  | a `FaultOrder`: play these from now on, in the run that is on      |
| GET  /outage  | when the last outage began and ended                              |
| POST /outage  | an `Outage`: end or stop the data plane for a while               |
| POST /rest    | nothing is being sent: give back the memory that is free           |
| POST /setup   | a `Setup`: serve so from now on; what is null, or left out, as started |
| POST /served  | a `Served`: take a delivery service's deliveries, in the run that is on |
| GET  /caught  | each `Caught` since then: what it delivered ahead of the load       |
"""

import hmac
import json
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.plain import faults_of
from _hookswarm.protocol.clock import ClockTold
from _hookswarm.protocol.exposition import exposition
from _hookswarm.protocol.faults import FaultOrder, dump_order, parse_order
from _hookswarm.protocol.outage import Outage, OutageSeen, parse_outage
from _hookswarm.protocol.served import Caught, Served, caught_json
from _hookswarm.protocol.setup import Setup
from _hookswarm.protocol.version import PROTOCOL
from _hookswarm.receiver import metrics
from _hookswarm.receiver.faults import PlayError
from _hookswarm.receiver.metrics import ReceiverSnapshot
from _hookswarm.records.clock import Clock, boot_id

CALLS = (
    "/health",
    "/clock",
    "/stats",
    "/metrics",
    "/runs/RUN",
    "/faults",
    "/reset",
    "/rest",
    "/setup",
    "/outage",
    "/served",
    "/caught",
)
MAX_BODY = 1 << 16
MAX_SERVED = 1 << 26
"""Of secrets: a hundred thousand endpoints have some each."""


class _ResetRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    run: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class Content(NamedTuple):
    """An answer that is no JSON."""

    kind: str
    length: int
    body: Iterable[bytes]


def _json(answer: dict[str, Any]) -> Content:
    body = json.dumps(answer).encode() + b"\n"
    return Content("application/json", len(body), [body])


class ScaleError(HookswarmError):
    """A number of processes that is right in itself, but beyond the server; the text says why."""


class Controlled(Protocol):
    """What the control API steers: the supervisor, whose methods say more."""

    def health(self) -> dict[str, Any]: ...
    def stats(self) -> dict[str, Any]: ...
    def reset(self, run: str) -> None: ...
    def faults(self) -> FaultOrder: ...
    def set_faults(self, order: FaultOrder) -> None: ...
    def rest(self) -> None: ...
    def set_up(self, setup: Setup) -> None: ...
    def serve_service(self, served: Served) -> None: ...
    def caught(self) -> list[Caught]: ...
    def outage(self) -> OutageSeen: ...
    def metrics(self, now_ns: int) -> ReceiverSnapshot: ...
    def files(self, run: str) -> list[tuple[str, int]]: ...
    def read(self, run: str, name: str) -> Iterable[bytes]: ...
    def set_outage(self, outage: Outage) -> None: ...


class ControlApp:
    """WSGI callable; every answer is JSON."""

    def __init__(self, supervisor: Controlled, token: str, clock: Clock) -> None:
        self._supervisor = supervisor
        self._expected = f"Bearer {token}".encode()
        self._clock = clock

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, answer = self._dispatch(environ)
        kind, length, body = answer if isinstance(answer, Content) else _json(answer)
        headers = [("Content-Type", kind), ("Content-Length", str(length))]
        start_response(f"{status.value} {status.phrase}", headers)
        return body

    def _dispatch(self, environ: dict[str, Any]) -> tuple[HTTPStatus, "dict[str, Any] | Content"]:
        given = environ.get("HTTP_AUTHORIZATION", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._expected):
            return HTTPStatus.UNAUTHORIZED, {"error": "the control token is missing or wrong"}
        if environ["REQUEST_METHOD"] == "GET" and (path := environ.get("PATH_INFO", "")).startswith("/runs/"):
            return self._runs(path.removeprefix("/runs/"))
        match environ["REQUEST_METHOD"], environ.get("PATH_INFO"):
            case "GET", "/health":
                return HTTPStatus.OK, self._supervisor.health()
            case "GET", "/clock":
                return HTTPStatus.OK, self._told()
            case "GET", "/stats":
                return HTTPStatus.OK, self._supervisor.stats()
            case "GET", "/metrics":
                text, kind = exposition(metrics.receiver_metrics(self._supervisor.metrics(self._clock.now())))
                return HTTPStatus.OK, Content(kind, len(text), [text])
            case "GET", "/faults":
                return HTTPStatus.OK, self._faults()
            case "POST", "/reset":
                return self._reset(environ)
            case "POST", "/faults":
                return self._set_faults(environ)
            case "POST", "/rest":
                self._supervisor.rest()
                return HTTPStatus.OK, {}
            case "GET", "/outage":
                return HTTPStatus.OK, asdict(self._supervisor.outage())
            case "POST", "/outage":
                return self._set_outage(environ)
            case "POST", "/setup":
                return self._set_up(environ)
            case "POST", "/served":
                return self._serve_service(environ)
            case "GET", "/caught":
                return HTTPStatus.OK, caught_json(self._supervisor.caught())
            case _, path if path in CALLS:
                return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "wrong method"}
        return HTTPStatus.NOT_FOUND, {"error": f"no such call; there are {', '.join(CALLS)}"}

    def _runs(self, wanted: str) -> tuple[HTTPStatus, "dict[str, Any] | Content"]:
        run, _, name = wanted.partition("/")
        files = dict(self._supervisor.files(run))
        if not name:
            return HTTPStatus.OK, {"files": [{"name": name, "size": size} for name, size in files.items()]}
        if name not in files:
            return HTTPStatus.NOT_FOUND, {"error": "no such file of this run here"}
        return HTTPStatus.OK, Content("application/octet-stream", files[name], self._supervisor.read(run, name))

    def _told(self) -> dict[str, Any]:
        now_ns, clock = self._clock.now(), self._clock
        return ClockTold(
            now_ns=now_ns,
            anchor_ns=clock.anchor_ns,
            boot=boot_id(),
            host=socket.gethostname(),
            protocol=PROTOCOL,
            pid=os.getpid(),
        ).model_dump()

    def _reset(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            request = _ResetRequest.model_validate_json(environ["wsgi.input"].read(MAX_BODY))
        except ValidationError as error:
            return HTTPStatus.BAD_REQUEST, {"error": "; ".join(faults_of(error))}
        self._supervisor.reset(request.run)
        return HTTPStatus.OK, {"run": request.run}

    def _set_up(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            setup = Setup.model_validate_json(environ["wsgi.input"].read(MAX_BODY))
            self._supervisor.set_up(setup)
        except ValidationError as error:
            return HTTPStatus.BAD_REQUEST, {"error": "; ".join(faults_of(error))}
        except ScaleError as error:
            return HTTPStatus.CONFLICT, {"error": str(error)}
        return HTTPStatus.OK, setup.model_dump(mode="json")

    def _serve_service(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            served = Served.model_validate_json(environ["wsgi.input"].read(MAX_SERVED))
            self._supervisor.serve_service(served)
        except ValidationError as error:
            return HTTPStatus.BAD_REQUEST, {"error": "; ".join(faults_of(error))}
        except ConfigError as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        return HTTPStatus.OK, {}

    def _set_outage(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            self._supervisor.set_outage(parse_outage(environ["wsgi.input"].read(MAX_BODY)))
        except ConfigError as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        return HTTPStatus.OK, {}

    def _faults(self) -> dict[str, Any]:
        order: dict[str, Any] = json.loads(dump_order(self._supervisor.faults()))
        return order

    def _set_faults(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            self._supervisor.set_faults(parse_order(environ["wsgi.input"].read(MAX_BODY)))
        except ConfigError as error:
            return HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except PlayError as error:
            return HTTPStatus.CONFLICT, {"error": str(error)}
        return HTTPStatus.OK, self._faults()
