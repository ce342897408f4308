"""`--rate`, `--max-rate` and `--webhooks` as numbers, and the bound that holds where none is given."""

from dataclasses import dataclass

from _hookswarm.common.errors import ConfigError

HIGHEST_PER_S = 1e6
LOWEST_PER_S = 1e-2
BEYOND_PER_S = 50.0
"""At somebody's receivers beyond loopback, where nobody said how much they take."""


@dataclass(frozen=True)
class Bound:
    """How many attempts a second are sent at most, of every stage."""

    per_s: float
    why: str = ""
    """Why it holds, and how it is changed; empty: it was given."""

    def told(self) -> str:
        """For people."""
        return f"at most {self.per_s:,.6g} attempts a second{self.why and f': {self.why}'}"


def rate_of(option: str, text: str) -> float | None:
    """The number of an option, a second; None where it is not given. Raises ConfigError."""
    if not text:
        return None
    try:
        rate = float(text)
    except ValueError:
        raise ConfigError([f"{option}: {text!r} is not a number: write 5 or 0.5"]) from None
    if not LOWEST_PER_S <= rate <= HIGHEST_PER_S:
        raise ConfigError([f"{option} {text} is out of range: write {LOWEST_PER_S:g} to {HIGHEST_PER_S:.0f} a second"])
    return rate


def count_of(option: str, text: str) -> int | None:
    """The whole number of an option, 1 at least; None where it is not given. Raises ConfigError."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PER_S):
        raise ConfigError([f"{option} {text!r}: write a whole number from 1 to {HIGHEST_PER_S:.0f}"])
    return int(text)


def bound_of(max_rate: float | None, rate: float | None, ours: bool, beyond_loopback: bool) -> Bound | None:
    """The bound of a run; `ours`: all receivers are; None: it has none."""
    if max_rate is not None:
        return Bound(max_rate)
    if ours:
        return None
    if rate is not None:
        return Bound(rate, "as --rate has it; --max-rate sets another bound")
    if beyond_loopback:
        return Bound(BEYOND_PER_S, "the target is beyond this machine; --rate or --max-rate set another bound")
    return None
