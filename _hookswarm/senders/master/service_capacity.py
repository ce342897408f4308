"""A search for the capacity of a delivery service: tries are judged end to end, from offered to taken."""

from _hookswarm.common.wording import figure
from _hookswarm.senders.master.delivered import Delivered, delivered_of
from _hookswarm.senders.master.drains import QUIET_S
from _hookswarm.senders.master.played import Played
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.service_run import ServiceRun
from _hookswarm.senders.plan.search import idle_of, keeps, limited_by
from _hookswarm.senders.plan.stages import Limits, Stage

ELSEWHERE = (
    "the journals of tries are on other hosts: tries are judged by what was accepted, and by their drain; "
    "--results on a folder that all hosts share judges them end to end"
)


class ThroughService:
    """Looks at the stage that was played last."""

    def __init__(self, run: Run, service: ServiceRun) -> None:
        self._service = service
        self._folder, self._clock, self._say = run.folder, run.clock, run.say
        self._told = False

    def idle(self, search: Stage) -> Stage:
        """What tells how long a delivery takes when nothing waits."""
        return idle_of(search)

    def limited(self, search: Stage) -> Stage:
        """The search with its limit, after the idle stage."""
        assert search.limits
        found = self._delivered()
        limited = limited_by(search, found.p99_ms if found else self._drain_ms())
        assert limited.limits
        told = f"a p99 of at most {figure(limited.limits.p99_ms)} ms"
        self._say(f"{search.name}: the highest rate with {told}, and nothing piling up")
        return limited

    def held(self, limits: Limits, played: Played) -> bool:
        """Whether the try kept the limits."""
        if played.clogged:
            return False
        found = self._delivered()
        if found is None:
            return self._drain_ms() <= limits.p99_ms
        return not found.piled_up and keeps(limits, found.events, found.failed, found.p99_ms)

    def _delivered(self) -> Delivered | None:
        drained = self._service.drained
        if drained is None:
            return None
        fan_out = self._service.fan_out()
        found = delivered_of(self._folder.path, drained.stage, self._clock, fan_out, drained.at_ns)
        if found is None and not self._told:
            self._told = True
            self._say(ELSEWHERE)
        return found

    def _drain_ms(self) -> float:
        """How long after the stage something still arrived."""
        drained = self._service.drained
        return max(drained.waited_s - QUIET_S, 0.0) * 1e3 if drained else 0.0
