"""Named retry laws, a TOML file: how known senders retry, and where that is written."""

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import NAME, faults_of
from _hookswarm.common.toml import read_toml
from _hookswarm.common.wording import one_of
from _hookswarm.protocol.providers import Provider
from _hookswarm.senders.plan.retry import RetryLaw, scaled_law

DEFAULT_PROFILES = Path(__file__).with_name("profiles.toml")
OF_PROVIDER = "provider"
"""The name of a profile that stands for the provider's own."""


@dataclass(frozen=True)
class Profile:
    """How a known sender retries, and how well that is known."""

    name: Annotated[str, Field(pattern=NAME)]
    source: Annotated[str, Field(min_length=1)]
    """Where the numbers come from."""
    as_of: date
    """When they were read there."""
    law: RetryLaw
    note: str = ""
    """What is second-hand or approximate about them."""


_ORIGIN = ("source", "as_of", "note")
"""Keys of a profile's table that are not its law's."""
_LAW, _PROFILE = TypeAdapter(RetryLaw), TypeAdapter(Profile)


def profile(name: str, path: Path = DEFAULT_PROFILES) -> Profile:
    """The profile of that name. Raises ConfigError that lists the names there are."""
    profiles = load_profiles(path)
    if name not in profiles:
        where = "" if path == DEFAULT_PROFILES else f" in {path}"
        raise ConfigError([f"--retry-profile: there is no profile {name!r}{where}: {one_of(name, profiles)}"])
    return profiles[name]


def load_profiles(path: Path = DEFAULT_PROFILES) -> dict[str, Profile]:
    """The profiles of a TOML file by name, in its order. Raises ConfigError that names every fault of the file."""
    try:
        content = read_toml(path)
    except ConfigError as error:
        raise ConfigError([f"--retry-profiles {fault}" for fault in error.faults]) from None
    faults = [] if content else ["there is no retry profile in it: write one, as docs/retry.md shows"]
    profiles = {}
    for name, table in content.items():
        try:
            profiles[name] = _read(name, table)
        except ConfigError as error:
            faults += [f"{name}: {fault}" for fault in error.faults]
    if faults:
        raise ConfigError([f"--retry-profiles {path}: {fault}" for fault in faults])
    return profiles


def _read(name: str, table: Any) -> Profile:
    if not isinstance(table, dict):
        raise ConfigError(["write a table: [name]"])
    law, faults = _law({key: value for key, value in table.items() if key not in _ORIGIN})
    origin = {key: table[key] for key in _ORIGIN if key in table}
    try:
        found = _PROFILE.validate_python({"name": name, "law": law, **origin})
    except ValidationError as error:
        faults += faults_of(error, Profile)
    if faults:
        raise ConfigError(faults)
    return found


def _law(table: dict[str, Any]) -> tuple[RetryLaw, list[str]]:
    """The law of a table, and what is wrong with it."""
    if table.get("retry_after") is False:  # TOML has no null
        table["retry_after"] = None
    try:
        law = _LAW.validate_python(table)
    except ValidationError as error:
        return RetryLaw(), faults_of(error, RetryLaw)
    return law, list(law.problems())


def law_of(options: argparse.Namespace, provider: Provider | None) -> tuple[str, RetryLaw] | None:
    """The law that `--retry-profile` asks for, and what to call it. Raises ConfigError."""
    name, table, scale, faults = options.retry_profile, options.retry_profiles, options.time_scale, []
    if name == OF_PROVIDER and provider:
        if not provider.retry:
            raise ConfigError([f"--retry-profile: how {provider.name} retries is not known: name a profile"])
        name = provider.retry
    if not name and (table or scale != 1):
        faults.append("--retry-profiles and --time-scale are about a --retry-profile: add that, or leave them out")
    if not 0 < scale <= 1e3:
        faults.append(f"--time-scale {scale:g} is out of range: write more than 0, and at most 1000")
    law = None
    try:
        law = profile(name, Path(table) if table else DEFAULT_PROFILES).law if name else None
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    label = f"profile={name}" + (f" x{scale:g}" if scale != 1 else "")
    return (label, scaled_law(law, scale)) if law else None
