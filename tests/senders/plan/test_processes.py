"""Which processes of others are to be watched."""

import os

import psutil
import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.processes import find_processes


def test_processes_are_found_by_id_and_by_name() -> None:
    """This one by both, once; its name safe in file names."""
    me, name = os.getpid(), psutil.Process().name()
    ((pid, safe),) = find_processes(f" {me},{me} ", "")
    assert pid == me
    assert safe.replace("-", "").isalnum()
    assert me in [found for found, _ in find_processes("", name)]
    assert find_processes("", "") == ()


def test_every_process_that_is_not_there_is_named() -> None:
    """Ids that nobody has or that are none, and names that no process has: all in one error."""
    with pytest.raises(ConfigError) as caught:
        find_processes("999999999,me,-1", "no such program")
    assert len(caught.value.faults) == 4
    assert all("no such process" in fault or "called so" in fault for fault in caught.value.faults)
