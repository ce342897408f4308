"""The observer: what a user names to be asked how many effects the deliveries had (`--observe URL|COMMAND`).

It answers with a number, or with JSON in which a path leads to one: names and places in lists, joined by dots, after
`#`: `http://…/stats#orders.0.count`, or as a command's last word: `./stats --json #orders.0.count`.
"""

import json
import math
import shlex
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from typing import Any

import httpx

from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import without_number
from _hookswarm.protocol.regions import check_url
from _hookswarm.senders.service.bounded import bounded_client

LIMIT_S = 10.0
"""How long it may take to answer."""
SHOWN = 60
"""Characters of an answer that are told."""


class ObserverError(HookswarmError):
    """It did not say a number; the text says what it did, and what to look at."""


@dataclass(frozen=True)
class Observer:
    """Asks a URL (GET), or runs a command, without a shell."""

    url: str
    command: tuple[str, ...]
    """Empty: it is a URL."""
    path: str
    """Empty: the answer is the number."""
    tls: ssl.SSLContext | None = None

    def ask(self) -> float:
        """How many effects there are now. Raises ObserverError."""
        try:
            return effects_in(self._run() if self.command else self._get(), self.path)
        except ObserverError as error:
            raise ObserverError(f"--observe {self.command[0] if self.command else self.url}: {error}") from None

    def faults(self) -> list[str]:
        """Why it cannot be asked, if it cannot: for a look before anything is sent."""
        try:
            self.ask()
        except ObserverError as error:
            return [str(error)]
        return []

    def _get(self) -> str:
        try:
            with bounded_client(LIMIT_S, self.tls) as client:
                answer = client.get(self.url)
        except httpx.HTTPError as error:
            raise ObserverError(
                f"no answer ({_short(without_number(error)) or 'none in time'}): start it, or check the address"
            ) from None
        if answer.status_code != 200:
            raise ObserverError(f"answered {answer.status_code}: let it answer a GET with 200 and a number")
        return answer.text

    def _run(self) -> str:
        try:
            done = subprocess.run(self.command, capture_output=True, stdin=subprocess.DEVNULL, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            raise ObserverError(f"no answer in {LIMIT_S:g} s: let it be quicker") from None
        except OSError as error:
            raise ObserverError(f"cannot be run: {error.strerror}: check its name and permissions") from None
        if done.returncode:
            said = _short(done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or "it said nothing")
            raise ObserverError(f"ended with {done.returncode}: {said}: run it alone, and see what it says")
        return done.stdout.decode(errors="replace")


def make_observer(text: str, tls: ssl.SSLContext | None = None) -> Observer:
    """The observer that `--observe` names. Raises ConfigError."""
    if text.lower().startswith(("http://", "https://")):
        url, _, path = text.partition("#")
        try:
            return Observer(check_url(url), (), path, tls)
        except ValueError as error:
            raise ConfigError([f"--observe: {error}, or name a command: --observe 'curl -s …'"]) from None
    try:
        words = shlex.split(text)
    except ValueError:
        raise ConfigError([f"--observe {text!r} cannot be split into words: close its quotes"]) from None
    path = words.pop()[1:] if words and words[-1].startswith("#") else ""
    if not words:
        raise ConfigError(["--observe names nothing to ask: write a URL, or a command"])
    if not shutil.which(words[0]):
        raise ConfigError([f"--observe: there is no command {words[0]!r}: write a URL (http://…), or a program's path"])
    return Observer("", tuple(words), path)


def effects_in(text: str, path: str) -> float:
    """The number that an answer holds. Raises ObserverError."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        wanted = "JSON" if path else "a number"
        mend = f"let it answer {wanted}" if path else "let it answer one, or name the path to it in JSON after #"
        raise ObserverError(f"answered {_short(text)!r}, which is not {wanted}: {mend}") from None
    passed = ""
    for step in path.split(".") if path else ():
        value = _inside(value, step, passed)
        passed += f"{step}."
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        where = f"{path!r} is {_kind(value)}" if path else f"answered {_kind(value)}"
        raise ObserverError(f"{where}, not a number: name the path to it after #: …#orders.count")
    return float(value)


def _inside(value: Any, step: str, passed: str) -> Any:
    at = f"in {passed[:-1]!r}" if passed else "in the answer"
    if isinstance(value, dict):
        if step in value:
            return value[step]
        raise ObserverError(f"{at} there is no {step!r}: write one of {_short(', '.join(map(str, value)) or 'none')}")
    if isinstance(value, list) and step.isdecimal():
        if int(step) < len(value):
            return value[int(step)]
        raise ObserverError(f"{at} there are {len(value)} entries, and none at {step}: count from 0")
    raise ObserverError(f"{at} there is no {step!r}, for it is {_kind(value)}: let the path end before it")


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", float: "no finite number"}
    return "null" if value is None else kinds.get(type(value), "a number")


def _short(text: str) -> str:
    text = "".join(one if one.isprintable() else " " for one in text.strip())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
