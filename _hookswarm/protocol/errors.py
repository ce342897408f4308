"""The one error for bad input."""

from collections.abc import Sequence


class ConfigError(ValueError):
    """Input that the user can mend; `faults` names every one that was found, a phrase each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))
