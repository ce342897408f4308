"""Why a target most likely refused the probe, and how to mend that: one clause for each way in which that shows."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urljoin

from _hookswarm.protocol.handshakes import VERIFY_TOKEN
from _hookswarm.protocol.providers import DEFAULT
from _hookswarm.protocol.signature import ASYMMETRIC
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.transport.answer import SPEAKS_TLS
from _hookswarm.senders.transport.connection import NO_TLS


class Probed(NamedTuple):
    """What came back from a target."""

    url: str
    name: str
    """What people are told in its place."""
    status: int
    """0: no answer."""
    ms: float
    """Connecting included."""
    body: bytes
    """Without what is secret."""
    sent_bytes: int
    """Of the request's body."""
    location: str
    retry_after: str
    outcome: Outcome | None
    """Of a request without an answer."""
    lacks: str
    """Why it is not accepted; empty: it is."""
    own_secret: bool = False
    """The secret is the endpoint's own, of its row in the file."""
    handshake: bool = False
    """It was no event yet."""
    under_load: bool = False
    """It was no probe, but one of many attempts: of these only what the senders tell is known."""


WRITE_HTTPS = "the port speaks TLS: write https://"
OWN_LOG = "its own log says why"
_SIGNATURE_WORDS = (b"sign", b"hmac", b"secret", b"timestamp", b"hook rules")
_PRIVATE_CA = ("self-signed", "self signed", "unable to get", "unable to verify")
_CERTIFICATE_WANTED = ("certificate required", "handshake failure", "bad certificate", "unknown ca")


_REFUSING_WORDS = (b"error", b"invalid", b"denied", b"failed", b"not satisfied", b'"ok":false', b'"success":false')


def doubt(found: Probed, settings: Settings) -> str:
    """What to add where an accepted answer reads like a refusal; empty: it does not, or the user said what counts."""
    said = found.body.lower().replace(b" :", b":").replace(b": ", b":")
    if settings.options.get("accept") or not any(word in said for word in _REFUSING_WORDS):
        return ""
    return "; if that is a refusal, say by --accept 'body ~ TEXT' what an acceptance has in it"


def advice(found: Probed, settings: Settings) -> str:
    """What to look at, and what to write instead; empty where what was seen says it."""
    if found.outcome:
        return _without_answer(found, found.outcome, settings)
    said = found.body.lower()
    if found.status == 400 and (b"http request" in said and b"https" in said):
        return WRITE_HTTPS
    if found.status == 400 and b"ssl certificate" in said:
        return _certificate_wanted(settings)
    if found.handshake:
        return _handshake(found, settings)
    if found.status in (401, 403) or any(word in said for word in _SIGNATURE_WORDS):
        return _signature(found, settings)
    if 300 <= found.status < 400:
        return _redirect(found, settings)
    return _BY_STATUS.get(found.status, _other)(found, settings)


def _redirect(found: Probed, settings: Settings) -> str:
    if not found.location or settings.endpoints:
        return f"no redirect is followed: name the place that it points to; {OWN_LOG}"
    return f"no redirect is followed: write --target {urljoin(found.url, found.location)}"


def _handshake(found: Probed, settings: Settings) -> str:
    handshake = settings.provider.handshake
    assert handshake
    if found.status in (401, 403) and "verify_token" in handshake.query:
        return f"set ${VERIFY_TOKEN} to the token that it expects"
    if found.status in (401, 403):
        return _signature(found, settings)
    return f"answer {handshake.note}" if handshake.note else OWN_LOG


def _signature(found: Probed, settings: Settings) -> str:
    """Most often it is the secret."""
    provider, secrets = settings.provider, settings.secrets
    if found.own_secret:
        return f"look at the secret in its row of --endpoints {settings.options['endpoints']}"
    if not secrets or not provider.signature:
        return f"provider {provider.name} signs nothing: choose another, or add --header 'Authorization: …'"
    secret = secrets[0]
    if provider.signature.algorithm in ASYMMETRIC:
        return f"give it the public key of {secret.where}, which --dry-run shows"
    if found.under_load and settings.rotation:  # the probe was signed by the first
        return f"look whether it takes the secret of {settings.secrets[-1].told()}, too"
    other = "; if it is not Standard Webhooks that it expects, add --provider github, stripe …"
    other = other if provider.name == DEFAULT else f", or name another than --provider {provider.name}"
    if secret.made_up:
        return f"the secret was made up here ({secret.where}): set $HOOKSWARM_SECRET to its own{other}"
    proxied = "; it is signed with the URL that is asked, which a proxy must not change" if _signs_url(settings) else ""
    return f"look whether its secret is that of {secret.told()}{proxied}{other}"


def _signs_url(settings: Settings) -> bool:
    signature = settings.provider.signature
    return bool(signature and "{url}" in signature.signed)


