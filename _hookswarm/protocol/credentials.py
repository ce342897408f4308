"""The signing secret and the control token: from the environment, a file, or made on first use.

Never from the command line, where every user of the machine could read them.
"""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.signature import parse_secret

FOLDER = Path(".hookswarm")
"""Where sender and receiver started from the same checkout find each other's credentials."""


def signing_key(env: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> bytes:
    """The HMAC key: $HOOKSWARM_SECRET, else the file $HOOKSWARM_SECRET_FILE, else one made in `folder`."""
    return parse_secret(_credential("SECRET", env, folder, _new_secret))


def control_token(env: Mapping[str, str] = os.environ, folder: Path = FOLDER) -> str:
    """The control API's token: $HOOKSWARM_TOKEN, else the file $HOOKSWARM_TOKEN_FILE, else one made in `folder`."""
    token = _credential("TOKEN", env, folder, lambda: secrets.token_urlsafe(32))
    if len(token) < 16 or not token.isascii() or not token.isprintable():
        raise ConfigError(["the control token is not 16 or more printable ASCII characters"])
    return token


def configured_token(env: Mapping[str, str] = os.environ) -> str | None:
    """The control token somebody set on purpose, or None."""
    given = env.get("HOOKSWARM_TOKEN") or env.get("HOOKSWARM_TOKEN_FILE")
    return control_token(env) if given else None


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _credential(name: str, env: Mapping[str, str], folder: Path, make: Callable[[], str]) -> str:
    if value := env.get(f"HOOKSWARM_{name}"):
        return value
    given = env.get(f"HOOKSWARM_{name}_FILE")
    path = Path(given) if given else folder / name.lower()
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        if given:
            raise ConfigError([f"$HOOKSWARM_{name}_FILE: no such file: {path}"]) from None
    except OSError as error:
        raise ConfigError([f"cannot read {path}: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ConfigError([f"cannot read {path}: not text"]) from None
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
        raise ConfigError([f"cannot write {path}: {error.strerror}"]) from None


def _create_named(env: Mapping[str, str] = os.environ) -> list[Path]:
    """Make the files that $HOOKSWARM_SECRET_FILE and $HOOKSWARM_TOKEN_FILE name, unless they are there."""
    made: dict[str, Callable[[], str]] = {"SECRET": _new_secret, "TOKEN": lambda: secrets.token_urlsafe(32)}
    given = {name: env.get(f"HOOKSWARM_{name}_FILE") for name in made}
    paths = {name: Path(text) for name, text in given.items() if text}
    for name, path in paths.items():
        if not path.exists():
            _create(path, made[name]())
    return list(paths.values())


if __name__ == "__main__":
    for created in _create_named():
        print(created)
