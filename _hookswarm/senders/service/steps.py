"""Doing a service's steps: one request each, what is kept of its answer, and what people are told of both."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

import gevent
import httpx

from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import one_line, with_remedy
from _hookswarm.protocol.credentials import masked
from _hookswarm.senders.service.checking import HEADER, TEXT
from _hookswarm.senders.service.filling import Values, fill, in_json, in_url
from _hookswarm.senders.service.table import Service, Step

PATIENCE_S = 30.0
"""How long one answer may take."""
SLOWED_S = 300.0
"""How long a service may ask us to wait, all in all, before one step is done."""
AGAIN_S = 0.5
"""Between two tries of a step that has patience."""
DEFAULT_WAIT_S = 1.0
"""After a 429 that says nothing of when."""
SECRETIVE = re.compile(r"token|secret|key|password|biscuit|credential")
"""Names of values that nobody is shown."""
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
        sleep: Callable[[float], object] = gevent.sleep,
    ) -> None:
        self._service = service
        self._tell = tell
        self._sleep = sleep
        self._client = httpx.Client(trust_env=False, timeout=PATIENCE_S)
        self._hidden: set[bytes] = set()
        self.slowed = 0
        """How often it was asked to wait."""

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def hide(self, values: Values) -> None:
        """Mask those of these values that are secrets in what people are told."""
        self._hidden |= {text.encode() for name, text in values.items() if SECRETIVE.search(name) and text}

    def do(self, step: Step, values: Values, body: str | None = None) -> dict[str, str]:
        """Do one step with these values; returns what it keeps. `body` is the step's, filled. Raises StepError.

        A service that asks to slow down (429) is obeyed, and asked again.
        """
        self.hide(values)
        if body is None:
            body = fill(step.body, values, in_json)
        until = time.monotonic() + step.patience_s
        while True:
            try:
                return self._once(step, values, body)
            except StepError:
                if time.monotonic() >= until:
                    raise
                self._sleep(AGAIN_S)

    def _once(self, step: Step, values: Values, body: str) -> dict[str, str]:
        if step.write:
            return self._write(Path(fill(step.write, values)), body, step)
        if step.run:
            printed = self._printed(step, [fill(text, values) for text in step.run])
            return self._all_kept(step, printed, {}, lambda: self._masked(printed))
        method, url = request_line(step.request, values, self._service)
        headers = {name: fill(text, values) for name, text in step.headers.items()}
        if body and not {"content-type"} & {*map(str.lower, headers)}:
            headers["Content-Type"] = "application/json"
        answer = self._asked(step, method, url, headers, body)
        lacks = step.acceptance.lacks(answer.status_code, answer.content)
        if lacks:
            advice = self._advice(answer.status_code, answer.text)
            raise StepError(f"{self._at(step)}: {method} {url} answered {self._shown(answer)}: {advice}",
                            answer.status_code)  # fmt: skip
        return self._all_kept(step, answer.content, answer.headers, lambda: self._shown(answer))

    def _write(self, path: Path, body: str, step: Step) -> dict[str, str]:
        try:
            path.write_text(body)
        except OSError as error:
            raise StepError(f"{self._at(step)}: {with_remedy(error)}") from None
        self._tell(Told(step.told, f"write {path} ({len(body):,} characters)", "written", 0.0))
        return {}

    def _asked(self, step: Step, method: str, url: str, headers: Mapping[str, str], body: str) -> httpx.Response:
        waited_s = 0.0
        while True:
            began = time.monotonic()
            try:
                answer = self._client.request(method, url, headers=dict(headers), content=body.encode())
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise StepError(
                    f"{self._at(step)}: {method} {url}: {str(error) or type(error).__name__}: "
                    "see whether the service runs there, or name its address by the table's [addresses]"
                ) from None
            self._kept(step, answer.content, answer.headers)  # what is secret of it is hidden before it is told
            sent = self._masked(f"{method} {url} {body}".encode())
            self._tell(Told(step.told, sent, self._shown(answer), time.monotonic() - began))
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer
            wait_s = _retry_after_s(answer.headers.get("Retry-After", ""))
            if waited_s + wait_s > SLOWED_S:
                return answer
            self.slowed += 1
            waited_s += wait_s
            self._sleep(wait_s)

    def _printed(self, step: Step, command: Sequence[str]) -> bytes:
        """What a command prints. Raises StepError unless it ends with 0."""
        began = time.monotonic()
        try:
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S)
        except OSError as error:
            advice = "install it, or write the path of its program"
            raise StepError(f"{self._at(step)}: {command[0]}: {error.strerror}: {advice}") from None
        except subprocess.TimeoutExpired:
            advice = "see what it waits for"
            raise StepError(f"{self._at(step)}: {command[0]} did not end within {PATIENCE_S:.0f} s: {advice}") from None
        self._kept(step, ended.stdout, {})
        said = self._masked(ended.stdout or ended.stderr)
        told = self._masked(" ".join(command).encode())
        self._tell(Told(step.told, f"run {told}", said, time.monotonic() - began))
        if ended.returncode:
            said = self._masked(ended.stderr or ended.stdout) or "nothing"
            told = f"{command[0]} ended with {ended.returncode} and said {said}"
            raise StepError(f"{self._at(step)}: {told}: run it by hand to see why")
        return ended.stdout

    def _kept(self, step: Step, content: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """The values that a step keeps, as far as an answer has them."""
        found = {name: found_in(where, content, headers) for name, where in step.keep.items()}
        kept = {name: value for name, value in found.items() if value is not None}
        self.hide({f"{name} {step.keep[name]}": value for name, value in kept.items()})
        return kept

    def _all_kept(
        self, step: Step, content: bytes, headers: Mapping[str, str], shown: Callable[[], str]
    ) -> dict[str, str]:
        """All of them. Raises StepError for one that is not there."""
        kept = self._kept(step, content, headers)
        for name, where in step.keep.items():
            if name not in kept:
                told = f"the answer has no {where}: it was {shown() or 'empty'}"
                raise StepError(f"{self._at(step)}: keep.{name}: {told}; write where it stands")
        return kept

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

    def _at(self, step: Step) -> str:
        return f"{self._service.name}: {self._masked(step.told.encode())}"

    def _shown(self, answer: httpx.Response) -> str:
        return f"{answer.status_code} {self._masked(answer.content[: 8 * SHOWN])[:SHOWN]}".strip()

    def _masked(self, text: bytes) -> str:
        return one_line(masked(text, sorted(self._hidden, key=len, reverse=True)), SHOWN)


def request_line(request: str, values: Values, service: Service) -> tuple[str, str]:
    """Method and URL: addresses as they are, all other values percent-encoded."""
    method, url = request.split(" ", 1)

    def spelt(name: str, value: str) -> str:
        return value if name in service.addresses else in_url(value)

    return method, fill(url, {name: spelt(name, value) for name, value in values.items()})


def found_in(where: str, content: bytes, headers: Mapping[str, str]) -> str | None:
    """What an answer holds there: `header NAME`, `text PATTERN`, or a path in its JSON; None: it is not there."""
    if where.startswith(HEADER):
        return headers.get(where.removeprefix(HEADER).strip())
    if where.startswith(TEXT):
        match = re.search(where.removeprefix(TEXT), content.decode("utf-8", "replace"))
        return match[1] if match else None
    try:
        value = found_at(where, json.loads(content))
    except (ValueError, RecursionError):
        return None
    return None if value is None else str(value)


def found_at(path: str, value: Any) -> Any:
    """What stands at `data.secrets[0].value` in JSON; None where nothing does, or no text or number."""
    for part in _PATH.findall(path):
        if part.startswith("["):
            place = int(part[1:-1])
            value = value[place] if isinstance(value, list) and place < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _retry_after_s(text: str) -> float:
    """In seconds, or as a date."""
    try:
        wait_s = float(text) if text[:1].isdecimal() else parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return DEFAULT_WAIT_S
    return max(wait_s, 0.05)
