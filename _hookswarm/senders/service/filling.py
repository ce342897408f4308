"""Texts with `{names}` in them, filled with the values of a service, of a group of endpoints, or of one endpoint.

What stands in braces and is not a plain word stays as it is, so that a text may be JSON.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from _hookswarm.common.errors import ConfigError

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Values = Mapping[str, str]

_NAMED = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def names_in(text: str) -> list[str]:
    """The names that a text wants filled in, each once."""
    return list(dict.fromkeys(_NAMED.findall(text)))


def fill(text: str, values: Values, spell: Callable[[str], str] = str) -> str:
    """The text with its values, each as `spell` writes it. Raises KeyError for a name without a value."""
    return _NAMED.sub(lambda found: spell(values[found[1]]), text)


def in_url(value: str) -> str:
    """A value as a part of a path or query."""
    return quote(value, safe="")


def in_json(value: str) -> str:
    """A value between the double quotes of a JSON text, or of YAML."""
    return json.dumps(value)[1:-1]


def in_header(value: str) -> str:
    """A value in a header's line: a line break would begin another header, and often stands at a secret's end."""
    return _CONTROL.sub(" ", value).strip()


def from_environment(text: str, env: Mapping[str, str] = os.environ) -> str:
    """The text with `${NAME}` and `${NAME:-what it is otherwise}` filled. Raises ConfigError for those not set."""
    if missing := unset_in([text], env):
        raise ConfigError([f"${name} is not set: set it, and start again" for name in missing])
    if strange := [name for name, _ in _variables(text) if not is_text(env.get(name, ""))]:
        raise ConfigError([f"${name} is no UTF-8 text: set it again" for name in dict.fromkeys(strange)])
    return _VARIABLE.sub(lambda found: env.get(found[1]) or found[2] or "", text)


def unset_in(texts: Iterable[str], env: Mapping[str, str] = os.environ) -> list[str]:
    """The variables that texts need and the environment has not, each once."""
    needed = (name for text in texts for name, other in _variables(text) if other is None)
    return [name for name in dict.fromkeys(needed) if not env.get(name)]


def is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _variables(text: str) -> Sequence[tuple[str, str | None]]:
    return [(found[1], found[2]) for found in _VARIABLE.finditer(text)]
