"""Control groups: which quota of CPU time and which limit of memory hold for a process, of both versions."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from _hookswarm.records.cgroup import Throttling, Unknown, groups_of, memory_limit
from tests.records.test_machine import read
from tests.support.receivers import CHECKOUT, environment

MB = 1 << 20
V2 = "30 23 0:27 / {at}/cg rw - cgroup2 cgroup2 rw\n"
V1 = """
31 23 0:28 / {at}/cg rw - tmpfs tmpfs rw
32 31 0:29 / {at}/cg/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / {at}/cg/memory rw - cgroup cgroup rw,memory
34 31 0:31 / {at}/cg/unified rw - cgroup2 cgroup2 rw
"""


def system(at: Path, own: str, mounts: str, files: Mapping[str, object]) -> Path:
    """A process's folder in `/proc`, and files under what is mounted."""
    proc = at / "proc/self"
    proc.mkdir(parents=True)
    (proc / "cgroup").write_text(own)
    (proc / "mountinfo").write_text(mounts.format(at=at))
    for name, value in files.items():
        path = at / "cg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    return proc


def groups(*names: str) -> dict[str, object]:
    """Groups of version 2 that are not the system's own."""
    return {f"{name}/cgroup.events": "populated 1" for name in names}


def test_the_smallest_limit_of_memory_holds(tmp_path: Path) -> None:
    """Of version 2: its own says "max", the one above has a limit, and the system's root has no such file."""
    files = groups("app.slice", "app.slice/ours") | {
        "app.slice/ours/memory.max": "max",
        "app.slice/memory.max": 512 * MB,
    }
    proc = system(tmp_path, "0::/app.slice/ours\n", V2, files)
    assert [folder.name for folder in groups_of("memory", proc).folders] == ["ours", "app.slice", "cg"]
    assert memory_limit(proc) == 512 * MB
    (tmp_path / "cg/app.slice/ours/memory.max").write_text(f"{64 * MB}\n")
    assert memory_limit(proc) == 64 * MB


def test_no_limit_is_none(tmp_path: Path) -> None:
    """Whichever way a version spells that."""
    two = system(tmp_path / "2", "0::/a\n", V2, groups("a") | {"a/memory.max": "max"})
    assert memory_limit(two) is None
    one = system(tmp_path / "1", "4:memory:/a\n0::/\n", V1, {"memory/a/memory.limit_in_bytes": (1 << 63) - 4096})
    assert memory_limit(one) is None


def test_version_1_has_a_hierarchy_for_each_controller(tmp_path: Path) -> None:
    """The memory's group is not the CPU's; a limit above counts; the second version's mount beside them has neither."""
    files = {
        "memory/pod/memory.limit_in_bytes": 256 * MB,
        "memory/pod/ours/memory.limit_in_bytes": (1 << 63) - 4096,
        "cpu,cpuacct/batch/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_time 5",
    }
    proc = system(tmp_path, "5:memory:/pod/ours\n4:cpu,cpuacct:/batch\n1:name=systemd:/x\n0::/y\n", V1, files)
    assert memory_limit(proc) == 256 * MB
    found = groups_of("cpu", proc)
    assert (found.version, [folder.name for folder in found.folders]) == (1, ["batch", "cpu,cpuacct"])


def test_both_versions_side_by_side(tmp_path: Path) -> None:
    """A controller that version 1 does not have is version 2's."""
    mounts = V1.replace(",memory", ",freezer")
    proc = system(tmp_path, "4:cpu,cpuacct:/a\n0::/b\n", mounts, {"unified/b/memory.max": MB, "cpu,cpuacct/a/x": ""})
    assert memory_limit(proc) == MB
    assert groups_of("cpu", proc).version == 1


@pytest.mark.parametrize(
    ("own", "root"),
    [("/", "/"), ("/docker/abc", "/docker/abc"), ("/docker/abc/in", "/docker/abc"), ("/../abc", "/../abc")],
    ids=["a namespace of its own", "none", "below", "as another namespace sees it"],
)
def test_a_container_sees_its_part(tmp_path: Path, own: str, root: str) -> None:
    """What is mounted is its own group: under the root's name, or under the host's."""
    below = own.removeprefix(root).strip("/") if root != "/" else ""
    limit = f"{below}/memory.max" if below else "memory.max"
    proc = system(tmp_path, f"0::{own}\n", V2.replace(" / ", f" {root} "), {limit: 128 * MB})
    assert memory_limit(proc) == 128 * MB


def test_a_mount_with_a_space(tmp_path: Path) -> None:
    """As the kernel writes it."""
    proc = system(tmp_path, "0::/\n", V2.replace("/cg", "/c\\040g"), {"../c g/memory.max": MB})
    assert memory_limit(proc) == MB


@pytest.mark.parametrize(
    ("own", "mounts", "why"),
    [
        ("", V2, "tells no control groups"),
        ("0::/a\n", "", "is not under what is mounted"),
        ("0::/../b\n", V2, "is not under what is mounted"),
        ("0::/gone (deleted)\n", V2, "is not under what is mounted"),
        ("7:pids:/a\n", V2, "is in no control group that has"),
        ("0::/a\n", V2.replace(" / ", " /hidden "), "is not under what is mounted"),
        ("0::/hidden\n", V2.replace(" / ", " /hidden "), "has the controller"),
    ],
    ids=["no groups", "nothing mounted", "outside", "gone", "another controller", "elsewhere", "hidden above"],
)
def test_what_cannot_be_known_says_why(tmp_path: Path, own: str, mounts: str, why: str) -> None:
    """Never 0, nor "no limit"."""
    proc = system(tmp_path, own, mounts, groups("a", "."))
    with pytest.raises(Unknown, match=why):
        memory_limit(proc)
    with pytest.raises(Unknown, match=why):
        Throttling(0.0, proc)


