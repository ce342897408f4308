"""What a service makes of an event that is published again under its id."""

from collections.abc import Iterator, Sequence

import numpy as np

from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.ruling import of, ruled, unseen
from _hookswarm.analysis.service.watched import Watched

PROMISED = {"id": "delivered once", "none": "delivered each time"}
HOW = {"later": "the same id again, a while later", "at_once": "the same id again, at the same instant"}


def repeat_rules(stages: Sequence[Watched], promised: str | None) -> Iterator[Rule]:
    """A rule for each way in which events are published again."""
    for kind, rule in HOW.items():
        own = [stage for stage in stages if stage.plan.duplicate and stage.plan.duplicate.kind == kind]
        yield _rule(rule, own, promised)


def _rule(rule: str, stages: Sequence[Watched], promise: str | None) -> Rule:
    promised = PROMISED.get(promise or "")
    events = more = most = 0
    how: list[str] = []
    for stage in stages:
        repeated = stage.accepted & (stage.published.sent > 1)
        arrivals = np.bincount(stage.arrived.event[stage.arrived.taken], minlength=len(repeated))
        seen = repeated & (arrivals > 0)
        events += int(np.count_nonzero(seen))
        more += int(np.count_nonzero(seen & (arrivals > 1)))
        most = max(most, int(arrivals[seen].max(initial=0)))
        plan = stage.plan.duplicate
        assert plan
        how.append(f"published {plan.times} times" + (f", {plan.after_s:g} s apart" if plan.kind == "later" else ""))
    if not events:
        return unseen(rule, promised, "no event was accepted, published again, and delivered")
    told = "delivered once" if not more else f"delivered again: {of(more, events)} events, up to {most} times"
    return ruled(rule, promised, told, promise == "none" or not more, f"{events} events, {' and '.join(set(how))}")
