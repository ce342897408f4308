"""Whether deliveries pile up: a queue that grows makes each of them later than the one before it."""

import numpy as np
import numpy.typing as npt

from _hookswarm.common.limits import PILES_UP

Ints = npt.NDArray[np.int64]

FEWEST = 10
"""Events in a third of a stretch: fewer say nothing."""


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
    later = float(np.median(late[-third:]) - np.median(late[:third]))
    passed = float(np.median(due[-third:]) - np.median(due[:third]))
    return later > PILES_UP * passed
