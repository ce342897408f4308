"""A stage's name in words: `concurrent users=64` is `64 workers`. What a plan varies stands in it as `key=value`."""

import re
from collections.abc import Callable, Mapping

from _hookswarm.common.wording import figure, many

_VARIED = re.compile(r" (\w+)=(\S+)")
_PLAIN = {"concurrent": "", "sequential": "one by one", "strategies": "", "cpu": ""}
"""Scenarios that need no name, or another one, beside what varies in them."""


def _many(one: str, more: str = "") -> Callable[[str], str]:
    """`1 worker`, `64 workers`."""

    return lambda text: many(int(text), one, more)


def _size(text: str) -> str:
    """`1 kB`; what is no number is a kind of payload."""
    if not text.isdigit():
        return text
    size = int(text)
    for unit, factor in (("MB", 1_000_000), ("kB", 1_000)):
        if size >= factor:
            return f"{figure(size / factor)} {unit}"
    return f"{size} B"


def _retries(count: str, delay_s: str) -> str:
    return f"{count} \N{MULTIPLICATION SIGN} {figure(float(delay_s))} s" if int(count) else "no retries"


def _seconds(text: str) -> str:
    return f"after {figure(float(text))} s"


WORDS: Mapping[str, Callable[[str], str]] = {
    "users": _many("worker"),
    "webhooks": _many("webhook"),
    "events": _many("event"),
    "retries": lambda text: text if "s" in text else _many("retry", "retries")(text),
    "processes": _many("sending process", "sending processes"),
    "receiver_workers": _many("receiving process", "receiving processes"),
    "delay_s": _seconds,
    "rate": lambda text: f"{figure(float(text))}/s",
    "payload": _size,
    "strategy": str,
    "durability": str,
    "reuse": lambda text: "connections kept" if text == "True" else "a connection each",
    "bodies": lambda text: "bodies kept" if text == "True" else "no bodies kept",
    "backlog": lambda text: f"backlog of {text}",
    "repeat": lambda text: f"#{text}",
}


def stage_words(name: str) -> str:
    """For a picture's axis; a stage without variations, or with others than we know, keeps its name."""
    varied = _VARIED.findall(name)
    head = _VARIED.sub("", name)
    if not varied or any(key not in WORDS for key, _ in varied):
        return name
    scenario, number, note = _parts(head)
    values = dict(varied)
    if values.keys() >= {"retries", "delay_s"}:
        values["retries"] = _retries(values["retries"], values.pop("delay_s"))
    told = ", ".join(WORDS[key](text) for key, text in values.items())
    named = _PLAIN.get(scenario, scenario)
    return " ".join(filter(None, [f"{named}: {told}" if named else told, number, note]))


def _parts(head: str) -> tuple[str, str, str]:
    """`scaling users #1 (first time)`: the scenario, which repeat, and what is in brackets."""
    found = re.fullmatch(r"(.*?)( #\d+)?( \(.*\))?", head)
    assert found
    return found[1], (found[2] or "").strip(), (found[3] or "").strip()
