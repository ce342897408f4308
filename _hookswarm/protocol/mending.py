"""A signature that does not verify: what of its description is most likely wrong, by trying what others do."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.forms import Form, parse_secret
from _hookswarm.protocol.providers import DEFAULT, Provider, Signature, load_provider, provider_names
from _hookswarm.protocol.signature import ASYMMETRIC, Algorithm, Spelling, signing
from _hookswarm.protocol.verifying import Verifier

SIGNED = (
    "{body}", "{compact_body}",
    "{timestamp}.{body}", "{timestamp},{body}", "{timestamp}{body}", "{timestamp}.{compact_body}",
    "{timestamp},{compact_body}", "{id}.{timestamp}.{body}", "{id}.{body}", "v0:{timestamp}:{body}",
)  # fmt: skip
"""What is usually signed."""
FORMS: tuple[Form, ...] = ("text", "whsec", "base64", "hex")
ALGORITHMS: tuple[Algorithm, ...] = ("hmac-sha256", "hmac-sha1")
SPELLINGS: tuple[Spelling, ...] = ("hex", "base64")
SEPARATORS = (",", ";", " ", "&", "|")

_TIMES = {
    "timestamp": re.compile(r"(?<!\d)(\d{10})(?!\d)"),
    "timestamp_ms": re.compile(r"(?<!\d)(\d{13})(?!\d)"),
    "timestamp_iso": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"),
}
"""What times look like, by what they are called in templates."""
_TIME_NAMED = re.compile(r"\{timestamp\w*\}")
_LABELLED = re.compile(r"\s*\w+[=,:].")
"""How a part of a signature's header begins that stands beside others: `v0=`, `v1,`."""
_LIKE_A_SIGNATURE = re.compile(r"sign|hmac|digest", re.IGNORECASE)


class _Found(NamedTuple):
    """A way that makes what stands in a header."""

    form: Form
    algorithm: Algorithm
    signed: str
    spelling: Spelling
    header: str
    value: str
    separator: str
    others: dict[str, str]
    """Headers that hold the time and the id which are signed, as templates."""


