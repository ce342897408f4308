"""Which region took what came through a load balancer: its journal says."""

import numpy as np

from _hookswarm.records.reading import JournalView, Rows
from _hookswarm.records.rows import BALANCED


def arrivals_by_region(view: JournalView, regions: list[str]) -> Rows:
    """A journal's arrivals; those that came through a balancer are of the region that took them."""
    balanced = view.rows["target"] >= BALANCED
    if not balanced.any() or view.header.region not in regions:
        return view.rows
    rows = np.array(view.rows)
    rows["target"][balanced] = regions.index(view.header.region)
    return rows
