"""Checks on a run's numbers: `stage:load-* region:eu-* p99_ms < 250`, one a line of the command, or in a TOML file.

Before the number stands what it is of: any of test, stage, scenario, class, region, origin, strategy and role, each
with a pattern as a shell has them. All that match have to hold. A number that the run does not have is an error, never
a pass.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from _hookswarm.analysis.verdicts.measures import ALIASES, EVERYWHERE, Number
from _hookswarm.analysis.verdicts.names import unknown_number
from _hookswarm.common.errors import ConfigError
from _hookswarm.common.toml import read_toml
from _hookswarm.common.wording import first_of, one_of

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
SCOPES = ("test", "stage", "scenario", "class", "region", "origin", "strategy", "role")
UNITS: dict[str, tuple[str, float]] = {
    "us": ("s", 1e-6),
    "ms": ("s", 1e-3),
    "s": ("s", 1.0),
    "m": ("s", 60.0),
    "%": ("share", 0.01),
    "B": ("bytes", 1.0),
    "kB": ("bytes", 1e3),
    "MB": ("bytes", 1e6),
    "GB": ("bytes", 1e9),
}
"""What a unit measures, and how much of it, in seconds, parts of one, or bytes."""

_CHECK = re.compile(
    r"\s*(?P<scopes>(?:[a-z]+:(?:\"[^\"]*\"|\S+)\s+)*)(?P<name>[A-Za-z_][A-Za-z0-9_.]*)\s*"
    r"(?P<operator><=|>=|==|!=|<|>)\s*(?P<value>[-+]?[0-9.]+(?:e[-+]?[0-9]+)?)\s*(?P<unit>[A-Za-z%]*)\s*"
)
_SCOPE = re.compile(r"([a-z]+):(?:\"([^\"]*)\"|(\S+))")


class CheckError(ConfigError):
    """A check that cannot be understood; the text names the place."""


class CheckStatus(StrEnum):
    """`ERROR`: there is no such number, or its value is unknown. Only `PASS` lets a run pass."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"


@dataclass(frozen=True)
class Check:
    """`scopes` are patterns by kind (`stage`: `load-*`); `operator` is one of `OPERATORS`."""

    text: str
    scopes: Mapping[str, str]
    name: str
    operator: str
    value: float
    """In the number's own unit."""


@dataclass(frozen=True)
class CheckResult:
    """How a check ended, and what it found."""

    check: Check
    status: CheckStatus
    message: str
    """The value that decided, and where it was; what failed; why it could not be judged."""
    numbers: Sequence[Number] = ()
    """Those that decided: all that failed, or all that held."""
    value: float | None = None
    """The one that is nearest to failing, or farthest beyond; None: not known."""


def parse_check(text: str) -> Check:
    """Raises CheckError."""
    found = _CHECK.fullmatch(text)
    if not found:
        raise CheckError([f"check {text!r}: {_fault(text)}"])
    scopes = {key: quoted or plain for key, quoted, plain in _SCOPE.findall(found["scopes"])}
    if strange := [key for key in scopes if key not in SCOPES]:
        raise CheckError([f"check {text!r}: there is no scope {strange[0]!r}: {one_of(strange[0], SCOPES)}"])
    try:
        value = float(found["value"])
    except ValueError:
        raise CheckError([f"check {text!r}: {found['value']!r} is not a number: write one, such as 250"]) from None
    return Check(text, scopes, found["name"], found["operator"], _converted(text, found["name"], value, found["unit"]))


def _fault(text: str) -> str:
    """Where it stops making sense."""
    found = re.search(r"[<>=!]+", text)
    if not found:
        return "no comparison in it: write one, such as p99_ms<250"
    if found.group() not in OPERATORS:
        return f"{found.group()!r} at {found.start()} compares nothing: write one of {' '.join(OPERATORS)}"
    left, right = text[: found.start()].strip(), text[found.end() :].strip()
    if not right or not re.match(r"[-+]?[0-9.]", right):
        return f"{right!r} at {found.end()} is not a number: write one, such as 250"
    words = left.split()
    if not words or ":" in words[-1]:
        return f"no number is named before the {found.group()!r} at {found.start()}: write one, such as p99_ms<250"
    if strange := next((word for word in words[:-1] if ":" not in word), None):
        return f"{strange!r} at {text.index(strange)} is not a scope: write one, such as stage:load*"
    return f"{left!r} names no number: write it as p99_ms<250 or stage:load* p99_ms<250"


def _converted(text: str, name: str, value: float, unit: str) -> float:
    if not unit:
        return value
    if unit not in UNITS:
        raise CheckError([f"check {text!r}: there is no unit {unit!r}: write one of {', '.join(UNITS)}"])
    kind, factor = UNITS[unit]
    own = unit_of(name)
    if own is None or UNITS[own][0] != kind:
        if fault := unknown_number(name):
            raise CheckError([f"check {text!r}: {fault}"])
        told, mend = (f"in {own}", f"write it in {own}") if own else ("a plain number", "leave the unit out")
        raise CheckError([f"check {text!r}: {name} is {told}, not in {unit}: {mend}"])
    return value * factor / UNITS[own][1] if own != "%" else value * factor


def unit_of(name: str) -> str | None:
    """The unit that a number's name tells; "%" stands for parts of one."""
    for part in reversed(name.split(".")):
        if part.endswith("_ms"):
            return "ms"
        if part.endswith(("_rate", "_share")) or part in ("share", "error_rate", "errors"):
            return "%"
        if "bytes" in part:
            return "B"
        if part.endswith("_s") and not part.endswith("per_s"):
            return "s"
    return None


