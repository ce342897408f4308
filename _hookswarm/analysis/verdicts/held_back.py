"""Stages that `--max-rate` held back: what they reached is no limit of the target's."""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.scaling.scaling import is_held_back
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.verdict import Reason
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.common.wording import first_of

NAMED = 3
FULL = 0.95
"""Share of `--max-rate` from which on retries take the place of fresh events."""
RETRIED = 1.01
"""Attempts per event; below, hardly any event was retried."""


def held_back(stages: Sequence[Stage]) -> Iterator[Reason]:
    """A note for closed loops, and one for stages whose retries took the place of events."""
    closed = [stage.name for stage in stages if is_held_back(stage)]
    if closed:
        calibrated = any(stage.through for stage in stages)
        what = "the calibration, or --max-rate," if calibrated else "--max-rate"
        todo = "set --rate" if calibrated else "raise it"
        message = f"{first_of(closed, NAMED)}: {what} was the limit; {todo} to see what the target can do"
        yield Reason(code=Code.HELD_BACK, message=message)
    if full := [stage.name for stage in stages if _is_full(stage)]:
        message = f"{first_of(full, NAMED)}: retries took the place of events; set --max-rate above --rate"
        yield Reason(code=Code.HELD_BACK, message=message)


def _is_full(stage: Stage) -> bool:
    most, per_delivery = stage.parameters.get("max_rate"), stage.attempts.per_delivery
    if not most or not stage.window_s or not stage.retry or (per_delivery or 0) < RETRIED:
        return False
    return bool(stage.attempts.total / stage.window_s >= FULL * most)
