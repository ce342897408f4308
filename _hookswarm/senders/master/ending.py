"""Why a run ends before its plan is done: an interrupt is a way to end one, anything else is a fault."""

from gevent.event import Event

from _hookswarm.common.errors import HookswarmError
from _hookswarm.senders.master.all_failed import AllFailed

INTERRUPT = "interrupted"
"""Ctrl-C (SIGINT), or Stop in the web UI."""
SIGTERM = "Locust's process was told to end (SIGTERM)"
LAST_LEFT = "the last sending process ended"
UNKNOWN = "Locust stopped the test, see what it printed last"


class RunFailedError(HookswarmError):
    """The run cannot go on; the text says why, for people."""


class UntestedError(RunFailedError):
    """Nor does it make sense: the target accepts nothing. The exit code is Exit.UNTESTED."""


class Ending:
    """Of one run. Its cause is often known before Locust asks for it."""

    def __init__(self) -> None:
        self.asked = Event()
        """The run is to end now."""
        self.cause = ""
        self.all_failed: AllFailed | None = None
        """Why it ends in order although its plan is not done."""

    def note(self, cause: str) -> None:
        """Why Locust is about to end the run. The first counts; an interrupt always: its signal may reach others, too,
        and they may say so first.
        """
        if not self.cause or cause == INTERRUPT:
            self.cause = cause

    def ask(self, cause: str) -> None:
        """End it now, for this cause unless one is known."""
        self.note(cause)
        self.asked.set()

    def give_up(self, why: AllFailed) -> None:
        """End it now, in order, because the target takes nothing; an end that is on already goes on."""
        if not self.asked.is_set():
            self.all_failed = why
            self.asked.set()

    @property
    def untested(self) -> str:
        """For the run's folder; empty where it ends otherwise."""
        return self.all_failed.reason if self.all_failed else ""

    @property
    def interrupted(self) -> bool:
        """Whether somebody wanted it to end."""
        return self.cause == INTERRUPT


def ended_early(cause: str, never: int, of: int) -> str:
    """What is wrong with a run that nobody interrupted, and what to do next; `never` stages of `of` did not begin."""
    left = f"{never} of {of} stages never played" if never else "its last stage cut short"
    return f"{cause} before the plan was done, {left}: run it again; Ctrl-C or Stop in the web UI end one in order"