def load_checks(path: Path) -> list[Check]:
    """Those of a TOML file: `checks = ["p99_ms<250", ...]`. Raises ConfigError that names every fault."""
    try:
        content = read_toml(path)
    except ConfigError as error:
        raise CheckError([f"--checks {fault}" for fault in error.faults]) from None
    told = content.get("checks")
    if set(content) != {"checks"} or not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise CheckError([f'--checks {path}: write one list: checks = ["p99_ms<250", "lost==0"]'])
    return parse_checks(told)


def parse_checks(texts: Iterable[str]) -> list[Check]:
    """Raises CheckError that names every fault."""
    checks: list[Check] = []
    faults: list[str] = []
    for text in texts:
        try:
            checks.append(parse_check(text))
        except CheckError as error:
            faults += error.faults
    if faults:
        raise CheckError(faults)
    return checks


def judge_checks(checks: Iterable[Check], numbers: Sequence[Number]) -> list[CheckResult]:
    """A result for each check, in their order; all numbers that a check matches have to hold."""
    return [_judge(check, numbers) for check in checks]


def is_about(check: Check, numbers: Sequence[Number]) -> bool:
    """Whether any of these numbers is one that it names, be its value known or not."""
    return bool(_matching(check, numbers))


def _matching(check: Check, numbers: Sequence[Number]) -> list[Number]:
    kind = frozenset(check.scopes) - set(EVERYWHERE)
    of_kind = [number for number in numbers if number.kind == kind]
    known = {number.name for number in of_kind}
    name = next((name for name in ALIASES.get(check.name, (check.name,)) if name in known), None)
    return [
        number
        for number in of_kind
        if number.name == name
        and all(fnmatchcase(number.scope.get(key, ""), pattern) for key, pattern in check.scopes.items())
    ]


def all_held(results: Iterable[CheckResult]) -> bool:
    """Whether all of them did."""
    return all(result.status is CheckStatus.PASS for result in results)


def _judge(check: Check, numbers: Sequence[Number]) -> CheckResult:
    kind = frozenset(check.scopes) - set(EVERYWHERE)
    known = {number.name for number in numbers if number.kind == kind}
    if not known.intersection(ALIASES.get(check.name, (check.name,))):
        return CheckResult(check, CheckStatus.ERROR, _unknown(check.name, kind, known))
    matching = _matching(check, numbers)
    if not matching:
        wanted = " ".join(f"{key}:{pattern}" for key, pattern in check.scopes.items())
        return CheckResult(check, CheckStatus.ERROR, f"this run has nothing that is {wanted}")
    if missing := [number for number in matching if number.value is None]:
        why = "; no event fell due there, raise --rate or --duration" if _idle(missing, numbers) else ""
        return CheckResult(check, CheckStatus.ERROR, f"not known: {_listed(missing)}{why}", missing)
    holds = OPERATORS[check.operator]
    if broken := [number for number in matching if not holds(number.value or 0.0, check.value)]:
        return CheckResult(check, CheckStatus.FAIL, _listed(broken), broken, _nearest(check, broken).value)
    if check.operator in ("<", "<=") and (open_ended := [number for number in matching if number.at_least]):
        message = f"only a lower bound, for some workers got no answer (workers_unanswered): {_listed(open_ended)}"
        return CheckResult(check, CheckStatus.ERROR, message, open_ended)
    nearest = _nearest(check, matching)
    return CheckResult(check, CheckStatus.PASS, _held(nearest, matching), matching, nearest.value)


def _nearest(check: Check, numbers: Sequence[Number]) -> Number:
    """The one that is nearest to failing, or farthest beyond."""
    if check.operator in (">", ">="):
        return min(numbers, key=lambda one: one.value or 0.0)
    if check.operator in ("<", "<="):
        return max(numbers, key=lambda one: one.value or 0.0)
    return max(numbers, key=lambda one: abs((one.value or 0.0) - check.value))


def _held(nearest: Number, numbers: Sequence[Number]) -> str:
    """`148 in stage:bursts, which is nearest to failing of 5`, `0 in all 12`."""
    value = f"{nearest.value:g}"
    if len(numbers) == 1:
        return value
    if len({one.value for one in numbers}) == 1:
        return f"{value} in all {len(numbers)}"
    return f"{value} in {nearest.where}, which is nearest to failing of {len(numbers)}"


def _idle(missing: Sequence[Number], numbers: Sequence[Number]) -> bool:
    """Whether these are unknown because nothing fell due in their stages."""
    due = [one for one in numbers if not one.kind and one.name == "deliveries.due"]
    idle = {one.scope.get("stage") for one in due if one.value == 0}
    return all(one.scope.get("stage") in idle for one in missing)


def _unknown(name: str, kind: frozenset[str], known: set[str]) -> str:
    of_what = f"a {' and '.join(sorted(kind))}" if kind else "a stage"
    near = get_close_matches(name, [*ALIASES, *known], 3)
    return f"this run has no {name!r} of {of_what}" + (f"; near it: {', '.join(near)}" if near else "")


def _listed(numbers: Sequence[Number], most: int = 3) -> str:
    told = [f"{number} is {'unknown' if number.value is None else f'{number.value:g}'}" for number in numbers]
    return first_of(told, most, "; ")
