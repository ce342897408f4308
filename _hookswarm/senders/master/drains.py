"""Drains: after each stage through a delivery service, what it still has is waited for, as long as that may take."""

import time
from collections.abc import Callable
from pathlib import Path

import gevent

from _hookswarm.protocol.faults import Faults
from _hookswarm.records.clock import Clock
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import ServiceDrained, Timeline
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
TOLD_S = 2.0
LONGEST_DRAIN_S = {True: 20.0, False: 600.0}
"""What a law may ask a drain to wait: in the short form of a test, and in the full one."""
LONGEST_S = {True: 60.0, False: 3600.0}
"""How long a drain may take as long as something moves: a service that is given too much is behind for hours."""
RESUMES_S = {True: 0.0, False: 120.0}
"""How long a service may move nothing once it, or a store of it, was restarted: some need over a minute to go on."""
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
    ) -> None:
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
        self._missing = 0
        """Arrivals that earlier drains gave up."""
        self._accepted = self._again = 0
        """Publishes that were accepted so far; of these, those of events that had been accepted before."""

    def wait(self, number: int, stage: Stage, fan_out: int) -> ServiceDrained:
        """Return when all that was accepted has arrived, each event `fan_out` times, or nothing has moved for longer
        than it may. Raises OSError.
        """
        patience_s = self._patience_s(stage)
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
            if now - began >= LONGEST_S[self._settings.quick]:
                told = f"it delivers {rate:.1f}/s, and was given more: lower --rate"
                self._say(f"{stage.name}: waits no longer for {missing}; {told}")
                break
            if now - said >= TOLD_S and taken < expected:
                said = now
                left = f"nothing moved for {still_s:.0f} of {patience_s:.0f} s"
                if still_s < TOLD_S and rate:
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
            allowed_s=self._allowed_s(stage),
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

    def _patience_s(self, stage: Stage) -> float:
        """How long nothing may move before what is missing is given up."""
        held_s = _held_most_s(stage)
        if stage.trouble_ends and (self._settings.quick or self._service.promises.timeout_s):
            held_s = 0.0  # the service gives up by itself what is open, and no more is held
        word_s = self._word_s(stage) + held_s
        if not stage.plans_faults:
            return word_s
        most_s = max(self._service.drain_s, self._resumes_s(stage), LONGEST_DRAIN_S[self._settings.quick])
        return min(word_s, most_s + held_s)

    def _allowed_s(self, stage: Stage) -> float:
        """The same by the service's word, and what our receivers have it wait for: until then nothing is lost."""
        return self._word_s(stage) + _held_most_s(stage)

    def _word_s(self, stage: Stage) -> float:
        """Where something is planned to fail, as long as an attempt and the law's longest wait."""
        service, longest_s = self._service, 0.0
        if not stage.plans_faults:
            return service.drain_s
        if service.retry:
            waits = range(1, min(service.retry.retries or 1_000, 1_000) + 1)
            longest_s = max((service.retry.longest_s(wait) for wait in waits), default=0.0)
        if stage.restart:
            longest_s = max(longest_s, self._resumes_s(stage), RESUMES_S[self._settings.quick])
        longest_s += service.promises.timeout_s or 0.0
        return max(service.drain_s, longest_s + 1)

    def _resumes_s(self, stage: Stage) -> float:
        """How long nothing may move after this stage's restart, by the table."""
        restart = self._service.restart.get(stage.restart) if stage.restart else None
        return restart.resumes_s if restart else 0.0


def _told_missing(missing: int, own: int) -> str:
    """Of the stage's own deliveries; where more are missing, some of earlier stages are awaited still."""
    if missing <= own:
        return f"{missing:,} of {own:,} accepted deliveries"
    return f"{missing:,} accepted deliveries, {missing - own:,} or more of them of earlier stages"


def _held_most_s(stage: Stage) -> float:
    return max(map(_held_s, stage.order().parts()), default=0.0)


def _held_s(faults: Faults) -> float:
    """How long our receivers have a service wait before it may go on."""
    silent = faults.hang or (faults.fail_first and not faults.fail_status)
    return max(faults.hang_s if silent else 0.0, faults.retry_after_s or 0.0)
