"""Processes of others, by id or by name: whose resources are to be logged beside ours."""

import re

from _hookswarm.common.errors import ConfigError
from _hookswarm.records.resources import available

_UNSAFE = re.compile("[^A-Za-z0-9]+")


def find_processes(pids: str, names: str) -> tuple[tuple[int, str], ...]:
    """The ids and names (safe in file names) of what two lists by comma name. Raises ConfigError with every fault."""
    wanted, asked = ([part.strip() for part in text.split(",") if part.strip()] for text in (pids, names))
    if not wanted and not asked:
        return ()
    if missing := available():
        raise ConfigError([f"--watch needs psutil ({missing}): install it, or leave --watch out"])
    import psutil

    running = {process.pid: process.info["name"] or "" for process in psutil.process_iter(["name"])}
    faults = [
        f"--watch {text}: there is no such process: check its id with ps"
        for text in wanted
        if _pid(text) not in running
    ]
    faults += [
        f"--watch-name {name}: no process is called so: check its name with ps -e"
        for name in asked
        if name not in running.values()
    ]
    if faults:
        raise ConfigError(faults)
    chosen = [pid for text in wanted if (pid := _pid(text)) is not None]
    chosen += [pid for pid, name in running.items() if name in asked]
    return tuple((pid, _UNSAFE.sub("-", running[pid])[:40] or "unnamed") for pid in dict.fromkeys(chosen))


def _pid(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None