def _certificate_wanted(settings: Settings) -> str:
    if settings.options.get("cert"):
        return "it does not take the certificate of --cert: name one that its authority signed"
    return "it wants a client certificate: name one by --cert PEM and --key PEM"


def _without_answer(found: Probed, outcome: Outcome, settings: Settings) -> str:
    said = found.lacks.lower()
    if SPEAKS_TLS in found.lacks or NO_TLS in found.lacks:
        return ""  # it says all
    if outcome is Outcome.TLS:
        return _tls(said, settings)
    if outcome is Outcome.RESET and found.under_load:  # it was a web server before
        return f"it hangs up on requests: {OWN_LOG}"
    silent = outcome is Outcome.CONNECT_TIMEOUT and found.url.startswith("https:")
    return _BY_OUTCOME.get(outcome, OWN_LOG) + ", and whether it speaks TLS (else http://)" * silent


def _named_in(settings: Settings) -> str:
    """Which option has its URL."""
    return next((f"--{name}" for name in ("target", "endpoints", "regions") if settings.options[name]), "--target")


def _tls(said: str, settings: Settings) -> str:
    if any(word in said for word in _PRIVATE_CA):
        given = settings.options.get("ca_file")
        return (
            f"it was not signed by the authority in --ca-file {given}"
            if given
            else "name the authority that signed it: --ca-file PEM"
        )
    if "expired" in said:
        return "renew the endpoint's certificate"
    if "not yet valid" in said:
        return "look at this machine's clock, or wait"
    if "mismatch" in said:
        return f"write the name that is in the certificate in {_named_in(settings)}, or have that one added"
    if any(word in said for word in _CERTIFICATE_WANTED):
        return _certificate_wanted(settings)
    return OWN_LOG


_BY_OUTCOME = {
    Outcome.REFUSED: "start it, or look at the port",
    Outcome.UNRESOLVED: "look at how the name is written, and whether this machine can look it up",
    Outcome.CONNECT_TIMEOUT: "look at the address, and at what may drop packets before it (a firewall)",
    Outcome.READ_TIMEOUT: "let it answer first and work after that, or wait longer by --response-timeout",
    Outcome.RESET: "see whether it is a web server that listens there, and whether it speaks TLS (https://)",
    Outcome.TRUNCATED: f"it broke off its own answer: {OWN_LOG}",
    Outcome.PROTOCOL: "look at the port: no web server answers so",
    Outcome.LOCAL_SHORTAGE: "then begin again",
}


def _method(_found: Probed, settings: Settings) -> str:
    return f"look at its path in {_named_in(settings)}: it takes no {settings.provider.method} there"


def _too_large(found: Probed, _settings: Settings) -> str:
    size = f"the body has {found.sent_bytes:,} B: " * (not found.under_load)
    return f"{size}raise its limit, or name smaller bodies by --payloads"


def _media_type(_found: Probed, settings: Settings) -> str:
    lines = settings.signer.head.decode("latin-1").split("\r\n")
    sent = next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("content-type:")), "none")
    return f"it wants another content type than {sent}: add --header 'Content-Type: …', or --provider NAME"


def _throttled(found: Probed, _settings: Settings) -> str:
    wait = f"wait ({found.retry_after} s, it says)" if found.retry_after.isdigit() else "wait"
    return f"it limits the rate: {wait}, or lift that limit for this machine"


def _unavailable(found: Probed, _settings: Settings) -> str:
    if found.under_load:  # the probe got through
        return f"it has too much to do, or limits the rate: {OWN_LOG}; try a lower --max-rate"
    return "it is not ready, or nothing is behind a proxy: start that"


def _body(_found: Probed, settings: Settings) -> str:
    if settings.captured:
        return "it does not understand the first body of --payloads, or misses a header: --dry-run shows the request"
    return "it does not understand the body, which is made up: name bodies that it knows by --payloads PATH"


def _other(found: Probed, settings: Settings) -> str:
    if not 200 <= found.status < 300:
        return OWN_LOG + "; --no-probe begins all the same" * (not found.under_load)
    rule = "--accept" if settings.options.get("accept") else f"provider {settings.provider.name}"
    return f"{rule} wants {' and '.join(settings.acceptance.told())}: let it answer so, or change --accept"


Advise = Callable[[Probed, Settings], str]
_BY_STATUS: dict[int, Advise] = {
    400: _body,
    404: lambda _found, settings: f"look at its path in {_named_in(settings)}",
    405: _method,
    413: _too_large,
    415: _media_type,
    422: _body,
    429: _throttled,
    502: lambda _found, _settings: "a proxy answers, and not what is behind it: start that",
    503: _unavailable,
    504: lambda _found, _settings: "a proxy answers, and what is behind it is too slow: see its log",
}
