"""The five tests: each one's locustfile, and what it wants of senders and receivers."""

from dataclasses import dataclass
from pathlib import Path

LOCUSTFILES = (Path(__file__).parents[1] / "locustfiles").resolve()


@dataclass(frozen=True)
class Test:
    """A test's locustfile, and what it wants."""

    file: str
    processes: tuple[int, int] = (0, 0)
    """Sending processes beside Locust's own: for the short form, and at full length."""
    receiver: tuple[str, ...] = ()
    """How our receivers are started for it."""
    regions: tuple[int, int] | None = None
    """How many regions of the world: for the short form, and at full length; None: one, and no distances."""


TESTS = {
    "performance": Test("test_webhook_performance.py"),
    "load": Test("test_webhook_load.py", receiver=("--threads", "64")),  # slow webhooks occupy threads
    "scalability": Test("test_webhook_scalability.py", processes=(2, 16)),
    "distribution": Test("test_load_distribution.py", receiver=("--threads", "64"), regions=(3, 7)),
    "resource": Test("test_resource_utilization.py"),
}
