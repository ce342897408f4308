"""Verifying an attempt as a receiver of its provider does, by the provider's table."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from _hookswarm.protocol.event_values import BODYS_OWN
from _hookswarm.protocol.providers import Provider
from _hookswarm.protocol.signature import checking
from _hookswarm.protocol.templates import PLACES, Template

MAX_SIGNATURES = 8
"""Signatures looked at in one header: rotation needs two, and a thousand would be an attack."""
TOLERANCE_S = 300
"""How far a timestamp may lie from the receiver's clock, in seconds (the reference libraries' value)."""
MAX_NAMES = 32
"""Headers that are looked at because a signature lists them."""

_BODY, _SIGNATURE, _TIMESTAMP, _NOW = (PLACES[name] for name in ("body", "signature", "timestamp", "timestamp_ms"))
_ISO = PLACES["timestamp_iso"]
TIMES = {
    "timestamp": "a Unix time in seconds, a whole number",
    "timestamp_ms": "a Unix time in milliseconds, a whole number",
    "timestamp_iso": "a time as ISO 8601 has it",
}
"""Names of when an attempt was signed, and what stands there."""
LONGEST_S = 12
"""Digits of a Unix time in seconds."""
SHOWN = 40
"""Characters of what stands there."""
_URL, _METHOD = PLACES["url"], PLACES["method"]
_NAMES, _VALUES = PLACES["names"], PLACES["values"]

Header = Callable[[str], bytes]
"""A header's value by its name; empty: it is not there."""


class Seen(NamedTuple):
    """What a request's headers tell: the values of a template as far as they are known, and signatures, spelt."""

    values: list[Any]
    signatures: Sequence[bytes]

    @property
    def timestamp(self) -> str:
        """In seconds or milliseconds, as it was sent, or in milliseconds, where it was sent as ISO 8601 has it; empty
        without one.
        """
        text: bytes = self.values[_TIMESTAMP] or self.values[_NOW]
        return text.decode("latin-1") or _milliseconds(self.values[_ISO].decode("latin-1"))


class Verifier:
    """Tells whether requests are signed as the provider signs, by one of the keys."""

    def __init__(self, provider: Provider, keys: Sequence[bytes]) -> None:
        self.provider = provider
        signature = provider.signature
        self._checks = [checking(signature.algorithm, key, signature.spelling) for key in keys] if signature else []
        signed = Template(signature.signed if signature else "")
        wanted = {*signed.names, *(TIMES if signature and signature.tolerance_s else ())}
        self._signed = signed.fill
        self._lists = "values" in signed.names
        self._after = tuple((PLACES[name], make) for name, make in BODYS_OWN.items() if name in signed.names)
        self._wrap = None
        if signature and not signature.header:
            self._wrap = re.compile(Template(provider.wrap).pattern().pattern.encode(), re.DOTALL)
        readers = {name: _reader(text) for name, text in provider.headers.items() if wanted & {*Template(text).names}}
        if signature and signature.header:
            several = signature.again or (signature.separator and signature.separator + signature.value)
            readers[signature.header] = _reader(signature.value, several)
        self.headers = tuple(readers)
        """The headers that it looks at."""
        self._readers = tuple(readers.values())
        times = [name for name, text in provider.headers.items() if "{timestamp" in text]
        self.told_signature = (signature and signature.header) or "the body"
        """Where the signature stands, for people; and the timestamp."""
        self.told_time = times[0] if times else f"the time in {self.told_signature}"

    def seen(self, texts: Sequence[bytes], header: Header = lambda _name: b"") -> Seen:
        """What stands in the headers that it looks at, given in their order; `header` gives those that they list."""
        values: list[Any] = [b""] * len(PLACES)
        signatures: list[bytes] = []
        for read, text in zip(self._readers, texts, strict=True):
            read(text, values, signatures)
        if self._lists:
            names = values[_NAMES].decode("latin-1").split(" ")[:MAX_NAMES]
            values[_VALUES] = b".".join([header(name) for name in names])
        return Seen(values, signatures)

    def is_fresh(self, seen: Seen, now_s: float) -> bool:
        """Whether its timestamp, if receivers of the provider look at one, is near `now_s` (Unix seconds)."""
        signature = self.provider.signature
        if not signature or not signature.tolerance_s or self._wrap:
            return True
        text = seen.timestamp
        if seen.values[_TIMESTAMP]:
            return is_fresh(text, now_s, signature.tolerance_s)
        return is_fresh(text[:-3], now_s, signature.tolerance_s) and is_plain(text)

    def why_stale(self, seen: Seen, now_s: float) -> str:
        """What is wrong with a timestamp that is not fresh."""
        name = next((name for name in TIMES if seen.values[PLACES[name]]), "")
        if not name:
            return f"there is no time in {self.told_time.removeprefix('the time in ')}"
        said, text = seen.values[PLACES[name]].decode("latin-1")[:SHOWN], seen.timestamp
        if not is_plain(text) or (name == "timestamp" and len(text) > LONGEST_S):
            return f"{self.told_time} says {said}, which is not {TIMES[name]}"
        off_s = int(text) / (1 if name == "timestamp" else 1e3) - now_s
        tolerance_s = self.provider.signature.tolerance_s if self.provider.signature else TOLERANCE_S
        off = f"{abs(off_s):,.0f} s {'after' if off_s > 0 else 'before'} it"
        return f"{self.told_time} says {said}, which is not within {tolerance_s} s of ours: {off}"

    def is_right(self, seen: Seen, body: bytes, url: bytes = b"", method: bytes = b"POST") -> bool:
        """Whether a signature is right by one of the keys. Never raises, whatever the bytes."""
        if not self._checks:
            return True
        values, signatures = seen
        values[_BODY], values[_URL], values[_METHOD] = body, url, method
        if self._wrap:
            if not (found := self._wrap.fullmatch(body)):
                return False
            for name, text in found.groupdict().items():
                values[PLACES[name]] = text
            signatures = (values[_SIGNATURE],)
        for place, make in self._after:
            values[place] = make(values)
        message = self._signed(values)
        # All of them, so that a right one takes as long wherever it stands.
        return True in [check(one, message) for one in signatures[:MAX_SIGNATURES] for check in self._checks]

    def verify(self, headers: Mapping[str, str], body: bytes, url: str = "", method: str = "POST") -> bool:
        """The same of all headers (their names in lower case), whatever their timestamp. Never raises."""

        def header(name: str) -> bytes:
            return headers.get(name.lower(), "").encode("latin-1", "replace")

        seen = self.seen([header(name) for name in self.headers], header)
        return self.is_right(seen, body, url.encode("utf-8", "replace"), method.encode("utf-8", "replace"))


