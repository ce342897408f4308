"""What holds for all tests."""

import time

import psutil
import pytest
from hypothesis import settings

# A shared machine stands still now and then: how long an example takes says nothing.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

QUIET = 0.1
"""Of all cores' time, what a host may give to others while something is measured; of that length, or so:"""
LOOK_S = 0.2
PATIENCE_S = 120


@pytest.fixture(autouse=True)
def _quiet(request: pytest.FixtureRequest) -> None:
    """What measures waits until the host of this virtual machine has its cores to spare; not for ever."""
    if request.node.get_closest_marker("alone") or request.node.get_closest_marker("light"):
        deadline = time.monotonic() + PATIENCE_S
        while _stolen() > QUIET and time.monotonic() < deadline:
            pass


def _stolen() -> float:
    """The share of the next moment that goes to others."""
    return float(getattr(psutil.cpu_times_percent(LOOK_S), "steal", 0.0)) / 100
