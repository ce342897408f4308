"""The rotation of a secret: what signs until an instant, and what does from then on.

As providers do it: where the format has room for two signatures both stand there until the old secret ends (Stripe,
Svix); where it has not, the new secret takes the old one's place at once (GitHub).
"""

from collections.abc import Callable, Mapping, Sequence

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.credentials import Secret
from _hookswarm.protocol.formats import Format
from _hookswarm.protocol.providers import Provider
from _hookswarm.protocol.signing import Signer


class RotatingSigner:
    """Dresses attempts as a Signer does: as one until `at_s` (Unix seconds), as the other from then on."""

    def __init__(self, before: Signer, after: Signer, at_s: float) -> None:
        self._before, self._after, self._at_s = before, after, at_s
        self.uses_type = before.uses_type
        self.dress_plainly = _plainly(before.dress_plainly, after.dress_plainly, at_s)

    def dress(self, event_id: bytes, now_s: float, *more: bytes | int) -> tuple[bytes, bytes]:
        """See `Signer.dress`."""
        return (self._before if now_s < self._at_s else self._after).dress(event_id, now_s, *more)  # type: ignore[arg-type]  # handed on as they came


Plainly = Callable[[bytes, float, bytes, bytes], bytes]


def _plainly(before: Plainly | None, after: Plainly | None, at_s: float) -> Plainly | None:
    if not before or not after:
        return None

    def dress(event_id: bytes, now_s: float, payload: bytes, tag: bytes) -> bytes:
        return (before if now_s < at_s else after)(event_id, now_s, payload, tag)

    return dress


def signers(
    provider: Provider,
    secrets: Sequence[Secret],
    rotates: bool,
    own: Mapping[str, str] | None = None,
    written_in: Format = "json",
) -> tuple[Signer, Signer | None]:
    """What signs, and what does after a rotation, if there is to be one. Raises ConfigError.

    Two secrets without a rotation both sign; a provider whose format has no room for that cannot have them.
    """
    keys = [secret.key for secret in secrets]
    if rotates and (fault := _fault(provider, secrets)):
        raise ConfigError([f"--rotate-at: {fault}"])
    room = bool(provider.signature and provider.signature.again)
    if len(keys) > 1 and not room and not rotates:
        said = f"provider {provider.name} sends one signature, and {secrets[1].where} would be a second"
        raise ConfigError([f"{said}: unset it, or say by --rotate-at when it takes the place of the first"])
    first = Signer(provider, keys if room else keys[:1], own, written_in)
    return first, Signer(provider, keys[1:], own, written_in) if rotates else None


def _fault(provider: Provider, secrets: Sequence[Secret]) -> str:
    if not provider.signature:
        return f"provider {provider.name} signs nothing: leave it out"
    if len(secrets) < 2:
        return "there is no secret to change to: set $HOOKSWARM_SECRET_NEXT, or name its file in …_NEXT_FILE"
    if secrets[0].key == secrets[1].key:
        return f"{secrets[0].where} and {secrets[1].where} hold the same secret: set another one"
    return ""
