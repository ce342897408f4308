"""Control groups (Linux): what quotas hold for a process, in its own group and in all above it that can be seen.

`proc` is the process's folder, `/proc/self` or `/proc/<pid>`. Both versions are read, side by side too: a controller
is of version 1 where that has it. Of a container, the groups above its own are mostly hidden.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SELF = Path("/proc/self")

UNLIMITED = 1 << 60
"""Version 1 spells "no limit" as the largest number of pages."""

_ESCAPED = re.compile(r"\\([0-7]{3})")


class Unknown(Exception):
    """What holds for a process cannot be known; the text says why. No fault: the report is told so."""


@dataclass(frozen=True)
class Groups:
    """A process's own group of one controller, and those above it, as far as they are mounted."""

    version: int
    folders: Sequence[Path]
    """Its own first."""


def groups_of(controller: str, proc: Path = SELF) -> Groups:
    """Raises Unknown."""
    lines = [line.split(":", 2) for line in _read(proc / "cgroup").splitlines()]
    if not lines:
        raise Unknown("this system tells no control groups")
    own = {name: path for _, names, path in (line for line in lines if len(line) == 3) for name in names.split(",")}
    version = 1 if controller in own else 2
    if (path := own.get(controller, own.get(""))) is None:
        raise Unknown(f"the process is in no control group that has {controller}")
    for root, point in _mounts(version, controller, proc):
        below = path.removeprefix(root.rstrip("/"))
        folder = point / below.lstrip("/")
        if (below != path or root == "/") and below[:1] in ("", "/") and ".." not in folder.parts and folder.is_dir():
            above = [folder, *folder.parents]
            return Groups(version, above[: above.index(point) + 1])
    raise Unknown(f"the control group of {controller}, {path}, is not under what is mounted here")


def memory_limit(proc: Path = SELF) -> int | None:
    """The smallest limit in bytes of its group and all above it; None: there is none. Raises Unknown."""
    groups = groups_of("memory", proc)
    name = "memory.max" if groups.version == 2 else "memory.limit_in_bytes"
    told = [_read(folder / name).strip() for folder in groups.folders]
    if not any(told) and not _is_root(groups):
        raise Unknown("no control group that can be seen has the controller memory")
    limits = [int(text) for text in told if text.isdecimal()]  # "max" is none
    return min((limit for limit in limits if limit < UNLIMITED), default=None)


class Throttling:
    """For how long quotas of CPU time held a process back.

    The kernel adds up each CPU's time: a group whose processes wait on four CPUs is told four seconds for each. So the
    time that it tells is shared among the CPUs that it was on: at least one; and of a quota of 2 CPUs that was used up
    those two, and all on which it waited. Of several groups that throttle, the one that did most counts.
    """

    def __init__(self, now_s: float, proc: Path = SELF) -> None:
        """`now_s` is of any clock that does not stop. Raises Unknown."""
        groups = groups_of("cpu", proc)
        self._folders = groups.folders
        self._at_s = now_s
        self._told = self._tell()
        if not self._told and not _is_root(groups):
            raise Unknown("no control group that can be seen has the controller cpu")
        self._held_s = 0.0

    def held_s(self, now_s: float) -> float:
        """Since the first look."""
        told, before, passed_s = self._tell(), self._told, now_s - self._at_s
        if passed_s > 0:
            grown = {folder: held - before.get(folder, held) for folder, held in told.items()}
            shares = (_wall_s(more, _quota(folder), passed_s) for folder, more in grown.items() if more > 0)
            self._held_s += max(shares, default=0.0)
            self._told, self._at_s = told, now_s
        return self._held_s

    def _tell(self) -> dict[Path, float]:
        return {folder: held for folder in self._folders if (held := _throttled_s(folder)) is not None}


def _wall_s(throttled_s: float, quota: float, passed_s: float) -> float:
    """Of the time that passed, that in which a group was throttled."""
    return throttled_s / max(1.0, quota + throttled_s / passed_s)


def _throttled_s(folder: Path) -> float | None:
    """By the kernel, of all CPUs; None where the group has no such controller."""
    for line in _read(folder / "cpu.stat").splitlines():
        name, _, value = line.partition(" ")
        if name in ("throttled_usec", "throttled_time"):
            return int(value) / (1e6 if name == "throttled_usec" else 1e9)
    return None


def _quota(folder: Path) -> float:
    """In CPUs; 0: none."""
    words = _read(folder / "cpu.max").split() or [
        _read(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")
    ]
    return int(words[0]) / int(words[1]) if len(words) == 2 and all(word.isdecimal() for word in words) else 0.0


def _is_root(groups: Groups) -> bool:
    """Whether the topmost is the system's own, above which there is nothing."""
    top = groups.folders[-1]
    return (top / "release_agent").exists() if groups.version == 1 else not (top / "cgroup.events").exists()


def _mounts(version: int, controller: str, proc: Path) -> list[tuple[str, Path]]:
    """What of a hierarchy is mounted where: the group at the mount's root, and its place."""
    found = []
    for line in _read(proc.parent / "self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        words, kind = before.split(), after.split()
        if len(words) < 5 or len(kind) < 3:
            continue
        if kind[0] == ("cgroup" if version == 1 else "cgroup2") and (version == 2 or controller in kind[2].split(",")):
            found.append((_unescaped(words[3]), Path(_unescaped(words[4]))))
    return found


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
