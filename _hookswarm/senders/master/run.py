"""A run that is on, as all who conduct it share it."""

from collections.abc import Callable
from dataclasses import dataclass

from locust.runners import LocalRunner, MasterRunner

from _hookswarm.records.clock import Clock
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.master.ending import Ending
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.master.run_folder import RunFolder
from _hookswarm.senders.plan.settings import Settings


@dataclass(frozen=True)
class Run:
    """What it is made of stays; what these hold changes while it is on."""

    runner: LocalRunner | MasterRunner
    settings: Settings
    folder: RunFolder
    controls: Controls
    """Of our receivers."""
    inbox: Inbox
    """What the workers told of it."""
    ending: Ending
    """Tells when it is to end before its plan is done, and is told."""
    clock: Clock
    say: Callable[[str], None]
    """Tells the user."""
