"""The signing secret and the control token: from the environment, a file, or made on first use.

Never from the command line, where every user of the machine could read them.
"""

import json
import os
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import quote, quote_plus

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.files import read_once_only
from _hookswarm.protocol.forms import TOLD, Form, make_secret, parse_secret
from _hookswarm.protocol.providers import DEFAULT, Provider
from _hookswarm.protocol.signature import ASYMMETRIC

HIDDEN = b"********"
LEAST_HIDDEN = 4
"""Bytes of what is hidden in an answer: less than that stands in any text."""
LEAST_KNOWN = 8
"""Bytes of a secret by which it is known where the rest is cut off."""
FOLDER = Path(".hookswarm")
"""Where sender and receiver started from the same checkout find each other's credentials."""


@dataclass(frozen=True)
class Secret:
    """A provider's secret, and where it was found."""

    key: bytes = field(repr=False)
    where: str
    """`$HOOKSWARM_SECRET`, `$HOOKSWARM_SECRET_FILE (path)`, or the path of one that was made up."""
    form: Form
    made_up: bool
    """Nobody gave one: a receiver of others cannot know it."""

    def told(self) -> str:
        """For people: `$HOOKSWARM_SECRET, taken as hexadecimal`."""
        return f"{self.where}, {'made up' if self.made_up else f'taken as {TOLD[self.form]}'}"


def signing_secrets(
    provider: Provider, env: Mapping[str, str] = os.environ, folder: Path = FOLDER
) -> tuple[Secret, ...]:
    """The secret of a provider, and during a rotation the next one after it; none where nothing is signed.

    Of $HOOKSWARM_SECRET, else the file $HOOKSWARM_SECRET_FILE, else one made in `folder`; the next one of
    $HOOKSWARM_SECRET_NEXT or $HOOKSWARM_SECRET_NEXT_FILE, if these are set. Raises ConfigError.
    """
    if not provider.signature:
        return ()
    form = provider.signature.secret
    # Each form has a file of its own; the one of before goes on holding `whsec_…`.
    made = "secret" if form == "whsec" else f"secret-{form}"
    found = [_secret("SECRET", form, provider.name, env, folder / made)]
    if env.get("HOOKSWARM_SECRET_NEXT") or env.get("HOOKSWARM_SECRET_NEXT_FILE"):
        found.append(_secret("SECRET_NEXT", form, provider.name, env, folder / made))
    return tuple(found)


def _secret(name: str, form: Form, provider: str, env: Mapping[str, str], made: Path) -> Secret:
    text = _credential(name, env, made, lambda: make_secret(form))
    file = env.get(f"HOOKSWARM_{name}_FILE")
    given = f"${_variable(name)}" if env.get(_variable(name)) else f"${_variable(name)}_FILE ({file})" if file else ""
    try:
        return Secret(parse_secret(text, form), given or str(made), form, made_up=not given)
    except ConfigError as error:
        mend = f"give it as provider {provider} does"
        mend += ", or name its provider by --provider" * (provider == DEFAULT)
        raise ConfigError([f"{given or made}: {fault}: {mend}" for fault in error.faults]) from None


def _variable(name: str) -> str:
    return f"HOOKSWARM_{name}"


def masked(text: bytes, keys: Iterable[bytes]) -> bytes:
    """What was sent or answered, without the secrets that stand in it themselves, as a plain token does.

    One that is cut off by its end is hidden as well.
    """
    for secret in dict.fromkeys(form for key in keys if len(key) >= LEAST_HIDDEN for form in _forms(key)):
        text = text.replace(secret, HIDDEN)
        for length in range(min(len(secret), len(text)), LEAST_KNOWN - 1, -1):
            if text.endswith(secret[:length]):
                text = text[:-length] + HIDDEN
                break
    return text


_QUOTES = (("&quot;", "&#x27;"), ("&#34;", "&#39;"), ("&quot;", "&#39;"), ("&quot;", "'"))
"""How those who write HTML spell both marks."""


def _forms(key: bytes) -> Iterator[bytes]:
    """How it may stand in an answer: as it is, encoded, or escaped for a page, JSON or a URL."""
    yield from (key, key.hex().encode(), key.hex().upper().encode())
    for spelt in (b64encode(key), urlsafe_b64encode(key)):
        yield from (spelt, spelt.rstrip(b"="))
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return
    for double, single in _QUOTES:
        yield escape(text, quote=False).replace('"', double).replace("'", single).encode()
    yield from (spell(text).encode() for spell in (_in_json, quote, quote_plus))


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def public_key_text(provider: Provider, secret: Secret) -> str | None:
    """The public half of a key pair, as the provider hands it out: for the receiver's configuration. Else None."""
    signature = provider.signature
    if not signature or signature.algorithm not in ASYMMETRIC:
        return None
    from _hookswarm.protocol.key_pairs import public_text

    return public_text(secret.key, signature.public)


def control_token(env: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> str:
    """The control API's token: $HOOKSWARM_TOKEN, else the file $HOOKSWARM_TOKEN_FILE, else one made in `folder`."""
    token = _credential("TOKEN", env, folder / "token", lambda: secrets.token_urlsafe(32))
    if len(token) < 16 or not token.isascii() or not token.isprintable():
        raise ConfigError(
            ["the control token is not 16 or more printable ASCII characters: set another in $HOOKSWARM_TOKEN"]
        )
    return token


def configured_token(env: Mapping[str, str] = os.environ) -> str | None:
    """The control token somebody set on purpose, or None."""
    given = env.get("HOOKSWARM_TOKEN") or env.get("HOOKSWARM_TOKEN_FILE")
    return control_token(env) if given else None


def _credential(name: str, env: Mapping[str, str], made: Path, make: Callable[[], str]) -> str:
    """Of a variable, of the file that one names, or of `made`, which is made where it is missing."""
    if value := env.get(_variable(name)):
        return value
    given = env.get(f"HOOKSWARM_{name}_FILE")
    path = Path(given) if given else made
    where = f"$HOOKSWARM_{name}_FILE ({path})" if given else str(path)
    other = f"name another by $HOOKSWARM_{name}_FILE"
    if fault := read_once_only(path):
        raise ConfigError([f"$HOOKSWARM_{name}_FILE: {fault}"])
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        if given:
            raise ConfigError([f"$HOOKSWARM_{name}_FILE: there is no file {path}: name another"]) from None
    except OSError as error:
        raise ConfigError([f"{where} cannot be read: {error.strerror}: {other}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{where} cannot be read: not text: {other}"]) from None
    return _create(path, make())


def _create(path: Path, value: str) -> str:
    """Write a credential that only this user can read; of two that start together, the first wins."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(value + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ConfigError([f"cannot write {path}: {error.strerror}: let this user write there"]) from None


def _create_named(env: Mapping[str, str] = os.environ) -> list[Path]:
    """Make the files that $HOOKSWARM_SECRET_FILE and $HOOKSWARM_TOKEN_FILE name, unless they are there."""
    made: dict[str, Callable[[], str]] = {
        "SECRET": lambda: make_secret("whsec"),
        "TOKEN": lambda: secrets.token_urlsafe(32),
    }
    given = {name: env.get(f"HOOKSWARM_{name}_FILE") for name in made}
    paths = {name: Path(text) for name, text in given.items() if text}
    for name, path in paths.items():
        if not path.exists():
            _create(path, made[name]())
    return list(paths.values())


if __name__ == "__main__":
    for created in _create_named():
        print(created)
