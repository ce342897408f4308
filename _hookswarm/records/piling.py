"""Whether deliveries pile up: a queue that grows makes each of them later than the one before it."""

import numpy as np
import numpy.typing as npt

from _hookswarm.common.limits import PILES_UP

Ints = npt.NDArray[np.int64]

FEWEST = 10
"""Events in a third of a stretch: fewer say nothing."""
SURE = 3.0
"""Standard errors: what is later by less may be chance."""


def piles_up(due_ns: Ints, delivered_ns: Ints, until_ns: int) -> bool:
    """Whether events of a stretch with an even rate came later and later: the last third of them against the first.

    `delivered_ns` is 0 where an event was not delivered until `until_ns`. It is the queue of whatever delivers them
    that grows, however long a delivery takes when nothing waits.
    """
    if len(due_ns) < 3 * FEWEST:
        return False
    order = np.argsort(due_ns, kind="stable")
    due = due_ns[order]
    late = np.where(delivered_ns == 0, until_ns, delivered_ns)[order] - due
    third = len(due) // 3
    first, last = late[:third], late[-third:]
    later = float(np.median(last) - np.median(first))
    passed = float(np.median(due[-third:]) - np.median(due[:third]))
    return later > max(PILES_UP * passed, SURE * float(np.hypot(_error(first), _error(last))))


def _error(late: Ints) -> float:
    """The standard error of a median, by the quartiles: as of a normal distribution."""
    low, high = np.percentile(late, (25, 75))
    return 1.2533 * float(high - low) / 1.349 / float(np.sqrt(len(late)))
