"""An attempt that ended without an answer."""

import os

from _hookswarm.common.errors import HookswarmError
from _hookswarm.records.rows import Outcome
from _hookswarm.records.shortage import shortage_of


class WireError(HookswarmError):
    """An attempt without an answer; `outcome` says which kind, the text says what was seen."""

    def __init__(self, outcome: Outcome, message: str, number: int = 0) -> None:
        """`number` is the system's, of a local shortage."""
        super().__init__(message)
        self.outcome = outcome
        self.number = number


def local_shortage(number: int) -> WireError:
    """What this machine lacks, by the system's number: no fault of the target's."""
    lack = shortage_of(number)
    return WireError(Outcome.LOCAL_SHORTAGE, f"{os.strerror(number)}: {lack.says}; {lack.try_next}", number)
