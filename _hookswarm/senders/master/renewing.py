"""Renews what publishing to a service uses and what would end in mid-run, such as a token."""

from collections.abc import Callable
from typing import Protocol

from _hookswarm.common.wording import with_remedy
from _hookswarm.senders.master.ending import Ending
from _hookswarm.senders.service.steps import StepError

AGAIN_S = 2.0
"""Between tries after one that failed."""
LEAST_S = 0.2


class Renewable(Protocol):
    """What is renewed."""

    def lasts_s(self) -> float | None:
        """How long it is good for still; None: for ever."""

    def renew(self) -> dict[str, str]:
        """The values once they were made anew; empty: there was nothing to do. Raises StepError, OSError."""


def keep_renewed(
    renewable: Renewable, tell: Callable[[dict[str, str]], object], ending: Ending, say: Callable[[str], object]
) -> None:
    """Renew it before it ends, and tell senders the new values, for as long as the run is on.

    What fails at the service is said once and tried again. A fault of ours ends the run: without it senders would go
    on until every publish is refused, and nobody would know why.
    """
    failed = False
    try:
        while not ending.asked.wait(AGAIN_S if failed else max(renewable.lasts_s() or 0.0, LEAST_S)):
            try:
                values = renewable.renew()
            except (StepError, OSError) as error:
                told = with_remedy(error) if isinstance(error, OSError) else str(error)
                if not failed:
                    say(f"not renewed, what publishing uses; it is tried every {AGAIN_S:g} s: {told}")
                failed = True
                continue
            failed = False
            if values:
                tell(values)
    except Exception as error:  # in a greenlet nobody else would see it
        cause = f"what publishing uses could not be renewed ({error!r})"
        say(cause)
        ending.ask(cause)
