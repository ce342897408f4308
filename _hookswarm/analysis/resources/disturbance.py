"""What kept a machine from being what it seems: its host, a quota, a slower clock, processes that take no part."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.resources import cpu, machine
from _hookswarm.analysis.resources.machine import Used
from _hookswarm.analysis.schema.report import Machine
from _hookswarm.common.limits import DISTURBED_SHARE, STARVED_SHARE
from _hookswarm.common.wording import first_of
from _hookswarm.records.processes import NAMED
from _hookswarm.records.timeline import BystandersSeen

WAITED = STARVED_SHARE
"""Others disturb where some process waited for a CPU for this share of the time; cores that were idle are no loss."""


@dataclass(frozen=True)
class _DisturbanceRule:
    share: str
    """A field of `Machine`."""
    says: str
    do_next: str


RULES = (
    _DisturbanceRule(
        "steal_share",
        "the host gave {0:.0%} of the machine's cores to others (steal)",
        "use a machine with cores of its own",
    ),
    _DisturbanceRule(
        "throttled_share",
        "a quota of CPU time held our processes back for {0:.0%} of the time (throttling)",
        "raise the limit of CPUs of their control group",
    ),
    _DisturbanceRule(
        "slowed_share",
        "the cores' clock was {0:.0%} below the fastest of the run",
        "let the machine cool, or fix its clock (the performance governor)",
    ),
    _DisturbanceRule(
        "others_share",
        "processes that take no part had {0:.0%} of the machine's cores",
        "end them",
    ),
)
"""Each from DISTURBED_SHARE on, the limit not included."""


def disturbance_of(
    log: pd.DataFrame, resources: Iterable[pd.DataFrame], window: Window, all_known: bool = True
) -> Machine:
    """`log` is the machine's; `resources` are the samples of each process."""
    used = machine.machine_used(log, window)
    return Machine(
        steal_share=used.steal_share,
        throttled_share=used.throttled_share,
        throttled_unknown=_why(log) if used.throttled_share is None else None,
        slowed_share=used.slowed_share,
        others_share=_others(used, resources, window) if all_known else None,
        waited_share=used.cpu_pressure_share,
    )


def _why(log: pd.DataFrame) -> str:
    """Why nothing is known of throttling."""
    told = log.get("throttled_unknown")
    return (str(told.iloc[0]) if told is not None and len(told) else "") or "no log of the machine tells it"


def _others(used: Used, resources: Iterable[pd.DataFrame], window: Window) -> float | None:
    """What no log of ours accounts for. Processes of other machines make it smaller, never larger."""
    if used.busy_cores is None or not used.core_shares:
        return None
    ours = sum(process.cpu_share for process in cpu.cpu_used(resources, window, 0))
    return round(max(used.busy_cores - ours, 0.0) / len(used.core_shares), 4)


def disturbances_of(found: Machine, seen: Sequence[BystandersSeen] = ()) -> Iterator[str]:
    """A sentence for each limit that was passed, with what to do next; of others it says who was `seen`."""
    for rule in RULES:
        share, others = getattr(found, rule.share), rule.share == "others_share"
        at_ease = others and (found.waited_share or 0) < WAITED
        if share is not None and share > DISTURBED_SHARE and not at_ease:
            who = _who(seen) if others else ""
            yield f"{rule.says.format(share)}{who}; {rule.do_next}, and run it again"


def _who(seen: Sequence[BystandersSeen]) -> str:
    named = [f"{one.name} (process {one.pid}, {one.core_share:.0%} of a core)" for s in seen for one in s.busiest]
    return f": {first_of(named, NAMED)}" if named else ""
