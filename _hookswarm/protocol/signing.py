"""Dressing an attempt as its provider does, headers and body, and verifying one: both by the provider's table."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote_plus, urlencode

from _hookswarm import __version__
from _hookswarm.protocol.formats import Format, content_type
from _hookswarm.protocol.identity import ATTEMPT_HEADER
from _hookswarm.protocol.providers import EVENT_HEADER, Provider, Signature
from _hookswarm.protocol.signature import Sign, checking, signing, signing_by
from _hookswarm.protocol.templates import PLACES, PLAIN, Template, Values

MAX_SIGNATURES = 8
"""Signatures looked at in one header: rotation needs two, and a thousand would be an attack."""
TOLERANCE_S = 300
"""How far a timestamp may lie from the receiver's clock, in seconds (the reference libraries' value)."""

_HEAD = ("user-agent", "content-type")
_BODY, _TYPE, _SIGNATURE = PLACES["body"], PLACES["type"], PLACES["signature"]


Plainly = Callable[[bytes, float, bytes, bytes], bytes]
"""Event's id, time, payload and tag to a block of header lines."""
Dress = Callable[..., tuple[bytes, bytes]]
"""As `Signer.dress`."""


class Signer:
    """Makes headers and body of each attempt. It is made once; `dress` is the hot path."""

    def __init__(
        self,
        provider: Provider,
        keys: Sequence[bytes],
        own: Mapping[str, str] | None = None,
        written_in: Format = "json",
        without: Collection[str] = (),
    ) -> None:
        """`keys`: the secret's, and during a rotation both secrets'; see `forms.parse_secret`. `own`: headers of a
        user's, in the place of the provider's. `without`: headers that somebody else adds, in lower case.

        `written_in` tells what the payloads are; all but JSON stay as they are (see `formats.misfit`).
        """
        replaced = {*map(str.lower, own or {}), *without}
        lines = {name: text for name, text in provider.headers.items() if name.lower() not in {*_HEAD, *replaced}}
        ours = {} if provider.id_header else {EVENT_HEADER: "{id}"}
        signature = provider.signature
        if signature and signature.header:
            lines[signature.header] = signature.value
        texts = [f"{name}: {text}\r\n" for name, text in {**lines, **ours, ATTEMPT_HEADER: "{tag}"}.items()]
        headers = Template("".join(texts))
        self._headers = headers.fill
        self.provider = provider
        self.head = _head(provider, own or {}, written_in, without)
        """The lines that are the same at every attempt: who sends, and what kind of body."""
        self._signature = signature
        self._made = provider, keys, own, written_in
        signed = Template(signature.signed if signature else "")
        wrap = Template(provider.wrap or "{body}")
        used = {*headers.names, *signed.names, *wrap.names}
        self.uses_type = "type" in used
        """Whether the event's type is looked at."""
        self._signed = signed.fill
        self._type, self._method = provider.type.encode(), provider.method.encode()
        self._before = tuple((PLACES[name], make) for name, make in _EVENTS_OWN.items() if name in used)
        self._content = _content(provider) if written_in == "json" else None
        self._wrap = wrap.fill if provider.wrap else None
        self._wrap_holds_signature = "signature" in wrap.names
        self._within = tuple((PLACES[name], make) for name, make in _PAYLOADS_OWN.items() if name in wrap.names)
        self._after = tuple((PLACES[name], make) for name, make in _BODYS_OWN.items() if name in signed.names)
        self._plain = (signed, headers) if used <= {*PLAIN} and not self._content and not provider.wrap else None
        self._plainly_by = _plainly_by(signed, headers, signature) if self._plain and signature else None
        self._take(keys)

    def _take(self, keys: Sequence[bytes]) -> None:
        self._sign: Sign = _signing(self._signature, keys) if self._signature else lambda _message: b""
        self.dress_plainly = _plain(*self._plain, self._sign) if self._plain else None
        """The same as `dress`, faster, for a provider that needs no more than these four; None: for others."""

    def without(self, names: Collection[str]) -> "Signer":
        """The same for attempts with other headers in the place of these, named in lower case."""
        return Signer(*self._made, names)

    def keyed(self, key: bytes) -> tuple[Plainly | None, Dress]:
        """`dress_plainly` and `dress` under another key. Where there is the former, it takes a microsecond."""
        if self._plainly_by:
            return partial(self._plainly_by, key), self.dress
        other = object.__new__(Signer)
        other.__dict__.update(self.__dict__)
        other._take((key,))
        return other.dress_plainly, other.dress

    def dress(
        self,
        event_id: bytes,
        now_s: float,
        payload: bytes,
        tag: bytes = b"",
        type: bytes = b"",
        webhook: int = 0,
        sequence: int = 0,
        attempt: int = 1,
        url: bytes = b"",
    ) -> tuple[bytes, bytes]:
        """The block of header lines, and the body."""
        values: list[Any] = [
            event_id, b"%d" % now_s, payload, tag, b"", now_s, b"", b"", type or self._type, webhook, sequence, attempt,
            url, self._method, *_EMPTY,
        ]  # fmt: skip
        for place, make in self._before:
            values[place] = make(values)
        body = payload
        if self._content:
            body = values[_BODY] = self._content(payload)
        for place, make in self._within:
            values[place] = make(values)
        if self._wrap and not self._wrap_holds_signature:
            body = values[_BODY] = self._wrap(values)
        for place, make in self._after:
            values[place] = make(values)
        values[_SIGNATURE] = self._sign(self._signed(values))
        if self._wrap and self._wrap_holds_signature:
            body = self._wrap(values)
        return self._headers(values), body


