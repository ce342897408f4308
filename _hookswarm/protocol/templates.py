"""Templates: text with `{names}` in it, compiled once to a format of bytes that is filled fast.

What stands in braces and is not a plain word stays as it is, so that a template may be JSON.
"""

import re
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any

from _hookswarm.common.errors import ConfigError

NAMES = {
    "id": "the event's id, the same at every attempt",
    "timestamp": "the attempt's Unix time in seconds",
    "body": "the body: what is sent; in `wrap`, what is wrapped",
    "tag": "how our own receivers know the attempt",
    "signature": "the signature, spelt; in `answer`, that of `{challenge}` alone",
    "timestamp_ms": "the attempt's Unix time in milliseconds",
    "timestamp_iso": "the attempt's time as 2026-11-29T06:30:00Z",
    "uuid": "a UUID made of the event's id",
    "type": "the event's type",
    "webhook": "the webhook's number",
    "sequence": "the event's number within its webhook",
    "attempt": "1, 2, 3 …",
    "url": "the URL that is asked",
    "method": "POST, mostly",
    "compact_body": "that JSON without white space",
    "members": "what stands between the braces of that JSON object",
    "form": "names and values of a form, sorted by name and joined",
    "token": "50 characters of hexadecimal, others at each attempt",
    "challenge": "what a handshake wants to see again",
    "verify_token": "what $HOOKSWARM_VERIFY_TOKEN holds",
    "names": "the names of the headers that are signed as well, in lower case, with a space between",
    "values": "the values of these headers, with a full stop between",
}
"""What there is to fill in."""
PLAIN = ("id", "timestamp", "body", "tag", "signature")
"""The first of them: many providers need no other."""
NUMBERS = ("webhook", "sequence", "attempt")
PLACES = {name: place for place, name in enumerate(NAMES)}
"""Where each stands among the values that fill a template: `NUMBERS` are int, all others bytes."""

Values = Sequence[Any]

_NAMED = re.compile(r"\{([a-z_]+)\}")


class Template:
    """A text, the names in it by their order, and `fill`, which makes bytes of the values at `PLACES`."""

    def __init__(self, text: str, allowed: Collection[str] = tuple(NAMES)) -> None:
        """Raises ConfigError for a name that is not among `allowed`."""
        parts = _NAMED.split(text)
        self.text = text
        self.names = tuple(parts[1::2])
        if unknown := [name for name in dict.fromkeys(self.names) if name not in allowed]:
            there = ", ".join(name for name in NAMES if name in allowed)
            raise ConfigError([f"there is no {{{name}}} here: write one of {there}" for name in unknown])
        self.literals = tuple(parts[::2])
        """What stands before, between and after them."""
        self.format = _format(self.literals, self.names)
        self.pick = _picker(self.names)
        """What takes of the values what `format` wants."""

    def fill(self, values: Values) -> bytes:
        """The text with the values in it."""
        return self.format % self.pick(values)

    def pattern(self) -> "re.Pattern[str]":
        """What matches a text that the template made, with a group for each name."""
        seen: set[str] = set()
        out = re.escape(self.literals[0])
        for name, literal in zip(self.names, self.literals[1:], strict=True):
            out += (f"(?P={name})" if name in seen else f"(?P<{name}>.+?)") + re.escape(literal)
            seen.add(name)
        return re.compile(out, re.DOTALL)


def _format(literals: Sequence[str], names: Sequence[str]) -> bytes:
    marks = ["%d" if name in NUMBERS else "%b" for name in names]
    escaped = [literal.replace("%", "%%") for literal in literals]
    return "".join(part for pair in zip(escaped, [*marks, ""], strict=True) for part in pair).encode()


def _picker(names: Sequence[str]) -> Callable[[Values], tuple[Any, ...]]:
    places = [PLACES[name] for name in names]
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[place] for place in places)
