"""Drains: after each stage through a delivery service, what it still has is waited for, as long as that may take."""

import time
from collections.abc import Callable
from pathlib import Path

import gevent

from _hookswarm.records.clock import Clock
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import ServiceDrained, Timeline
from _hookswarm.senders.master import patience
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.master.delivered import missing_of
from _hookswarm.senders.master.ending import Ending
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage

POLL_S = 0.1
QUIET_S = 0.4
"""Nothing came for so long: what is expected is there."""
AGAIN_QUIET_S = 2.0
"""The same where events were published again: what else comes is what is looked for."""
MOST_LOOKED_AT = 2_000_000
"""Deliveries of a stage whose journals are read at its drain's end."""


class Drains:
    """Those of one run."""

    def __init__(
        self,
        settings: Settings,
        timeline: Timeline,
        folder: Path,
        controls: Controls,
        inbox: Inbox,
        ending: Ending,
        clock: Clock,
        say: Callable[[str], None],
        waits: patience.Waits | None = None,
    ) -> None:
        """`waits`: None is as the form of the test has them."""
        assert settings.service
        self._service = settings.service
        self._settings = settings
        self._timeline = timeline
        self._folder = folder
        """The run's, with its journals."""
        self._controls = controls
        self._inbox = inbox
        self._ending = ending
        self._clock = clock
        self._say = say
        self._waits = waits or patience.waits_of(settings.quick)
        self._missing = 0
        """Arrivals that earlier drains gave up."""
        self._accepted = self._again = 0
        """Publishes that were accepted so far; of these, those of events that had been accepted before."""

    def wait(self, number: int, stage: Stage, fan_out: int) -> ServiceDrained:
        """Return when all that was accepted has arrived, each event `fan_out` times, or nothing has moved for longer
        than it may. Raises OSError.
        """
        patience_s = patience.patience_s(self._service, stage, self._waits)
        began = moved = said = time.monotonic()
        accepted = self._inbox.outcomes().get(Outcome.ACKNOWLEDGED, 0)
        before_it = (self._accepted - self._again) * fan_out
        quiet_s = QUIET_S
        if stage.duplicate:  # events, not publishes: the others are to come to nothing, or soon
            events = sum(one.settled - one.failed for one in self._inbox.origins())
            self._again += accepted - self._accepted - events
            quiet_s = AGAIN_QUIET_S
        self._accepted = accepted
        own = (accepted - self._again) * fan_out - before_it
        expected = (accepted - self._again) * fan_out - self._missing
        first = before = taken = self._taken()
        settled = False
        looked_at, complete = -1, True
        while not self._ending.asked.is_set():
            now = time.monotonic()
            if taken != before:
                before, moved = taken, now
            still_s = now - moved
            # More than expected, where nothing explains it: something came twice, and hides what is missing. What
            # an earlier drain gave up may come now, since its endpoint fails no longer.
            most = expected + max(self._missing, 0)
            met = taken >= expected and (taken <= most or stage.plans_faults or stage.duplicate is not None)
            if met and still_s >= quiet_s and looked_at != taken and own <= MOST_LOOKED_AT:
                looked_at, complete = taken, self._complete(number, fan_out)
            if settled := (met and complete and still_s >= quiet_s) or still_s >= patience_s:
                break
            missing = _told_missing(expected - taken, own)
            rate = (taken - first) / (now - began) if taken > first else 0.0
            if now - began >= self._waits.longest_s:
                told = f"it delivers {rate:.1f}/s, and was given more: lower --rate"
                if taken >= expected:
                    told = "the report tells what is missing, and what came twice in its place"
                self._say(f"{stage.name}: waits no longer for {missing}; {told}")
                break
            if now - said >= self._waits.told_s and taken < expected:
                said = now
                left = f"nothing moved for {still_s:.0f} of {patience_s:.0f} s"
                if still_s < self._waits.told_s and rate:
                    left = f"{rate:.1f}/s arrive, {(expected - taken) / rate:.0f} s left"
                self._say(f"{stage.name}: waits for {missing}; {left}")
            gevent.sleep(POLL_S)
            taken = self._taken()
        if settled:  # else it may yet come, and the next drain waits for it, too
            self._missing += expected - taken
        drained = ServiceDrained(
            at_ns=self._clock.now(),
            stage=number,
            accepted=accepted,
            expected=expected,
            taken=taken,
            waited_s=round(time.monotonic() - began, 3),
            patience_s=patience_s,
            settled=settled,
            allowed_s=patience.allowed_s(self._service, stage, self._waits),
        )
        self._timeline.add(drained)
        return drained

    def _complete(self, number: int, fan_out: int) -> bool:
        """Whether each accepted event arrived, as far as journals on this host tell. By their number alone one that
        came twice, or that came though its publish was not accepted, stands for one that is missing.
        """
        looking = (self._folder, number, self._clock, fan_out)
        return not gevent.get_hub().threadpool.apply(missing_of, looking)

    def _taken(self) -> int:
        return sum(self._controls.arrived().values())


def _told_missing(missing: int, own: int) -> str:
    """Of the stage's own deliveries; where more are missing, some of earlier stages are awaited still.

    Where none are by their number, others came twice, or came though their publish was not accepted.
    """
    if missing <= 0:
        return f"some of {own:,} accepted deliveries"
    if missing <= own:
        return f"{missing:,} of {own:,} accepted deliveries"
    return f"{missing:,} accepted deliveries, {missing - own:,} or more of them of earlier stages"