def _plainly_by(
    signed: Template, headers: Template, signature: Signature
) -> Callable[[bytes, bytes, float, bytes, bytes], bytes]:
    """As `_plain`, with the key as an argument more."""
    signed_format, signed_pick, headers_format, headers_pick = signed.format, signed.pick, headers.format, headers.pick
    sign = signing_by(signature.algorithm, signature.spelling)

    def dress(key: bytes, event_id: bytes, now_s: float, payload: bytes, tag: bytes) -> bytes:
        values = [event_id, b"%d" % now_s, payload, tag, b""]
        values[4] = sign(key, signed_format % signed_pick(values))
        return headers_format % headers_pick(values)

    return dress


def _plain(signed: Template, headers: Template, sign: Sign) -> Plainly:
    signed_format, signed_pick, headers_format, headers_pick = signed.format, signed.pick, headers.format, headers.pick

    def dress(event_id: bytes, now_s: float, payload: bytes, tag: bytes) -> bytes:
        values = [event_id, b"%d" % now_s, payload, tag, b""]
        values[4] = sign(signed_format % signed_pick(values))
        return headers_format % headers_pick(values)

    assert PLAIN[4] == "signature"
    return dress


def _signing(signature: Signature, keys: Sequence[bytes]) -> Sign:
    first, *others = [signing(signature.algorithm, key, signature.spelling) for key in keys]
    if not others:
        return first
    fill = Template(signature.again).fill
    before = [b""] * _SIGNATURE
    return lambda message: first(message) + b"".join(fill([*before, sign(message)]) for sign in others)


def _head(provider: Provider, own: Mapping[str, str], written_in: Format, without: Collection[str]) -> bytes:
    lines = {"User-Agent": f"hookswarm/{__version__}", "Content-Type": content_type(provider, written_in)}
    lines |= {name.title(): text for name, text in provider.headers.items() if name.lower() in _HEAD}
    replaced = {*map(str.lower, own)}
    lines = {**{name: text for name, text in lines.items() if name.lower() not in replaced}, **own}
    return "".join(f"{name}: {text}\r\n" for name, text in lines.items() if name.lower() not in without).encode()


# What is made of an event for those who use it.


def _uuid(values: Values) -> bytes:
    text = hashlib.md5(values[0], usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}".encode()


def _token(values: Values) -> bytes:
    return hashlib.sha256(b"%b %r" % (values[0], values[_NOW])).hexdigest()[:50].encode()


def _timestamp_ms(values: Values) -> bytes:
    return b"%d" % (values[_NOW] * 1e3)


_SPACE = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\n\r]+', re.DOTALL)


def _compact(values: Values) -> bytes:
    """What is no white space stays as it is spelt, 1.10 and \u00e9, as Go's and JavaScript's senders leave it."""
    body: bytes = values[_BODY]
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body
    return _SPACE.sub(rb"\1", body)


def _form(values: Values) -> bytes:
    fields = parse_qsl(values[_BODY].decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return "".join(name + value for name, value in sorted(set(fields))).encode("latin-1")


def _timestamp_iso(values: Values) -> bytes:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(values[1]))).encode()


def _members(values: Values) -> bytes:
    text: bytes = values[_BODY].strip()
    inner = text[1:-1].strip() if text[:1] == b"{" and text[-1:] == b"}" else b""
    return inner or b'"data":' + text


