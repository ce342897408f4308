"""Lengths of time as options say them."""

import re

from _hookswarm.common.errors import ConfigError

# Locust has a parser for this, but importing it patches the whole process.
_TIME = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s?)?").fullmatch


def seconds_of(option: str, text: str) -> float | None:
    """Of `90s`, `30m`, `1h30m`, or a number of seconds; None where nothing is said. Raises ConfigError."""
    found = _TIME(text)
    seconds = (
        sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else 0
    )
    if text and not 0 < seconds <= 1e7:
        raise ConfigError([f"{option} {text!r} is not a time: write 90s, 30m or 1h30m"])
    return float(seconds) or None
