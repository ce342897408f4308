"""Providers: how known senders sign and frame webhooks. They are data: `providers.toml`, or a file of one's own."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import NAME, faults_of
from _hookswarm.common.toml import read_toml
from _hookswarm.common.wording import one_of
from _hookswarm.protocol.acceptance import Acceptance, parse_acceptance
from _hookswarm.protocol.forms import Form
from _hookswarm.protocol.signature import ASYMMETRIC, Algorithm, Spelling
from _hookswarm.protocol.templates import NAMES, Template

TABLE = Path(__file__).with_name("providers.toml")
DEFAULT = "standard-webhooks"
EVENT_HEADER = "hookswarm-event"
"""Where our own receivers read the event's id, if no header of the provider holds it."""

_TIME = ("timestamp", "timestamp_ms", "timestamp_iso")
_EVENT = ("id", *_TIME, "uuid", "type", "webhook", "sequence", "attempt", "url", "method", "token")
IN_HEADERS = _EVENT
IN_WRAP = (*_EVENT, "body", "compact_body", "members", "signature")
IN_SIGNED = (*_EVENT, "body", "compact_body", "form", "names", "values")
IN_VALUE = (*_EVENT, "signature", "names")
IN_HANDSHAKE = ("id", "timestamp", "timestamp_ms", "challenge", "verify_token")
IN_ANSWER = ("challenge", "signature")

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$")]
OURS = ("content-length", "transfer-encoding", "connection", "host")
"""Headers that are the wire's."""
COMMON = ("user-agent", "content-type")
"""Headers that every request has."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Signature(_Part):
    """What is signed, how, and where the signature stands: in a header, or else in the provider's `wrap`."""

    algorithm: Algorithm
    signed: str = "{body}"
    """Template of what is signed."""
    secret: Form = "text"
    """The form in which the provider hands the secret out."""
    spelling: Spelling = "hex"
    header: HeaderName | None = None
    value: str = "{signature}"
    """Template of that header."""
    again: str = ""
    """How the signature by a second secret follows in the same header; empty: the provider's format has no room."""
    separator: str = ""
    """One character between the parts of that header, where others stand beside those of `value`, such as a `v0=` that
    is older: a receiver passes over them. Empty: none do, or `again` says it.
    """
    tolerance_s: int | None = Field(default=None, ge=1)
    """How far a receiver lets the timestamp lie from its clock."""
    public: Literal["hex", "base64", "pem"] = "pem"
    """How the public half of a key pair is handed out."""

    def problems(self, wrap: str) -> Iterator[str]:
        """A phrase for each thing that is wrong with it."""
        yield from _template_faults("signed", self.signed, IN_SIGNED)
        yield from _template_faults("value", self.value, IN_VALUE)
        yield from _template_faults("again", self.again, ("signature",))
        if (self.header is None) == ("{signature}" not in wrap):
            yield "the signature must stand in `header`, or in `wrap`, and not in both"
        if self.header and self.value.count("{signature}") != 1:
            yield "value: it must hold {signature} once"
        if self.again and not (self.value.endswith(self.again[1:]) and self.again[1:].endswith("{signature}")):
            yield "again: it must be a separator of one character, and then what `value` ends with: {signature}"
        if self.separator and (len(self.separator) > 1 or self.again[:1] not in ("", self.separator)):
            yield "separator: it must be one character, and that of `again`"
        elif self.separator and any(part.count("{") != 1 for part in self.value.split(self.separator)):
            yield "separator: between two of them `value` must hold one name each"
        if "{values}" in self.signed and "{names}" not in self.value:
            yield "value: it must hold {names}: by them a receiver finds the {values} that are signed"
        asymmetric = self.algorithm in ASYMMETRIC
        if asymmetric != (self.secret in ASYMMETRIC) or (asymmetric and self.secret != self.algorithm):
            yield f"secret: {self.algorithm} takes {self.algorithm if asymmetric else 'text, hex, base64 …'}"


