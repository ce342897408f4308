"""Doing a service's steps: one request each, what is kept of its answer, and what people are told of both."""

import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import gevent
import httpx

from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import one_line, with_remedy
from _hookswarm.protocol.acceptance import Acceptance
from _hookswarm.protocol.credentials import HIDDEN, masked
from _hookswarm.senders.service.filling import Values, fill, in_json, in_url, names_in
from _hookswarm.senders.service.table import Service, Step

PATIENCE_S = 30.0
"""How long one answer may take."""
SLOWED_S = 300.0
"""How long a service may ask us to wait, all in all, before one step is done."""
DEFAULT_WAIT_S = 1.0
"""After a 429 that says nothing of when."""
SECRETIVE = re.compile(r"token|secret|key|password|biscuit|credential")
"""Names of values that nobody is shown."""
_SECRET_MEMBER = re.compile(rb'("[^"]*(?:%b)[^"]*"\s*:\s*")[^"]+"' % SECRETIVE.pattern.encode(), re.IGNORECASE)
"""Such a member of JSON, up to its value."""
SHOWN = 400
"""Bytes of an answer that are."""

_PATH = re.compile(r"[^.\[\]]+|\[\d+\]")


class StepError(HookswarmError):
    """A step that the service did not take; the text says which, what it answered, and what to do."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Told(NamedTuple):
    """One request and its answer, for people: secrets are masked."""

    step: str
    request: str
    answer: str
    seconds: float


class Steps:
    """Does the steps of one service. Several greenlets may share it."""

    def __init__(
        self,
        service: Service,
        tell: Callable[[Told], object] = lambda _told: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`tls`: whom to trust at an https address; None: whom everybody trusts."""
        self._service = service
        self._tell = tell
        self._client = httpx.Client(trust_env=False, timeout=PATIENCE_S, verify=tls or True)
        self._hidden: set[bytes] = set()
        self.stopped: Callable[[], bool] = lambda: False
        """Whether somebody wants a long wait to end."""
        self.slowed = 0
        """How often it was asked to wait."""

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def hide(self, values: Values) -> None:
        """Mask those of these values that are secrets in what people are told."""
        self._hidden |= {*hidden_values(self._service, values)}

    def do(self, step: Step, values: Values, body: str | None = None) -> dict[str, str]:
        """Do one step with these values; returns what it keeps. `body` is the step's, filled. Raises StepError.

        A service that asks to slow down (429) is obeyed, and asked again.
        """
        self.hide(values)
        if body is None:
            body = fill(step.body, values, in_json)
        if step.write:
            return self._write(Path(fill(step.write, values)), body, step)
        method, url = request_line(step.request, values, self._service)
        headers = {name: fill(text, values) for name, text in step.headers.items()}
        if body and not {"content-type"} & {*map(str.lower, headers)}:
            headers["Content-Type"] = "application/json"
        answer = self.ask(step.told, method, url, headers, body.encode())
        self.accepted(step.told, method, url, answer, step.acceptance)
        kept = {name: self._kept(step, name, path, answer) for name, path in step.keep.items()}
        self.hide(kept)
        return kept

    def accepted(self, step: str, method: str, url: str, answer: httpx.Response, rules: Acceptance) -> None:
        """Raises StepError unless an answer is what these want, with what it lacks and the likeliest mend."""
        lacks = rules.lacks(answer.status_code, answer.content)
        if lacks:
            status, advice = answer.status_code, self._advice(answer.status_code, answer.text)
            why = "" if lacks == f"status {status}" else f" ({self._masked(lacks.encode())})"
            line = self._masked(f"{method} {url}".encode())
            raise StepError(f"{self._at(step)}: {line} answered {self._shown(answer)}{why}: {advice}", status)

    def _write(self, path: Path, body: str, step: Step) -> dict[str, str]:
        try:
            path.write_text(body)
        except OSError as error:
            raise StepError(f"{self._at(step.told)}: {with_remedy(error)}") from None
        self._tell(Told(step.told, f"write {path} ({len(body):,} characters)", "written", 0.0))
        return {}

    def ask(self, step: str, method: str, url: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        """Send a request, again where it is to be slower; `step` is what people call it. Raises StepError."""
        waited_s = 0.0
        while True:
            began = time.monotonic()
            try:
                answer = self._client.request(method, url, headers=dict(headers), content=body)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise StepError(
                    f"{self._at(step)}: {self._masked(f'{method} {url}'.encode())}: {_told(error)}: "
                    "see whether the service runs there, or name its address by the table's [addresses]"
                ) from None
            sent = self._masked(b"%b %b %b" % (method.encode(), url.encode(), body))
            self._tell(Told(step, sent, self._shown(answer), time.monotonic() - began))
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer
            wait_s = _retry_after_s(answer.headers.get("Retry-After", ""))
            if waited_s + wait_s > SLOWED_S:
                return answer
            self.slowed += 1
            waited_s += wait_s
            until = time.monotonic() + wait_s
            while (left_s := until - time.monotonic()) > 0:
                if self.stopped():
                    raise StepError(f"{self._at(step)}: it was told to end while it waited {wait_s:.0f} s after a 429")
                gevent.sleep(min(left_s, 0.1))

    def _kept(self, step: Step, name: str, path: str, answer: httpx.Response) -> str:
        """A value of an answer. Raises StepError where it is not there."""
        if path.startswith("header "):
            found = answer.headers.get(path[7:].strip())
        else:
            try:
                found = found_at(path, json.loads(answer.content))
            except (ValueError, RecursionError):
                found = None
        if found is None:
            raise StepError(
                f"{self._at(step.told)}: keep.{name}: the answer has no {path}: it was {self._shown(answer)}; "
                "write the path that it has"
            )
        return str(found)

    def _advice(self, status: int, text: str) -> str:
        lowered = text.lower()
        if any(word in lowered for word in ("loopback", "private", "127.0.0.1", "internal address", "denied")) and (
            self._service.loopback
        ):
            return f"it may refuse loopback addresses: {self._service.loopback}"
        match status:
            case 401 | 403:
                return "see whether the table's token is right, and still good"
            case 404:
                return "see whether the table's address and path are those of your version"
            case 429:
                return f"it asks us to slow down for more than {SLOWED_S:.0f} s: raise its rate limit for the test"
            case _ if status >= 500:
                return "see what the service logged"
        return "compare the step with the service's API"

    def _at(self, step: str) -> str:
        return f"{self._service.name}: {self._masked(step.encode())}"

    def _shown(self, answer: httpx.Response) -> str:
        text = _SECRET_MEMBER.sub(rb"\1" + HIDDEN + b'"', answer.content[: 8 * SHOWN])
        return f"{answer.status_code} {self._masked(text)}".strip()

    def _masked(self, text: bytes) -> str:
        line = one_line(masked(text, sorted(self._hidden, key=len, reverse=True)), SHOWN + 1)
        return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def hidden_values(service: Service, values: Values) -> list[bytes]:
    """Those of these values that are secrets: by their names, or because the environment has them; no files' names."""
    files = {name for step in (*service.setup, *service.teardown) for name in names_in(step.write)}
    given = {name for name, text in service.values.items() if "${" in text} - files
    return [text.encode() for name, text in values.items() if text and (SECRETIVE.search(name) or name in given)]


def request_line(request: str, values: Values, service: Service) -> tuple[str, str]:
    """Method and URL: addresses as they are, all other values percent-encoded."""
    method, url = request.split(" ", 1)

    def spelt(name: str, value: str) -> str:
        return value if name in service.addresses else in_url(value)

    return method, fill(url, {name: spelt(name, value) for name, value in values.items()})


def found_at(path: str, value: Any) -> Any:
    """What stands at `data.secrets[0].value` in JSON; None where nothing does, or no text or number."""
    for part in _PATH.findall(path):
        if part.startswith("["):
            place = int(part[1:-1])
            value = value[place] if isinstance(value, list) and place < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _retry_after_s(text: str) -> float:
    try:
        return min(max(float(text), 0.05), SLOWED_S)
    except ValueError:
        return DEFAULT_WAIT_S
