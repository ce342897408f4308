"""A disk that takes few writes a second from some processes: the kernel throttles it for a control group of theirs."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

V1, V2 = Path("/sys/fs/cgroup/blkio"), Path("/sys/fs/cgroup")


@contextmanager
def slow_disk(folder: Path, pids: Iterable[int], writes_per_s: int) -> Iterator[None]:
    """Slow for these processes and all that they start, on the device of `folder`; skips the test where none can be."""
    device = folder.stat().st_dev
    named = f"{os.major(device)}:{os.minor(device)}"
    root, limit = V2, ("io.max", f"{named} wiops={writes_per_s}")
    if V1.is_dir():
        root, limit = V1, ("blkio.throttle.write_iops_device", f"{named} {writes_per_s}")
    group = root / f"hookswarm-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        pytest.skip("no control group can be made to throttle a disk")
    try:
        try:
            (group / limit[0]).write_text(limit[1])
            for pid in pids:
                (group / "cgroup.procs").write_text(str(pid))
        except OSError as error:
            pytest.skip(f"this disk cannot be throttled: {error}")
        yield
    finally:
        for left in (group / "cgroup.procs").read_text().split():
            (root / "cgroup.procs").write_text(left)
        group.rmdir()
