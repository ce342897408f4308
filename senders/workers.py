"""Locust's sending processes, as its master sees them."""

from locust.runners import LocalRunner, MasterRunner

LOCAL = "local"
"""What the only process of a run without workers is called."""


class Workers:
    """Who is there, with how many users, and who is lost."""

    def __init__(self, runner: LocalRunner | MasterRunner) -> None:
        self._runner = runner
        self._known: set[str] = set()

    def users(self) -> dict[str, int]:
        """Users of each process that has any."""
        if isinstance(self._runner, LocalRunner):
            return {LOCAL: self._runner.user_count}
        return {client.id: client.user_count for client in self._runner.clients.all if client.user_count}

    def alive(self) -> set[str]:
        if isinstance(self._runner, LocalRunner):
            return {LOCAL}
        return {client.id for client in self._runner.clients.all if client.state != "missing"}

    def lost(self) -> list[str]:
        """Processes that were there and are not any more; each is told once."""
        alive = self.alive()
        lost = sorted(self._known - alive)
        self._known = alive
        return lost
