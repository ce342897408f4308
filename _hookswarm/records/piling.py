"""Whether deliveries pile up: a queue that grows makes each of them later than the one before it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from _hookswarm.common.limits import PILES_UP

Ints = npt.NDArray[np.int64]

FEWEST = 10
"""Events in a third of a stretch: fewer say nothing."""
SURE = 3.0
"""Standard errors: what is later by less may be chance."""
BLOCKS, LEAST_BLOCKS, OF_EACH = 18, 6, 5
"""A stretch is cut into so many blocks of so many events at least; into fewer than `LEAST_BLOCKS` it is not."""
RISES = 2.0
"""Standard deviations of Kendall's S over the blocks, if chance alone ordered them."""


def piles_up(due_ns: Ints, delivered_ns: Ints, until_ns: int) -> bool:
    """Whether events of a stretch with an even rate came later and later: the last third of them against the first.

    `delivered_ns` is 0 where an event was not delivered until `until_ns`. It is the queue of whatever delivers them
    that grows, however long a delivery takes when nothing waits. Who polls delivers in bursts: lateness falls from one
    poll to the next and rises at each; that is no growth, unless it also rises from block to block (Mann and Kendall's
    test).
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
    if later <= max(PILES_UP * passed, SURE * float(np.hypot(_error(first), _error(last)))):
        return False
    blocks = min(BLOCKS, len(late) // OF_EACH)
    lasting = np.where(delivered_ns[order] == 0, until_ns - due[0], late)  # what never came is the latest, whenever due
    return blocks < LEAST_BLOCKS or _rise([float(np.median(one)) for one in np.array_split(lasting, blocks)]) > RISES


def _rise(values: Sequence[float]) -> float:
    """Kendall's S of values in their order, in standard deviations (Mann 1945, Kendall 1975)."""
    told, count = np.array(values), len(values)
    signs = np.sign(told[np.newaxis, :] - told[:, np.newaxis])[np.triu_indices(count, 1)]
    return float(signs.sum() / np.sqrt(count * (count - 1) * (2 * count + 5) / 18))


def _error(late: Ints) -> float:
    """The standard error of a median, by the quartiles: as of a normal distribution."""
    low, high = np.percentile(late, (25, 75))
    return 1.2533 * float(high - low) / 1.349 / float(np.sqrt(len(late)))
