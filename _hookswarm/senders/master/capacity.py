"""A search for capacity, as the master plays it: a stage at one rate after the other."""

import math
import time
from dataclasses import replace

import gevent

from _hookswarm.senders.exchange import counted
from _hookswarm.senders.master.locust_stats import STATS_PATIENCE_S
from _hookswarm.senders.master.played import Played
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.service_capacity import ThroughService
from _hookswarm.senders.master.stage_player import POLL_S, StagePlayer
from _hookswarm.senders.plan.arrivals import Closed, at_rate
from _hookswarm.senders.plan.search import Search, keeps
from _hookswarm.senders.plan.stages import Limits, Stage


class CapacitySearch:
    """Judges tries by Locust's own statistics; the analysis judges them again, by the journals."""

    def __init__(self, run: Run, player: StagePlayer, through: ThroughService | None = None) -> None:
        """`through` judges tries of a delivery service, end to end."""
        self._through = through
        self._stats, self._folder, self._halting = run.runner.stats, run.folder, run.ending.asked
        self._player = player

    def run(self, search: Stage) -> int:
        """Play until the capacity is found, or the run is halted; returns the deliveries settled."""
        assert search.limits
        settled = 0
        if self._through and search.limits.over_idle_ms:
            idle = self._through.idle(search)
            played = self._player.play(self._folder.add_stage(idle), idle)
            if played is None or self._halting.is_set():
                return settled
            settled += played.settled
            search = self._through.limited(search)
        assert search.limits
        first = search.arrivals.rate if not isinstance(search.arrivals, Closed) else 0.0
        tries = Search(first, search.limits, search.max_rate or math.inf)
        while (rate := tries.next_rate()) is not None:
            name = f"{search.name} rate={rate:g} #{1 + tries.played(rate)}"
            stage = replace(search, arrivals=at_rate(search.arrivals, rate), name=name)
            played = self._player.play(self._folder.add_stage(stage), stage)
            if played is None or self._halting.is_set():
                break
            settled += played.settled
            if self._through:
                held = self._through.held(search.limits, played)
            else:
                held = self._held(name, search.limits, played)
            tries.note(rate, None if played.disturbed else held)
        return settled

    def _held(self, name: str, limits: Limits, played: Played) -> bool:
        """Whether a try kept the limits."""
        deadline = time.monotonic() + STATS_PATIENCE_S
        while (told := counted.stage_total(self._stats.entries, name)).settled < played.settled:
            if time.monotonic() > deadline:
                break
            gevent.sleep(POLL_S)
        return not played.clogged and keeps(limits, told.settled, told.failed, told.p99_ms)
