"""Locust's sending processes and their users, as its master sees them."""

import time
from collections import Counter
from collections.abc import Mapping, Set

from locust import User
from locust.runners import STATE_MISSING, STATE_RUNNING, LocalRunner, MasterRunner

from _hookswarm.senders.exchange.silence import Silence
from _hookswarm.senders.plan.stages import Stage

LOCAL = "local"
"""What the only process of a run without workers is called."""

Users = dict[str, Counter[int]]
"""By process and code of their origin."""


class Workers:
    """Who is there, with how many users, and who is lost; and which users Locust is to have."""

    def __init__(self, runner: LocalRunner | MasterRunner, first: Stage, ready: Set[str], silence: Silence) -> None:
        """`first` is the stage that Locust may prepare for; `ready` grows by the processes that listen to us."""
        self._runner = runner
        self._ready = ready
        self._silence = silence
        self._known: set[str] = set()
        self.wanted = first.users
        """Users that Locust is to have now."""
        self.wanted_classes = self.classes(first.strategy)
        """Of which classes."""

    def ask(self, stage: Stage) -> Users | None:
        """Who takes part in a stage, once Locust has the users that it needs; None: not yet, ask again.

        Locust keeps users whose class is not wanted any more: for another strategy, all of them have to go first.
        """
        users, classes = self._users(), self.classes(stage.strategy)
        there = sum(count.total() for count in users.values())
        if classes != self.wanted_classes:
            self.wanted = 0
            if there:
                return None
            self.wanted_classes = classes
        # Locust spreads users evenly: those of processes that take no part have nothing to send.
        self.wanted = stage.users // stage.processes * len(self.alive()) if stage.processes else stage.users
        if there != self.wanted or self._runner.state != STATE_RUNNING:
            return None
        chosen = {process: users[process] for process in sorted(users)[: stage.processes]}
        return chosen if isinstance(self._runner, LocalRunner) or self._ready >= chosen.keys() else None

    def classes(self, strategy: str) -> list[type[User]]:
        """The senders of a strategy among the classes that were picked."""
        return [sender for sender in self._runner.user_classes if getattr(sender, "strategy", None) == strategy]

    def _users(self) -> Users:
        if isinstance(self._runner, LocalRunner):
            return {LOCAL: self._by_origin(self._runner.user_classes_count)}
        clients, alive = self._runner.clients.all, self.alive()
        return {
            one.id: self._by_origin(one.user_classes_count) for one in clients if one.user_count and one.id in alive
        }

    def _by_origin(self, classes: Mapping[str, int]) -> Counter[int]:
        users: Counter[int] = Counter()
        for name, count in classes.items():
            if count:
                users[getattr(self._runner.user_classes_by_name[name], "origin", 0)] += count
        return users

    def alive(self) -> set[str]:
        """Sending processes, by their ids at Locust, that are neither missing nor silent for too long."""
        if isinstance(self._runner, LocalRunner):
            return {LOCAL}
        there = {client.id for client in self._runner.clients.all if client.state != STATE_MISSING}
        return there - self._silence.lost(time.monotonic(), there)

    def lost(self) -> list[str]:
        """Processes that were there and are not any more; each is told once."""
        alive = self.alive()
        lost = sorted(self._known - alive)
        self._known = alive
        return lost
