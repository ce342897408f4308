"""Which region served what a load balancer was sent: its senders do not know, the receivers' journals do."""

import numpy as np

from _hookswarm.analysis.deliveries import ledger
from _hookswarm.analysis.reading.rows import Grouped
from _hookswarm.records.rows import BALANCED


def resolve_balanced(attempts: Grouped, arrivals: Grouped | None) -> bool:
    """Write the region into each attempt through a balancer that arrived somewhere; whether there were any such.

    An attempt that the balancer made anew elsewhere is of the region that it reached last.
    """
    unknown = attempts.rows["target"] >= BALANCED
    if not unknown.any():
        return False
    if arrivals is not None:
        place = ledger.match_arrivals(attempts, arrivals)
        order = np.argsort(arrivals.rows["start"], kind="stable")
        order = order[(place[order] >= 0) & unknown[place[order]]]
        attempts.rows["target"][place[order]] = arrivals.rows["target"][order]
    return True
