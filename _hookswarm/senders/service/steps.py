"""Doing a service's steps: a request or a command each, what is kept of its answer, and what people are told."""

import re
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import gevent
import httpx

from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.wording import figure, one_line, with_remedy
from _hookswarm.protocol.acceptance import Acceptance
from _hookswarm.protocol.credentials import HIDDEN, masked
from _hookswarm.senders.service.advice import SLOWED_S, advice_on
from _hookswarm.senders.service.answers import found_in
from _hookswarm.senders.service.bounded import bounded_client
from _hookswarm.senders.service.filling import Values, fill, in_header, in_json, in_url, names_in
from _hookswarm.senders.service.table import Service, Step

PATIENCE_S = 30.0
"""How long one answer may take."""
IDLE_S = 2.0
"""A connection that was idle for longer is not used again: many servers end theirs after 5 s, and a request that is on
its way then gets no answer."""
AGAIN_S = 0.5
"""Between two tries of a step that has patience."""
LOOK_S = 0.1
"""How often somebody is asked who may want a wait to end."""
LEAST_WAIT_S = 0.05
DEFAULT_WAIT_S = 1.0
"""After a 429 that says nothing of when."""
SECRETIVE = re.compile(r"token|secret|key|password|biscuit|credential")
"""Names of values that nobody is shown."""
_SECRET_MEMBER = re.compile(rb'("[^"]*(?:%b)[^"]*"\s*:\s*")[^"]+"' % SECRETIVE.pattern.encode(), re.IGNORECASE)
"""Such a member of JSON, up to its value."""
SHOWN = 400
"""Bytes of an answer that are."""


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
        sleep: Callable[[float], object] = gevent.sleep,
        patience_s: float = PATIENCE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        """`tls`: whom to trust at an https address; None: whom everybody trusts."""
        self._service = service
        self._tell = tell
        self._sleep = sleep
        self._patience_s = patience_s
        self._client = bounded_client(patience_s, tls, idle_s)
        self._hidden: set[bytes] = set()
        self.stopped: Callable[[], bool] = lambda: False
        """Whether somebody wants a long wait to end."""
        self.slowed = 0
        """How often it was asked to wait."""
        self.say: Callable[[str], object] = lambda _text: None
        """Told once, when it is asked for the first time."""

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
        until = time.monotonic() + step.patience_s
        while True:
            try:
                return self._once(step, values, body)
            except StepError:
                if time.monotonic() >= until or self.stopped():
                    raise
                self._sleep(AGAIN_S)

    def _once(self, step: Step, values: Values, body: str) -> dict[str, str]:
        if step.write:
            return self._write(Path(fill(step.write, values)), body, step)
        if step.run:
            printed = self._printed(step, [fill(text, values) for text in step.run])
            return self._all_kept(step, printed, {}, lambda: self._masked(printed))
        method, url = request_line(step.request, values, self._service)
        headers = {name: fill(text, values, in_header) for name, text in step.headers.items()}
        if body and not {"content-type"} & {*map(str.lower, headers)}:
            headers["Content-Type"] = "application/json"

        def learn(answer: httpx.Response) -> object:
            return self._kept(step, answer.content, answer.headers)

        answer = self.ask(step.told, method, url, headers, body.encode(), learn)
        self.accepted(step.told, method, url, answer, step.acceptance)
        return self._all_kept(step, answer.content, answer.headers, lambda: self._shown(answer))

    def accepted(self, step: str, method: str, url: str, answer: httpx.Response, rules: Acceptance) -> None:
        """Raises StepError unless an answer is what these want, with what it lacks and the likeliest mend."""
        lacks = rules.lacks(answer.status_code, answer.content)
        if lacks:
            status, advice = answer.status_code, advice_on(self._service, answer.status_code, answer.text)
            if answer.is_redirect:
                place = self._masked(answer.headers.get("Location", "nowhere").encode())
                advice = f"it redirects to {place}, and we follow nobody: write the address of the API itself"
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

    def ask(
        self,
        step: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        learn: Callable[[httpx.Response], object] = lambda _answer: None,
    ) -> httpx.Response:
        """Send a request, again where it is to be slower; `step` is what people call it. Raises StepError.

        `learn` sees an answer before people do, to hide what is secret of it.
        """
        waited_s, least_s = 0.0, LEAST_WAIT_S
        lines = [(name.encode(), text.encode()) for name, text in headers.items()]
        while True:
            began = time.monotonic()
            try:
                answer = self._client.request(method, url, headers=lines, content=body)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                why = ": ".join(self._masked(text.encode()) for text in (f"{method} {url}", _told(error)))
                raise StepError(
                    f"{self._at(step)}: {why}: "
                    "see whether the service runs there, or name its address by the table's [addresses]"
                ) from None
            learn(answer)
            sent = self._masked(b"%b %b %b" % (method.encode(), url.encode(), body))
            self._tell(Told(step, sent, self._shown(answer), time.monotonic() - began))
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return answer
            wait_s = max(_retry_after_s(answer.headers.get("Retry-After", "")), least_s)
            least_s *= 2  # "now" was too soon
            if waited_s + wait_s > SLOWED_S:
                return answer
            self.slowed += 1
            if self.slowed == 1:
                self.say(
                    f"{self._service.name} asks us to slow down (429): waits {figure(wait_s)} s, and again when asked"
                )
            waited_s += wait_s
            left_s = wait_s
            while left_s > 0:
                if self.stopped():
                    raise StepError(f"{self._at(step)}: it was told to end while it waited {wait_s:.0f} s after a 429")
                self._sleep(min(left_s, LOOK_S))
                left_s -= LOOK_S

    def _printed(self, step: Step, command: Sequence[str]) -> bytes:
        """What a command prints. Raises StepError unless it ends with 0."""
        began = time.monotonic()
        try:
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=self._patience_s)
        except OSError as error:
            advice = "install it, or write the path of its program"
            raise StepError(f"{self._at(step.told)}: {command[0]}: {error.strerror}: {advice}") from None
        except subprocess.TimeoutExpired:
            advice = "see what it waits for"
            raise StepError(
                f"{self._at(step.told)}: {command[0]} did not end within {self._patience_s:.0f} s: {advice}"
            ) from None
        self._kept(step, ended.stdout, {})
        said = self._masked(ended.stdout or ended.stderr)
        told = self._masked(" ".join(command).encode())
        self._tell(Told(step.told, f"run {told}", said, time.monotonic() - began))
        if ended.returncode:
            said = self._masked(ended.stderr or ended.stdout) or "nothing"
            told = f"{command[0]} ended with {ended.returncode} and said {said}"
            raise StepError(f"{self._at(step.told)}: {told}: run it by hand to see why")
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
                raise StepError(f"{self._at(step.told)}: keep.{name}: {told}; write where it stands")
        return kept

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


def _told(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _retry_after_s(text: str) -> float:
    """In seconds, or as a date."""
    try:
        wait_s = float(text) if text[:1].isdecimal() else parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return DEFAULT_WAIT_S
    return wait_s