def likeliest_mend(provider: Provider, secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> str:
    """Why a request's signature most likely does not verify, and what to write instead. Never raises.

    Header names are in lower case, `now_s` is when it came (Unix seconds). What it says holds no secret.
    """
    signature = provider.signature
    if signature is None or signature.algorithm in ASYMMETRIC or signature.algorithm == "token":
        return "see whether the endpoint's secret is the one that it signs with"
    if (stale := _stale(provider, signature, headers, now_s)) and _verifies(provider, secret, headers, body):
        return stale
    for name in sorted(provider_names(), key=DEFAULT.__ne__):  # several sign as it does
        if name != provider.name and _verifies(load_provider(name), secret, headers, body):
            return f"it does with delivers = {json.dumps(name)}"
    found = next(_ways(signature, secret, headers, body, _ids(provider, headers)), None)
    if found is None:
        there = [name for name in headers if _LIKE_A_SIGNATURE.search(name)]
        if (signature.header or "").lower() not in headers:
            seen = f"these did: {', '.join(there)}" if there else "nor another that is named so: it may sign nothing"
            return f"no header {signature.header} came; {seen}: name the right one as header in [delivers.signature]"
        return (
            "no usual way of signing makes it of this secret: see whether the secret that it signs with is {secret}, "
            "put into a step's body, or kept of an answer: secret = …"
        )
    changed = {
        "secret": (signature.secret, found.form),
        "algorithm": (signature.algorithm, found.algorithm),
        "signed": (signature.signed, found.signed),
        "spelling": (signature.spelling, found.spelling),
        "header": ((signature.header or "").lower(), found.header),
        "value": (signature.value, found.value),
        "separator": (signature.separator, found.separator or signature.separator),
    }
    lines = [f"{name} = {json.dumps(new)}" for name, (old, new) in changed.items() if old != new]
    written = {name.lower() for name, text in provider.headers.items() if "{" in text}
    others = [f"{name} = {json.dumps(text)}" for name, text in found.others.items() if name not in written]
    told = [f"{', '.join(lines)} in [delivers.signature]"] if lines else []
    told += [f"{', '.join(others)} in [delivers.headers]"] if others else []
    return f"it does with {' and '.join(told)}" if told else "it does by this table: see whether its secret changed"


def _verifies(provider: Provider, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether it is signed as a provider that is shipped signs."""
    signature = provider.signature
    if signature is None or signature.algorithm in ASYMMETRIC or signature.algorithm == "token":
        return False
    if not signature.header or signature.header.lower() not in headers:
        return False
    try:
        return Verifier(provider, [parse_secret(secret, signature.secret)]).verify(headers, body)
    except ConfigError:
        return False


def _stale(provider: Provider, signature: Signature, headers: Mapping[str, str], now_s: float) -> str:
    verifier = Verifier(provider, ())
    seen = verifier.seen([headers.get(name.lower(), "").encode("latin-1", "replace") for name in verifier.headers])
    if verifier.is_fresh(seen, now_s):
        return ""
    why = verifier.why_stale(seen, now_s)
    is_time = f"within {signature.tolerance_s} s" in why
    return f"{why}: {'set both clocks' if is_time else 'leave tolerance_s out, or name the header that has it'}"


def _ids(provider: Provider, headers: Mapping[str, str]) -> list[str]:
    """What may be called `{id}`."""
    named = [headers.get(name.lower(), "") for name, text in provider.headers.items() if text == "{id}"]
    likely = [text for name, text in headers.items() if name.endswith("id")]
    return list(dict.fromkeys(filter(None, named + likely))) or [""]


def _ways(
    signature: Signature, secret: str, headers: Mapping[str, str], body: bytes, ids: list[str]
) -> Iterator[_Found]:
    """Those that make what stands in a header; the described one, and those near it, first."""
    times = dict.fromkeys(
        (name, found) for name, like in _TIMES.items() for text in headers.values() for found in like.findall(text)
    ) or {("timestamp", ""): None}
    try:
        compact = json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        compact = body
    forms = dict.fromkeys((signature.secret, *FORMS))
    templates = dict.fromkeys((_TIME_NAMED.sub("{timestamp}", signature.signed), *SIGNED))
    for form, algorithm, signed in product(forms, dict.fromkeys((signature.algorithm, *ALGORITHMS)), templates):
        try:
            sign = signing(algorithm, parse_secret(secret, form), "hex")
        except ConfigError:
            continue
        for (kind, at), event in product(times, ids):
            message = signed.replace("{timestamp}", at).replace("{id}", event).encode()
            made = sign(message.replace(b"{compact_body}", compact).replace(b"{body}", body)).decode()
            spelt = {"hex": made, "base64": base64.b64encode(bytes.fromhex(made)).decode()}
            for spelling, (name, text) in product(SPELLINGS, headers.items()):
                if spelt[spelling] in text:
                    value = text.replace(spelt[spelling], "{signature}")
                    value, separator = _parted(value.replace(at, f"{{{kind}}}") if at else value)
                    named = signed.replace("{timestamp}", f"{{{kind}}}")
                    others = _holding(at, kind, named, value, headers) | _holding(event, "id", named, value, headers)
                    yield _Found(form, algorithm, named, spelling, name, value, separator, others)


def _parted(value: str) -> tuple[str, str]:
    """A signature's header without the parts that others have in it, such as an older `v0=`, and what is between."""
    for separator in SEPARATORS:
        parts = value.split(separator)
        named = [part for part in parts if "{" in part]
        if len(named) < len(parts) and all(map(_LABELLED.match, parts)) and all(part.count("{") == 1 for part in named):
            return separator.join(named), separator
    return value, ""


def _holding(text: str, name: str, signed: str, value: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The header that holds what is signed under a name, unless the signature's own does."""
    named = f"{{{name}}}"
    if named not in signed or named in value:
        return {}
    return dict([(header, named) for header, found in headers.items() if found == text][:1])
