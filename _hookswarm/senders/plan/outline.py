"""A stage in a few words, before it is played: how long it lasts, at which rate, how many events."""

from itertools import count
from math import ceil

import numpy as np

from _hookswarm.common.wording import clock
from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Ramp, Sine, Timetable
from _hookswarm.senders.plan.spacing import slots_per_s, timetable
from _hookswarm.senders.plan.stages import Stage

MOST_COUNTED = 1_000_000
"""Events of a schedule; of longer ones only this is told."""


def lasts(stage: Stage) -> str:
    """`30 s`, or what ends it: `1,000 events`."""
    ends = [f"{stage.events:,} events"] if stage.events is not None else []
    ends += [clock(stage.length_s)] if stage.length_s is not None else []
    return ", at most ".join(ends) + (" a try" if stage.limits else "")


def rate(stage: Stage) -> str:
    """How events come: `200/s`, `as answers come` for a closed loop."""
    arrivals = stage.arrivals
    most = f"at most {stage.max_rate:,.6g}/s" if stage.max_rate else ""
    if isinstance(arrivals, Closed):
        return f"as answers come{most and f', {most}'}"
    base = f"{arrivals.rate:,.6g}/s"
    if stage.limits:
        return f"from {base}, {most or 'as high as it goes'}"
    match arrivals:
        case Bursts(factor=factor, for_s=for_s, every_s=every_s):
            return f"{base}, {arrivals.rate * factor:,.6g}/s for {for_s:g} of {every_s:g} s"
        case Ramp(to=to, over_s=over_s):
            return f"{base} to {to:,.6g}/s in {over_s:g} s"
        case Sine(swing=swing):
            return f"{base}, {arrivals.rate * (1 - swing):,.6g} to {arrivals.rate * (1 + swing):,.6g}/s"
        case Backlog(backlog=backlog):
            return f"{base}, {backlog:,} at once"
    return base


def events(stage: Stage, seed: int) -> str:
    """How many events fall due: of a closed loop as many as are answered, of a search nobody knows."""
    if stage.limits:
        return "?"
    if stage.events is not None and (isinstance(stage.arrivals, Closed) or stage.length_s is None):
        return f"{stage.events:,}"
    if stage.length_s is None:
        return "?"
    if isinstance(stage.arrivals, Closed):
        per_s = slots_per_s(stage)
        return f"{ceil(per_s * stage.length_s):,} at most" if per_s else "?"
    most = MOST_COUNTED if stage.events is None else min(stage.events, MOST_COUNTED)
    due = min(_due(timetable(stage), stage.length_s, seed), most)
    return f"{due:,}" if due < MOST_COUNTED else f"over {MOST_COUNTED:,}"


def _due(arrivals: Timetable, within_s: float, seed: int) -> int:
    blocks, due = arrivals.blocks((seed, 0)), 0
    for _ in count():
        block = next(blocks)
        due += int(np.count_nonzero(block < within_s))
        if block[-1] >= within_s or due >= MOST_COUNTED:
            break
    return due
