"""Dressing an attempt as its provider does, headers and body, by the provider's table."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any
from urllib.parse import quote_plus, urlencode

from _hookswarm import __version__
from _hookswarm.protocol.event_values import BODYS_OWN, EVENTS_OWN, PAYLOADS_OWN
from _hookswarm.protocol.formats import Format, content_type
from _hookswarm.protocol.identity import ATTEMPT_HEADER
from _hookswarm.protocol.providers import COMMON, EVENT_HEADER, Provider, Signature
from _hookswarm.protocol.signature import Sign, signing, signing_by
from _hookswarm.protocol.templates import PLACES, PLAIN, Template

_BODY, _SIGNATURE = PLACES["body"], PLACES["signature"]
_EMPTY = (b"",) * (len(PLACES) - PLACES["method"] - 1)


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
        lines = {name: text for name, text in provider.headers.items() if name.lower() not in {*COMMON, *replaced}}
        ours = {} if provider.id_header else {EVENT_HEADER: "{id}"}
        signature = provider.listing
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
        self._before = tuple((PLACES[name], make) for name, make in EVENTS_OWN.items() if name in used)
        self._content = _content(provider) if written_in == "json" else None
        self._wrap = wrap.fill if provider.wrap else None
        self._wrap_holds_signature = "signature" in wrap.names
        self._within = tuple((PLACES[name], make) for name, make in PAYLOADS_OWN.items() if name in wrap.names)
        self._after = tuple((PLACES[name], make) for name, make in BODYS_OWN.items() if name in signed.names)
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
        other = copy(self)
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
    lines |= {name.title(): text for name, text in provider.headers.items() if name.lower() in COMMON}
    replaced = {*map(str.lower, own)}
    lines = {**{name: text for name, text in lines.items() if name.lower() not in replaced}, **own}
    return "".join(f"{name}: {text}\r\n" for name, text in lines.items() if name.lower() not in without).encode()


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
