"""What a wrong input is, and the commands that it is given to."""

from collections.abc import Mapping
from typing import NamedTuple

COMMANDS = {
    "hookswarm": ("_hookswarm.runner.__main__", ["run_webhook_performance_tests.py"]),
    "analysis": ("_hookswarm.analysis.__main__", ["-m", "analysis"]),
    "receiver": ("_hookswarm.receiver.__main__", ["-m", "receiver"]),
    "records": ("_hookswarm.records.__main__", ["-m", "records"]),
    "service": ("_hookswarm.runner.service", ["-m", "senders.service"]),
    "benchmarks.services": ("benchmarks.services.__main__", ["-m", "benchmarks.services"]),
}
"""By what a row of the table begins with: the module whose `main` it is, and what Python is given to run it."""


class Wrong(NamedTuple):
    """One of them."""

    typed: str
    """The command, as in a shell."""
    says: str
    """What is wrong, in the message."""
    then: str
    """What to do next, at its end."""
    files: Mapping[str, str | None] = {}
    """What stands in the folder; None: a folder."""
    env: Mapping[str, str] = {}
