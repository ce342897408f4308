"""What is wrong with a check before there is a run: numbers, units and names that there will never be."""

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase

from _hookswarm.analysis.verdicts.checks import Check
from _hookswarm.analysis.verdicts.measures import EVERYWHERE
from _hookswarm.analysis.verdicts.names import named, unknown_number
from _hookswarm.common.wording import first_of

NAMES_SHOWN = 6


def check_faults(check: Check, there: Mapping[str, Collection[str]], service: bool = True) -> Iterator[str]:
    """A phrase for each thing that will not be there to be checked.

    `there` has, by scope (`test`, `stage`, `class` …), the names that there will be; of a scope that it lacks all are
    believed. `service`: the run goes through a delivery service.
    """
    kind = frozenset(check.scopes) - set(EVERYWHERE)
    if fault := unknown_number(check.name) or _nowhere(check.name, kind, there.get("test"), service):
        yield f"check {check.text!r}: {fault}"
    for scope, pattern in check.scopes.items():
        if scope in there and not any(fnmatchcase(name, pattern) for name in there[scope]):
            yield f"check {check.text!r}: {_nobody(scope, pattern, sorted(there[scope]))}"


def _nowhere(name: str, kind: frozenset[str], tests: Collection[str] | None, service: bool) -> str:
    found = named(name)
    if not service and all(one.of_service for one in found):
        return f"`{name}` is a number of runs through a delivery service: name one by --service, or leave it out"
    of_kind = [one for one in found if one.kind == kind]
    if not of_kind:
        others = sorted({" ".join(f"{scope}:…" for scope in sorted(one.kind)) or "no scope" for one in found})
        return f"`{name}` is told of {_thing(kind)} nowhere: write it with {' or '.join(others)}"
    if tests is None or any(one.test is None or one.test in tests for one in of_kind):
        return ""
    return f"`{name}` is a number of the test {of_kind[0].test}: add --test {of_kind[0].test}"


def _thing(kind: frozenset[str]) -> str:
    return f"a {' and '.join(sorted(kind))}" if kind else "a stage"


def _nobody(scope: str, pattern: str, names: list[str]) -> str:
    near = get_close_matches(pattern, names, 1)
    meant = f"write {near[0]!r}" if near else f"write {'one of ' * (len(names) > 1)}{first_of(names, NAMES_SHOWN)}"
    return f"no {scope} is named {pattern!r}: {meant}" if names else f"no {scope} will be there: leave it out"


def doubt(check: Check) -> str:
    """What a check that can be judged says, and hardly was meant to; empty for the others.

    An error rate is a part of one: 1 is all of them.
    """
    if not check.name.endswith(("error_rate", "errors")) or check.value < 1 or check.text.rstrip().endswith("%"):
        return ""
    if check.operator not in ("<", "<="):
        return ""
    fails = "only when everything failed" if (check.operator, check.value) == ("<", 1) else "never"
    return f"check {check.text!r} fails {fails}: did you mean {check.name}{check.operator}{check.value:g}%"
