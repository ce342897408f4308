"""Bodies to deliver: what makes them, and those that are made up: sizes as measured from real senders, each unique.

Sizes are compact JSON bytes of published examples (2026-08): GitHub, octokit/webhooks `payload-examples` (270
payloads); Stripe, stripe/openapi `fixtures3.json` plus the event envelope; Shopify, orders/create.
"""

import random
from typing import Protocol

import numpy as np

from _hookswarm.common.errors import ConfigError

Knots = tuple[tuple[float, float], ...]
"""An inverse distribution function: (share of bodies, size in bytes), linear in between."""

SIZES: dict[str, Knots] = {
    "thin": ((0, 900), (1, 900)),
    "github": ((0, 915), (0.25, 6_641), (0.5, 7_883), (0.75, 11_971), (0.95, 25_178), (1, 26_935)),
    "stripe": ((0, 1_300), (0.17, 1_800), (0.33, 3_700), (0.5, 3_800), (0.67, 4_400), (0.83, 4_650), (1, 6_500)),
    "shopify": ((0, 6_200), (1, 7_000)),
    "mixed": (
        (0, 1_000), (0.6, 4_000), (0.6, 6_000), (0.9, 12_000), (0.9, 20_000), (0.99, 27_000), (0.99, 200_000),
        (1, 200_000),
    ),
}  # fmt: skip

TEMPLATES = 200
"""Bodies prepared per distribution: their sizes are its quantiles in a seeded order."""

MAX_TEMPLATE_BYTES = 16 << 20
"""Of bodies that are all of one size there are fewer, where they are large."""


class Payloads(Protocol):
    """Makes the bodies of a run's events, in every process alike."""

    def body(self, event_id: bytes, n: int, /) -> bytes:
        """The body of event `n`: the same at every attempt."""

    def kind(self, n: int, /) -> bytes:
        """Its event type, one line of printable ASCII; empty: not known."""


class Generated:
    """JSON bodies with sizes drawn from a distribution; the event's id inside makes each one unique."""

    def __init__(self, distribution: str | int, seed: int) -> None:
        """`distribution` is a key of SIZES, or a number of bytes; raises ConfigError."""
        if isinstance(distribution, int):
            knots: Knots = ((0, distribution), (1, distribution))
        elif distribution in SIZES:
            knots = SIZES[distribution]
        else:
            raise ConfigError([f"there is no payload {distribution!r}: write one of {', '.join(SIZES)}"])
        shares, sizes = zip(*knots, strict=True)
        draw = random.Random(seed)
        count = TEMPLATES if min(sizes) < max(sizes) else min(TEMPLATES, MAX_TEMPLATE_BYTES // max(sizes) + 1)
        quantiles = np.interp((np.arange(count) + 0.5) / count, shares, sizes)
        self._tails = [_tail(round(size), draw) for size in draw.sample(quantiles.tolist(), count)]

    def body(self, event_id: bytes, n: int) -> bytes:
        return b'{"id":"%b%b' % (event_id, self._tails[n % len(self._tails)])

    def kind(self, _n: int) -> bytes:
        return b""


_TYPICAL_ID = len("msg_01234567_1_1_100")


def _tail(size: int, draw: random.Random) -> bytes:
    """What follows the id, so that a body has about `size` bytes, half of them compressible."""
    opening = b'","type":"load.event","data":{"text":"'
    closing = b'"}}'
    room = max(size - len(b'{"id":"') - _TYPICAL_ID - len(opening) - len(closing), 0)
    noise = draw.randbytes(room // 4 + 1).hex()[: room // 2]
    return opening + noise.encode() + b"x" * (room - len(noise)) + closing
