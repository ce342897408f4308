"""What the service does wrong on demand."""

from dataclasses import dataclass
from enum import Enum, auto
from random import Random


class Fault(Enum):
    """What happens to one delivery; at most one of these, so that each can be counted alone."""

    NONE = auto()
    FORGET = auto()
    """Accepted, and never delivered."""
    DOUBLE = auto()
    """Delivered with success, and then again."""
    SWAP = auto()
    """Delivered after the next one of the same endpoint."""
    CORRUPT = auto()
    """One character of its body is another one, in every attempt; the signature is of what is sent."""
    MISDELIVER = auto()
    """Delivered to an endpoint of another tenant, with the signature that is right there."""


@dataclass(frozen=True)
class Faults:
    """The share of deliveries that each of them meets: 0 to 1, and all together at most 1."""

    forget: float = 0.0
    double: float = 0.0
    swap: float = 0.0
    corrupt: float = 0.0
    misdeliver: float = 0.0

    def draw(self, random: Random) -> Fault:
        """The fault of the next delivery."""
        left = random.random()
        for fault, share in (
            (Fault.FORGET, self.forget),
            (Fault.DOUBLE, self.double),
            (Fault.SWAP, self.swap),
            (Fault.CORRUPT, self.corrupt),
            (Fault.MISDELIVER, self.misdeliver),
        ):
            if left < share:
                return fault
            left -= share
        return Fault.NONE
