"""Restarts of a delivery service that went wrong, or that tell nothing because nothing was accepted before them."""

from collections.abc import Iterable, Iterator

from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.analysis.schema.verdict import Reason
from _hookswarm.analysis.verdicts.codes import Code


def failures(restarted: Iterable[Restarted]) -> Iterator[Reason]:
    """What the service, or its table, is to blame for."""
    for one in restarted:
        if one.fault:
            yield Reason(code=Code.RESTART_FAILED, message=f"{one.stage}: {one.fault}")
        if one.untested and one.due_before:
            message = f"{one.stage}: {one.untested}; {Code.RESTART_UNTESTED.advice}"
            yield Reason(code=Code.RESTART_UNTESTED, message=message)


def notes(restarted: Iterable[Restarted]) -> Iterator[Reason]:
    """Those that came before any event: the plan was too small for them."""
    for one in restarted:
        if one.untested and not one.due_before:
            message = f"{one.stage}: {one.untested}, so it tested nothing; raise --rate or --duration"
            yield Reason(code=Code.RESTART_UNTESTED, message=message)