class Handshake(_Part):
    """What a receiver of the provider must answer before it is sent anything."""

    method: Literal["GET", "POST"] = "POST"
    query: str = ""
    """Template of what is added to the URL after `?`."""
    body: str = ""
    """Template; it is signed as an event's is, unless the method is GET."""
    status: Literal[200, 204] = 200
    """Of a right answer."""
    answer: str
    """Template of a right answer's body; `{signature}` in it is that of `{challenge}`, in hexadecimal."""
    note: str = ""

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with it."""
        for name in ("query", "body"):
            yield from _template_faults(name, getattr(self, name), IN_HANDSHAKE)
        yield from _template_faults("answer", self.answer, IN_ANSWER)


class Provider(_Part):
    """One sender: what it sends, and what it takes for accepted."""

    name: Annotated[str, Field(pattern=NAME)]
    source: Annotated[str, Field(min_length=1)]
    """Where this is written."""
    as_of: date
    """When it was read there."""
    note: str = ""
    """What is second-hand, approximate, or left out."""
    method: Literal["POST", "PUT"] = "POST"
    content: Literal["json", "form", "form-json"] = "json"
    """The payload as it is; its members as fields of a form; or all of it in one field of a form."""
    field: str = ""
    """That field's name."""
    headers: Mapping[HeaderName, str] = {}
    """Templates by name, in the order in which they are sent; the signature's follows them."""
    wrap: str = ""
    """Template of the body, around the payload."""
    type: str = "event"
    """The event's type, where its payload tells none."""
    signature: Signature | None = None
    """None: the provider signs nothing."""
    accept: tuple[str, ...] = ()
    """What it takes for accepted: rules that all must hold; none: any 2xx."""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=3600)
    response_timeout_s: float = Field(default=15.0, gt=0, le=3600)
    retry: str = ""
    """The name of its retry profile; empty: it is not known, or it retries nothing."""
    largest_bytes: int | None = Field(default=None, ge=1)
    """The largest body that it sends."""
    handshake: Handshake | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Provider":
        faults = list(self.problems())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def problems(self) -> Iterator[str]:
        for name, text in self.headers.items():
            yield from _template_faults(f"headers.{name}", text, IN_HEADERS)
            if name.lower() in OURS:
                yield f"headers.{name}: the wire sets this one: leave it out"
            if any(not character.isprintable() for character in text):
                yield f"headers.{name}: a header has one line of printable characters"
        yield from _template_faults("wrap", self.wrap, IN_WRAP)
        if (self.content == "form-json") != bool(self.field):
            yield "field: a form with JSON in a field needs its name, and nothing else does"
        if self.wrap and self.content != "json":
            yield "wrap: a form is not wrapped"
        if self.signature:
            yield from (f"signature.{fault}" for fault in self.signature.problems(self.wrap))
            if "{form}" in self.signature.signed and self.content != "form":
                yield "signature.signed: {form} needs `content` to be a form"
        try:
            parse_acceptance(self.accept)
        except ConfigError as error:
            yield from (f"accept: {fault}" for fault in error.faults)
        if self.handshake:
            yield from (f"handshake.{fault}" for fault in self.handshake.problems())

    @cached_property
    def acceptance(self) -> Acceptance:
        """Its rules, understood."""
        return parse_acceptance(self.accept)

    @cached_property
    def listing(self) -> Signature | None:
        """Its signature as it is made: `{names}` and `{values}` are those of its own headers."""
        if self.signature is None:
            return None
        listed = sorted((name.lower(), text) for name, text in self.headers.items() if name.lower() not in COMMON)
        names, values = " ".join(name for name, _ in listed), ".".join(text for _, text in listed)
        signed = self.signature.signed.replace("{names}", names).replace("{values}", values)
        value = self.signature.value.replace("{names}", names)
        return self.signature.model_copy(update={"signed": signed, "value": value})

    @cached_property
    def id_header(self) -> str | None:
        """The header that is the event's id, if one is."""
        return next((name for name, text in self.headers.items() if text == "{id}"), None)


def _template_faults(name: str, text: str, allowed: tuple[str, ...]) -> Iterator[str]:
    try:
        Template(text, allowed)
    except ConfigError as error:
        yield from (f"{name}: {fault}" for fault in error.faults)


def provider_names() -> list[str]:
    """Those that are shipped, in the table's order."""
    return list(read_toml(TABLE))


def load_provider(name_or_path: str = DEFAULT) -> Provider:
    """A provider by its name, or of a TOML file of one's own (`name` is the file's unless it says another).

    Raises ConfigError that lists the names there are, or names every fault of the file.
    """
    table = read_toml(TABLE)
    if name_or_path in table:
        return _read(name_or_path, table[name_or_path])
    path = Path(name_or_path)
    if path.suffix == ".toml" or path.is_file() or path.is_fifo():
        try:
            return _read(path.stem, read_toml(path))
        except ConfigError as error:
            raise ConfigError([f"--provider {fault}" for fault in error.faults]) from None
    there = f"{one_of(name_or_path, table)}, or name a file of your own: --provider mine.toml"
    raise ConfigError([f"--provider: there is no provider {name_or_path!r}: {there}"])


def _read(name: str, content: Mapping[str, Any]) -> Provider:
    try:
        return Provider.model_validate({"name": name, **content})
    except ValidationError as error:
        faults = [fault.removeprefix(": ") for fault in faults_of(error, Provider)]
        raise ConfigError([f"{name}: {fault}" for fault in faults]) from None


assert set(IN_SIGNED) | set(IN_WRAP) | set(IN_HANDSHAKE) | {"tag"} == set(NAMES)
assert set(ASYMMETRIC) <= set(get_args(Form))
