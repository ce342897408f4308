"""Reading the user's TOML files: one reader, one set of errors."""

import tomllib
from pathlib import Path
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.files import read_once_only
from _hookswarm.common.syntax import toml_fault


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file. Raises ConfigError that names the file and what is wrong with it."""
    if fault := read_once_only(path):
        raise ConfigError([fault])
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"cannot read {path}: {error.strerror}: check its name and permissions"]) from None
    except RecursionError:
        raise ConfigError([f"{path}: not TOML of ours: it is nested too deeply: write it flatter"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: not TOML: byte {error.start + 1} is not UTF-8: save it as UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}: not TOML: {toml_fault(error)}"]) from None