def test_the_systems_own_group_holds_nobody_back(tmp_path: Path) -> None:
    """Above it there is nothing: without a controller of the CPU nothing throttles, and that is known."""
    proc = system(tmp_path, "0::/\n", V2, {"cpu.stat": "usage_usec 7"})
    assert Throttling(0.0, proc).held_s(1.0) == 0.0


def stat(path: Path, throttled_s: float) -> None:
    """What the kernel has told so far: both spellings."""
    path.write_text(
        f"throttled_usec {round(throttled_s * 1e6)}\n"
        if (path.parent / "cpu.max").exists()
        else f"throttled_time {round(throttled_s * 1e9)}\n"
    )


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("quota", "throttled_s", "held_s"),
    [(0.7, 0.3, 0.3), (0.7, 1.3, 0.65), (2.0, 2.0, 0.5), (0.5, 0.05, 0.05), (0.7, 0.0, 0.0)],
    ids=["one CPU", "two CPUs take turns", "four CPUs", "a burst", "never"],
)
def test_time_is_shared_among_the_cpus_that_it_was_on(
    tmp_path: Path, version: int, quota: float, throttled_s: float, held_s: float
) -> None:
    """The kernel's sum over all CPUs, as the share of a second in which the group was held back."""
    if version == 2:
        files = groups("a") | {"a/cpu.max": f"{round(quota * 1e5)} 100000", "a/cpu.stat": "throttled_usec 7000000"}
        proc, group = system(tmp_path, "0::/a\n", V2, files), tmp_path / "cg/a"
    else:
        at = "cpu,cpuacct/a"
        files = {f"{at}/cpu.cfs_quota_us": round(quota * 5e4), f"{at}/cpu.cfs_period_us": 50_000}
        files |= {f"{at}/cpu.stat": "nr_periods 9\nthrottled_time 7000000000"}
        proc, group = system(tmp_path, "4:cpu,cpuacct:/a\n", V1, files), tmp_path / "cg" / at
    seen = Throttling(100.0, proc)
    assert seen.held_s(101.0) == 0.0  # what was before the log does not count
    stat(group / "cpu.stat", 7 + throttled_s)
    assert seen.held_s(102.0) == pytest.approx(held_s)
    assert seen.held_s(103.0) == pytest.approx(held_s)


def test_the_group_that_throttles_most_counts(tmp_path: Path) -> None:
    """A quota of the group above holds its own back, too; both at once are not added."""
    files: dict[str, object] = dict(groups("a", "a/b"))
    for group, quota in (("a", "50000 100000"), ("a/b", "max 100000")):
        files |= {f"{group}/cpu.max": quota, f"{group}/cpu.stat": "throttled_usec 0"}
    seen = Throttling(0.0, system(tmp_path, "0::/a/b\n", V2, files))
    stat(tmp_path / "cg/a/cpu.stat", 0.5)
    assert seen.held_s(1.0) == 0.5
    stat(tmp_path / "cg/a/cpu.stat", 0.7)
    stat(tmp_path / "cg/a/b/cpu.stat", 0.4)
    assert seen.held_s(2.0) == pytest.approx(0.9)


@contextmanager
def made_group(controller: str, files: Mapping[str, str]) -> Iterator[Path]:
    """A group of this system's under a quota (those of `files` that it has); skips where none can be made."""
    group = None
    try:
        try:
            group = groups_of(controller).folders[-1] / f"hookswarm-test-{os.getpid()}"
            group.mkdir(exist_ok=True)
            given = [name for name in files if (group / name).exists()]
            for name in given:
                (group / name).write_text(files[name])
        except (OSError, Unknown) as error:
            pytest.skip(f"no control group of {controller} can be made: {error}")
        if not given:
            pytest.skip(f"the control groups here have no controller {controller}")
        yield group
    finally:
        if group and group.exists():
            group.rmdir()


SPIN = """
import os, sys, time
from pathlib import Path
for group in sys.argv[2:]:
    Path(group, "cgroup.procs").write_text(str(os.getpid()))
from _hookswarm.records.clock import Clock
from _hookswarm.records.machine import MachineLog
from _hookswarm.records.resources import ResourceLog
folder = Path(sys.argv[1])
ResourceLog(folder, "sender", Clock(), "spinner").close()
log = MachineLog(folder, "here", Clock())
log.sample()
until = time.monotonic() + 2
while time.monotonic() < until:
    pass
log.sample()
"""


@pytest.mark.slow
def test_a_quota_of_seven_tenths_of_a_core(tmp_path: Path) -> None:
    """A process that spins in a group of its own is held back for three tenths of the time, and knows its limit."""
    # The largest weight: what else runs here takes it no core.
    quota = {"cpu.cfs_quota_us": "70000", "cpu.max": "70000 100000", "cpu.shares": "262144", "cpu.weight": "10000"}
    limit = {"memory.limit_in_bytes": f"{512 * MB}", "memory.max": f"{512 * MB}"}
    with ExitStack() as stack:
        made = [stack.enter_context(made_group(*one)) for one in (("cpu", quota), ("memory", limit))]
        command = [sys.executable, "-c", SPIN, str(tmp_path), *map(str, dict.fromkeys(made))]
        subprocess.run(command, cwd=CHECKOUT, env=environment(), check=True, timeout=30)
    header, (first, last) = read(tmp_path / "machine-here.csv")
    assert header.throttled_unknown == ""
    held_s, passed_s = (float(last[name]) - float(first[name]) for name in ("throttled_s", "at_ns"))
    assert held_s / (passed_s / 1e9) == pytest.approx(0.3, abs=0.06)
    assert f'"memory_limit": {512 * MB}' in (tmp_path / "resources-sender-spinner.csv").read_text()
