"""Reading the user's TOML files: one reader, one set of errors."""

import tomllib
from pathlib import Path
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.files import read_once_only


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file. Raises ConfigError that names the file and what is wrong with it."""
    if fault := read_once_only(path):
        raise ConfigError([fault])
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"cannot read {path}: {error.strerror}: look at its name, and who may read it"]) from None
    except RecursionError:
        raise ConfigError([f"{path}: not TOML of ours: it is nested too deeply"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: not TOML: {error}"]) from None
