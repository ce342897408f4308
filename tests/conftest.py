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
PATIENCE_S = 150
"""How long that is waited for, in all tests of a session together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs take longest: they begin first, or one of them would be waited for at the end."""
    items.sort(key=lambda item: "whole" not in item.path.parts)


@pytest.fixture(scope="session")
def _patience() -> list[float]:
    """Seconds that are left of it."""
    return [PATIENCE_S]


@pytest.fixture(autouse=True)
def _quiet(request: pytest.FixtureRequest, _patience: list[float]) -> None:
    """What measures waits until the host of this virtual machine has its cores to spare; not for ever."""
    if request.node.get_closest_marker("alone") or request.node.get_closest_marker("light"):
        began = time.monotonic()
        while _stolen() > QUIET and time.monotonic() - began < _patience[0]:
            pass
        _patience[0] -= time.monotonic() - began


def _stolen() -> float:
    """The share of the next moment that goes to others."""
    return float(getattr(psutil.cpu_times_percent(LOOK_S), "steal", 0.0)) / 100
