"""Attempts that failed, in lines and rows: what the terminal, Markdown and the page show of them."""

from collections.abc import Iterator

from _hookswarm.analysis.schema.failures import Failure
from _hookswarm.analysis.schema.report import Section
from _hookswarm.common.wording import and_more, first_of, many

MOST = 5
"""Kinds on a terminal, and in Markdown."""
NAMED = 2
"""Stages that a line names."""
HEADER = ("attempts", "outcome", "seen", "an answer began", "what to look at", "stages", "first, s", "last, s")


def lines(section: Section) -> Iterator[str]:
    """One for each of the commonest kinds; of stages that plan faults only how many there are."""
    unplanned = [one for one in section.failures or [] if not one.planned]
    yield from map(_line, unplanned[:MOST])
    if more := and_more(len(unplanned) - MOST, "kinds: report.html has them all"):
        yield more.strip()
    if planned := sum(one.attempts for one in section.failures or [] if one.planned):
        yield f"{many(planned, 'attempt')} in stages that plan faults"


def _line(one: Failure) -> str:
    """`rejected, 1,000 attempts: status 401, answered "bad signature"; in sustained: look whether …`."""
    sample = f', answered "{one.sample}"' if one.sample else ""
    hint = f": {one.hint}" if one.hint else ""
    where = first_of(list(one.stages), NAMED)
    return f"{one.outcome}, {many(one.attempts, 'attempt')}: {_seen(one)}{sample}; in {where}{hint}"


def _seen(one: Failure) -> str:
    return one.text or (f"status {one.status}" if one.status else "nothing more is known")


def row(one: Failure) -> tuple[str, ...]:
    """Under `HEADER`."""
    where = first_of([f"{name}: {count:,}" for name, count in one.stages.items()], MOST)
    outcome, times = f"{one.outcome}{' (planned)' * one.planned}", (f"{one.first_s:,.1f}", f"{one.last_s:,.1f}")
    return f"{one.attempts:,}", outcome, _seen(one), one.sample, one.hint, where, *times