_NOW = PLACES["timestamp_ms"]
_EMPTY = (b"",) * (len(PLACES) - PLACES["method"] - 1)
Maker = Callable[[Values], bytes]
# `_timestamp_ms` is the last: until then its place holds the time itself.
_EVENTS_OWN: dict[str, Maker] = {
    "uuid": _uuid,
    "token": _token,
    "timestamp_iso": _timestamp_iso,
    "timestamp_ms": _timestamp_ms,
}
_PAYLOADS_OWN: dict[str, Maker] = {"compact_body": _compact, "members": _members}
_BODYS_OWN: dict[str, Maker] = {"compact_body": _compact, "form": _form}


def _content(provider: Provider) -> Callable[[bytes], bytes] | None:
    """What makes a body of a payload; None: it is the body."""
    if provider.content == "json":
        return None
    if provider.content == "form-json":
        opening = quote_plus(provider.field).encode() + b"="
        return lambda payload: opening + quote_plus(payload).encode()
    return _as_form


def _as_form(payload: bytes) -> bytes:
    """A JSON object's members as the fields of a form; what is no text becomes JSON. Else it is a form already."""
    try:
        members = json.loads(payload)
    except (ValueError, RecursionError):
        return payload
    if not isinstance(members, dict):
        members = {"payload": members}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in members.items()}
    return urlencode(texts, errors="surrogatepass").encode()


class Seen(NamedTuple):
    """What a request's headers tell: the values of a template as far as they are known, and signatures, spelt."""

    values: list[Any]
    signatures: Sequence[bytes]

    @property
    def timestamp(self) -> str:
        """In seconds or milliseconds, as it was sent; empty without one."""
        text: bytes = self.values[_TIMESTAMP] or self.values[_NOW]
        return text.decode("latin-1")


class Verifier:
    """Tells whether requests are signed as the provider signs, by one of the keys."""

    def __init__(self, provider: Provider, keys: Sequence[bytes]) -> None:
        self.provider = provider
        signature = provider.signature
        self._checks = [checking(signature.algorithm, key, signature.spelling) for key in keys] if signature else []
        signed = Template(signature.signed if signature else "")
        wanted = {*signed.names, *(("timestamp", "timestamp_ms") if signature and signature.tolerance_s else ())}
        self._signed = signed.fill
        self._after = tuple((PLACES[name], make) for name, make in _BODYS_OWN.items() if name in signed.names)
        self._wrap = None
        if signature and not signature.header:
            self._wrap = re.compile(Template(provider.wrap).pattern().pattern.encode(), re.DOTALL)
        readers = {name: _reader(text) for name, text in provider.headers.items() if wanted & {*Template(text).names}}
        if signature and signature.header:
            readers[signature.header] = _reader(signature.value, signature.again)
        self.headers = tuple(readers)
        """The headers that it looks at."""
        self._readers = tuple(readers.values())
        times = [name for name, text in provider.headers.items() if "{timestamp" in text]
        self.told_signature = (signature and signature.header) or "the body"
        """Where the signature stands, for people; and the timestamp."""
        self.told_time = times[0] if times else f"the time in {self.told_signature}"

    def seen(self, texts: Sequence[bytes]) -> Seen:
        """What stands in the headers that it looks at, given in their order."""
        values: list[Any] = [b""] * len(PLACES)
        signatures: list[bytes] = []
        for read, text in zip(self._readers, texts, strict=True):
            read(text, values, signatures)
        return Seen(values, signatures)

    def is_fresh(self, seen: Seen, now_s: float) -> bool:
        """Whether its timestamp, if receivers of the provider look at one, is near `now_s` (Unix seconds)."""
        signature = self.provider.signature
        if not signature or not signature.tolerance_s or self._wrap:
            return True
        seconds, milliseconds = seen.values[_TIMESTAMP], seen.values[_NOW]
        if seconds:
            return is_fresh(seconds.decode("latin-1"), now_s, signature.tolerance_s)
        text = milliseconds.decode("latin-1")
        return is_fresh(text[:-3], now_s, signature.tolerance_s) and is_plain(text)

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
        texts = [headers.get(name.lower(), "").encode("latin-1", "replace") for name in self.headers]
        return self.is_right(self.seen(texts), body, url.encode("utf-8", "replace"), method.encode("utf-8", "replace"))


_TIMESTAMP, _URL, _METHOD = PLACES["timestamp"], PLACES["url"], PLACES["method"]
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
    for part in dict.fromkeys((*text.split(separator), again.removeprefix(separator))):
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


def is_plain(text: str) -> bool:
    """Whether it is a whole number in plain digits."""
    return text.isascii() and text.isdecimal() and len(text) <= 16


def is_fresh(timestamp: str, now_s: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """Whether a timestamp is a plain integer within the tolerance of `now_s` (Unix seconds)."""
    return is_plain(timestamp) and len(timestamp) <= 12 and abs(int(timestamp) - now_s) <= tolerance_s