Reader = Callable[[bytes, list[Any], list[bytes]], None]
"""Takes what it finds in a header's text into the values, and into the signatures."""


def _reader(text: str, again: str = "") -> Reader:
    if again:
        return _reader_of_several(text, again)
    template = Template(text)
    if text == "{signature}":
        return lambda found, _values, signatures: signatures.append(found)
    if len(template.names) == 1 and not any(template.literals):
        place = PLACES[template.names[0]]

        def whole(found: bytes, values: list[Any], _signatures: list[bytes]) -> None:
            values[place] = found

        return whole
    pattern = re.compile(template.pattern().pattern.encode(), re.DOTALL)

    def parts(found: bytes, values: list[Any], signatures: list[bytes]) -> None:
        if match := pattern.fullmatch(found):
            for name, one in match.groupdict().items():
                if name == "signature":
                    signatures.append(one)
                else:
                    values[PLACES[name]] = one

    return parts


def _reader_of_several(text: str, again: str) -> Reader:
    """Of a header like `t=1,v1=a,v1=b`: parts between separators, of which others than ours are passed over."""
    kinds, separator = [], again[0]
    for part in dict.fromkeys((*text.split(separator), *again[1:].split(separator))):
        template = Template(part)
        if len(template.names) == 1:
            before, after = (literal.encode() for literal in template.literals)
            kinds.append((before, after, PLACES[template.names[0]]))
    split = separator.encode()

    def several(found: bytes, values: list[Any], signatures: list[bytes]) -> None:
        for one in found.split(split, MAX_SIGNATURES + len(kinds) - 1)[: MAX_SIGNATURES + len(kinds) - 1]:
            for before, after, place in kinds:
                if one.startswith(before) and one.endswith(after) and len(one) > len(before) + len(after):
                    inner = one[len(before) : len(one) - len(after)]
                    if place == _SIGNATURE:
                        signatures.append(inner)
                    else:
                        values[place] = inner
                    break

    return several


def _milliseconds(iso: str) -> str:
    """Since 1970, of a time as ISO 8601 has it, in UTC unless it says another zone; empty where it is none."""
    try:
        found = datetime.fromisoformat(iso)
        milliseconds = round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1e3)
    except (ValueError, OverflowError):
        return ""
    return str(milliseconds) if milliseconds > 0 else ""


def is_plain(text: str) -> bool:
    """Whether it is a whole number in plain digits."""
    return text.isascii() and text.isdecimal() and len(text) <= 16


def is_fresh(timestamp: str, now_s: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """Whether a timestamp is a plain integer within the tolerance of `now_s` (Unix seconds)."""
    return is_plain(timestamp) and len(timestamp) <= LONGEST_S and abs(int(timestamp) - now_s) <= tolerance_s
