"""How a row of the conformance table is made."""

from collections.abc import Iterable

import numpy as np

from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.watched import Floats

UNTOLD = "its table promises nothing"


def ruled(rule: str, promised: str | None, observed: str, kept: bool, evidence: str) -> Rule:
    """What was seen, beside what is promised."""
    verdict = "not promised" if promised is None else "kept" if kept else "broken"
    return Rule.model_validate(
        {"rule": rule, "promised": promised, "observed": observed, "verdict": verdict, "evidence": evidence}
    )


def unseen(rule: str, promised: str | None, why: str) -> Rule:
    """What could not be seen."""
    return Rule(rule=rule, promised=promised, observed="-", verdict="not observed", evidence=why)


def seconds(values: Iterable[float] | Floats) -> str:
    """How long they are: `2.0 s`, or `1.9 to 2.3 s`."""
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return "-"
    low, high = f"{known.min():.3g}", f"{known.max():.3g}"
    return f"{low} s" if low == high else f"{low} to {high} s"


def events(count: int) -> str:
    """`1 event`, `3 events`."""
    return f"{count:,} event{'s' * (count != 1)}"


def of(count: int, total: int) -> str:
    """`3 of 3`."""
    return f"{count:,} of {total:,}"
