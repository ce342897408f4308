"""Header lines of a user's own (`--header 'Name: value'`), beside a provider's, or in their place."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.identity import ATTEMPT_HEADER
from _hookswarm.protocol.providers import EVENT_HEADER, OURS, Provider
from _hookswarm.protocol.templates import Template

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}").fullmatch
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True)
class Headers:
    """Values by name."""

    sent: Mapping[str, str] = field(default_factory=dict, repr=False)
    """As they go over the wire: they may hold what stood in the environment."""
    given: Mapping[str, str] = field(default_factory=dict)
    """As they were written, `${NAME}` and all: these may be shown."""

    def hidden(self) -> Iterator[bytes]:
        """What stood in the environment, beside the values that it stands in."""
        for name, text in self.given.items():
            literals = map(re.escape, _VARIABLE.split(text)[::2])
            if found := re.fullmatch("(.*)".join(literals), self.sent[name]):
                yield from (value.encode() for value in found.groups() if value)

    def unread(self, request: bytes) -> bytes:
        """A request with its header lines as they were given."""
        head, end, body = request.partition(b"\r\n\r\n")
        shown = {f"{name}: {self.sent[name]}".encode(): f"{name}: {text}".encode() for name, text in self.given.items()}
        return b"\r\n".join(shown.get(line, line) for line in head.split(b"\r\n")) + end + body


def read_headers(texts: Sequence[str], provider: Provider | None, env: Mapping[str, str] = os.environ) -> Headers:
    """Header lines, `Name: value` each, in which `${NAME}` stands for what the environment holds.

    Raises ConfigError that names every fault, and no value.
    """
    faults: list[str] = []
    given: dict[str, str] = {}
    for text in texts:
        name, colon, value = (part.strip(" \t") for part in text.partition(":"))
        if not colon:
            faults.append("there is one without a colon: write 'Name: value'")
        elif name.lower() in map(str.lower, given):
            faults.append(f"{_shown(name)} is given twice: give it once, its values joined by a comma")
        else:
            given[name] = value
    sent = {name: _VARIABLE.sub(lambda found: env.get(found[1], ""), value) for name, value in given.items()}
    for name, value in given.items():
        unset = [variable for variable in dict.fromkeys(_VARIABLE.findall(value)) if variable not in env]
        faults += [f"{_shown(name)}: ${{{variable}}} is not set: set it, or leave the header out" for variable in unset]
        faults += header_faults(name, sent[name], provider)
    if faults:
        raise ConfigError([f"--header: {fault}" for fault in faults])
    return Headers(sent, given)


def header_faults(name: str, value: str, provider: Provider | None) -> Iterator[str]:
    """What is wrong with a header beside those of a provider. No phrase holds its value."""
    if not _NAME(name):
        yield f"{_shown(name)} is not a header's name: write up to 64 letters, digits and dashes"
    elif fault := _taken(name.lower(), provider):
        yield f"{name}: {fault}"
    if not value.isprintable():
        what = "a line break" if set("\r\n") & set(value) else "a control character"
        yield f"{_shown(name)}: {what} in its value: write one line of printable characters"


def _taken(name: str, provider: Provider | None) -> str:
    """Why nobody else may set a header; empty: they may."""
    if name in OURS:
        return f"{'the URL says it' if name == 'host' else 'the wire sets it'}: leave it out"
    if name in (EVENT_HEADER, ATTEMPT_HEADER):
        return "by this one our own receivers know an attempt: leave it out"
    signature = provider.signature if provider else None
    if not provider or not signature:
        return ""
    if signature.header and name == signature.header.lower():
        return f"the signature of {provider.name} stands in it: leave it out, or choose another --provider"
    signed = set(Template(signature.signed).names)
    for own, text in provider.headers.items():
        if own.lower() == name and (own == provider.id_header or signed & set(Template(text).names)):
            return f"{provider.name} signs what stands in it, or tells events apart by it: leave it out"
    return ""


def _shown(name: str) -> str:
    """A name that may be anything, even a secret that lost its name: short, and on one line."""
    return repr(name if len(name) <= 24 else f"{name[:24]}…")
