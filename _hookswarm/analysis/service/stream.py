"""What all of a service's deliveries have in common: their order, how many go side by side, bytes, signatures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries import disorder
from _hookswarm.analysis.deliveries.deliveries import State
from _hookswarm.analysis.deliveries.end_to_end import is_corrupt, is_valueless
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Ints
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.ruling import of, ruled, unseen
from _hookswarm.analysis.service.watched import SCENARIO, Watched
from _hookswarm.records.rows import Flag


@dataclass
class Stream:
    """Counts over all stages of a run."""

    compared: int = 0
    """Events whose order was looked at."""
    overtaken: int = 0
    firsts: int = 0
    """First attempts."""
    firsts_rewritten: int = 0
    retries: int = 0
    retries_rewritten: int = 0
    corrupt: int = 0
    valueless: int = 0
    unverified: int = 0

    def add(self, stage: PlayedStage) -> None:
        """Count one stage in."""
        if not stage.arrived:
            return
        rows, event = stage.arrived.rows.rows, stage.arrived.event
        ours = event >= 0
        first = ours.copy()
        first[1:] &= event[1:] != event[:-1]
        rewritten = (rows["flags"] & Flag.REWRITTEN) != 0
        self.firsts += int(np.count_nonzero(first))
        self.firsts_rewritten += int(np.count_nonzero(first & rewritten))
        self.retries += int(np.count_nonzero(ours & ~first))
        self.retries_rewritten += int(np.count_nonzero(ours & ~first & rewritten))
        self.corrupt += int(np.count_nonzero(is_corrupt(stage.arrived)))
        self.valueless += int(np.count_nonzero(is_valueless(stage.arrived)))
        self.unverified += int(np.count_nonzero(ours & ((rows["flags"] & Flag.UNVERIFIED) != 0)))
        if not (stage.plan.faults or stage.plan.incidents):
            compared, overtaken = overtakings(stage)
            self.compared += compared
            self.overtaken += overtaken

    def order_rule(self, promised: str | None) -> Rule:
        """Whether an endpoint's events come in their order."""
        rule = "order at one endpoint"
        if not self.compared:
            return unseen(rule, promised, "no two events of an endpoint were accepted one after the other")
        told = "kept"
        if self.overtaken:
            told = f"not kept: {of(self.overtaken, self.compared)} events came after one that was published later"
        kept = promised == "not kept" or not self.overtaken
        return ruled(rule, promised, told, kept, f"{self.compared:,} events at endpoints that fail nothing")

    def bytes_rule(self) -> Rule:
        """What becomes of the published bytes."""
        rule, arrivals = "the payload's bytes", self.firsts + self.retries
        if not arrivals:
            return unseen(rule, None, "nothing arrived")
        rewritten = self.firsts_rewritten + self.retries_rewritten
        if self.valueless == arrivals:
            why = f"only the event's id arrived, {arrivals:,} times: put {{payload}} into publish.body"
            return unseen(rule, None, why)
        told = "kept"
        if rewritten:
            of_each = f"first attempts {self.firsts_rewritten:,}, later ones {self.retries_rewritten:,}"
            told = f"the same value in other bytes: {of(rewritten, arrivals)}; {of_each}"
        if self.corrupt:
            told = f"another value than was published: {of(self.corrupt, arrivals)}; else {told}"
        return ruled(rule, None, told, kept=True, evidence=f"{arrivals:,} arrivals")

    def signature_rule(self, signed: bool) -> Rule:
        """Whether signatures can be verified."""
        rule, arrivals = "signature", self.firsts + self.retries
        promised = "right, over what arrives" if signed else None
        if not signed or not arrivals:
            return unseen(rule, promised, "nothing arrived" if signed else "its table names none")
        told = f"not right, or too old: {of(self.unverified, arrivals)}" if self.unverified else "right"
        return ruled(rule, promised, told, not self.unverified, f"{arrivals:,} arrivals")


def overtakings(stage: PlayedStage) -> tuple[int, int]:
    """Events at endpoints that fail nothing, and how many of these came after one that was published only once they
    had been accepted.
    """
    published, arrived = stage.published, stage.arrived
    if not published or not arrived or not len(published):
        return 0, 0
    rows = published.attempts.rows
    start, accepted = rows["start"][published.attempts.first], published.acknowledged_ns
    whole = (published.state == State.ACKNOWLEDGED) & (arrived.first_ns != 0)
    for own in stage.plan.classes:
        if own.faults:
            whole &= (published.webhook < own.first) | (published.webhook >= own.first + own.count)
    if not whole.any():
        return 0, 0
    webhook = published.webhook[whole].astype(np.int64)
    overtaken = disorder.overtaken_by_later(webhook, start[whole], accepted[whole], arrived.first_ns[whole])
    return len(overtaken), int(np.count_nonzero(overtaken))


def concurrency_rule(stages: Sequence[Watched]) -> Rule:
    """How many deliveries it has under way, at least: more than wait for it can't be seen."""
    rule = "deliveries at the same time"
    own = [stage for stage in stages if stage.plan.scenario == SCENARIO and len(stage.requests)]
    if not own:
        return unseen(rule, None, "nothing arrived")
    over_all = max(most_open(stage.requests["start"], stage.requests["done"]) for stage in own)
    at_one = 0
    for stage in own:
        for webhook in np.unique(stage.requests["webhook"]):
            rows = stage.requests[stage.requests["webhook"] == webhook]
            at_one = max(at_one, most_open(rows["start"], rows["done"]))
    told = f"up to {at_one} at one endpoint, {over_all} over all"
    return ruled(rule, None, told, kept=True, evidence="the most that were seen; more may be possible")


def most_open(begin: Ints, end: Ints) -> int:
    """How many intervals hold an instant, at most."""
    times = np.concatenate([begin, end])
    steps = np.concatenate([np.ones(len(begin), np.int64), -np.ones(len(end), np.int64)])
    order = np.lexsort((steps, times))  # one that ends when another begins is no longer open
    return int(np.cumsum(steps[order]).max(initial=0))
