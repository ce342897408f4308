"""The control API: a small WSGI app on the supervisor's own port, guarded by a token.

| call          | does                                                              |
|---------------|-------------------------------------------------------------------|
| GET  /health  | is the data plane serving, with how many processes?                |
| GET  /clock   | the receiver's clock, Unix nanoseconds                            |
| GET  /stats   | arrivals of the current run, refusals, faults played, processes   |
| GET  /faults  | the faults in force                                               |
| POST /reset   | `{"run": "<id>"}`: journals of that run from now on, and no faults |
| POST /faults  | a `FaultOrder`: play these from now on, in the run that is on      |
| GET  /outage  | when the last outage began and ended                              |
| POST /outage  | an `Outage`: end or stop the data plane for a while               |
| POST /rest    | nothing is being sent: give back the memory that is free           |
| POST /setup   | a `Setup`: serve so from now on; what is null, or left out, as started |
"""

import hmac
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from protocol.errors import ConfigError
from protocol.faults import FaultOrder, dump_order, parse_order
from protocol.outage import Outage, OutageSeen, parse_outage
from protocol.regions import describe
from protocol.setup import Setup
from receiver.faults import CannotPlay
from records.clock import Clock

CALLS = ("/health", "/clock", "/stats", "/faults", "/reset", "/rest", "/setup", "/outage")
MAX_BODY = 1 << 16


class ResetRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    run: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class CannotScale(Exception):
    """A number of processes that is right in itself, but beyond the server; the text says why."""


class Controlled(Protocol):
    """What the control API steers: the supervisor."""

    def health(self) -> dict[str, Any]: ...
    def stats(self) -> dict[str, Any]: ...
    def reset(self, run: str) -> None: ...
    def faults(self) -> FaultOrder: ...
    def set_faults(self, order: FaultOrder) -> None: ...
    def rest(self) -> None: ...
    def set_up(self, setup: Setup) -> None: ...
    def outage(self) -> OutageSeen: ...
    def set_outage(self, outage: Outage) -> None: ...


class ControlApp:
    """WSGI callable; every answer is JSON."""

    def __init__(self, supervisor: Controlled, token: str, clock: Clock) -> None:
        self._supervisor = supervisor
        self._expected = f"Bearer {token}".encode()
        self._clock = clock

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, answer = self._dispatch(environ)
        body = json.dumps(answer).encode() + b"\n"
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _dispatch(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        given = environ.get("HTTP_AUTHORIZATION", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._expected):
            return HTTPStatus.UNAUTHORIZED, {"error": "the control token is missing or wrong"}
        match environ["REQUEST_METHOD"], environ.get("PATH_INFO"):
            case "GET", "/health":
                return HTTPStatus.OK, self._supervisor.health()
            case "GET", "/clock":
                return HTTPStatus.OK, {"now_ns": self._clock.now()}
            case "GET", "/stats":
                return HTTPStatus.OK, self._supervisor.stats()
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
            case _, path if path in CALLS:
                return HTTPStatus.METHOD_NOT_ALLOWED, {"error": "wrong method"}
        return HTTPStatus.NOT_FOUND, {"error": f"no such call; there are {', '.join(CALLS)}"}

    def _reset(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            request = ResetRequest.model_validate_json(environ["wsgi.input"].read(MAX_BODY))
        except ValidationError as error:
            return HTTPStatus.BAD_REQUEST, {"error": "; ".join(describe(error))}
        self._supervisor.reset(request.run)
        return HTTPStatus.OK, {"run": request.run}

    def _set_up(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any]]:
        try:
            setup = Setup.model_validate_json(environ["wsgi.input"].read(MAX_BODY))
            self._supervisor.set_up(setup)
        except ValidationError as error:
            return HTTPStatus.BAD_REQUEST, {"error": "; ".join(describe(error))}
        except CannotScale as error:
            return HTTPStatus.CONFLICT, {"error": str(error)}
        return HTTPStatus.OK, setup.model_dump(mode="json")

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
        except CannotPlay as error:
            return HTTPStatus.CONFLICT, {"error": str(error)}
        return HTTPStatus.OK, self._faults()
