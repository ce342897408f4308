"""The processes and programs that a service's table names, to end it and start it again in mid-run."""

import os
import shutil
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from _hookswarm.common.errors import ConfigError, HookswarmError
from _hookswarm.common.wording import of_system
from _hookswarm.records.resources import available
from _hookswarm.senders.service.filling import from_environment
from _hookswarm.senders.service.promises import Restart
from _hookswarm.senders.service.table import Service

if available() is None:
    import psutil


PORT = "tcp://"
"""How `ready` begins where it is a port."""
ASK_MOST_S = 2.0
"""How long one answer to whether it is back may take."""


class RestartError(HookswarmError):
    """It could not be ended, or started again; the text says why, and what to do."""


def restart_faults(service: Service | None, names: Iterable[str]) -> list[str]:
    """A phrase for each of these restarts that is known to fail: before anything is sent. Other names are none."""
    faults = []
    for name in dict.fromkeys(names):
        restart = service.restart.get(name) if service else None
        if not service or not restart:
            continue
        try:
            if restart.stop:
                program(restart.stop)
            else:
                find_process(restart)
            if restart.start:
                program(restart.start)
            port_of(from_environment(restart.ready))
        except (ConfigError, RestartError) as error:
            faults.append(f"--service {service.name}: restart.{name}: {error}")
    return faults


def find_process(restart: Restart) -> "psutil.Process":
    """The process that a signal is for. Raises RestartError, or ConfigError for a variable that is not set."""
    if missing := available():
        raise RestartError(f"a signal needs psutil: {missing}; or write a command: stop = [...]")
    try:
        if restart.pid_file:
            process = _of_file(Path(from_environment(restart.pid_file)))
        else:
            process = _named(from_environment(restart.process))
        process.name()
        os.kill(process.pid, 0)
    except PermissionError:
        told = f"process {process.pid} ({process.name()}) is another user's: run hookswarm as that user, or write a"
        raise RestartError(f"{told} command: stop = [...]") from None
    except (ProcessLookupError, psutil.NoSuchProcess):
        raise RestartError("its process has just gone: start the service, and run this again") from None
    return process


def _of_file(path: Path) -> "psutil.Process":
    try:
        text = path.read_text().split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        said = of_system(error) if isinstance(error, OSError) else f"{path}: not text"
        raise RestartError(f"pid_file: {said}: start the service, or name the file that it writes") from None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise RestartError(f"pid_file {path} does not begin with a process's number: name the file that has it")
    try:
        process = psutil.Process(int(text))
    except psutil.Error:
        process = None
    if not process or not lives(process):
        raise RestartError(f"process {text} of {path} is gone: start the service, and run this again")
    if process.pid == 1 or process.pid in _our_line():
        raise RestartError(
            f"process {text} of {path} ({process.name()}) runs hookswarm itself: name the service's file"
        )
    return process


def _named(name: str) -> "psutil.Process":
    """The one process of a program; of several that one started, it."""
    spared = _our_line()
    there = {
        one.pid: one
        for one in psutil.process_iter(["name", "ppid", "status"])
        if one.info["name"] == name and one.info["status"] != psutil.STATUS_ZOMBIE and one.pid not in spared
    }
    first = [one for one in there.values() if one.info["ppid"] not in there]
    if not first:
        raise RestartError(f"no process is called {name}: start the service, or name its pid_file")
    if len(first) > 1:
        pids = ", ".join(str(one.pid) for one in first)
        raise RestartError(f"{len(first)} processes are called {name} ({pids}): name the one's pid_file")
    return first[0]


def _our_line() -> set[int]:
    """This process, and those that it descends from."""
    own = psutil.Process()
    return {own.pid, *(one.pid for one in own.parents())}


def program(command: Sequence[str]) -> list[str]:
    """A command's words. Raises RestartError where there is no such program."""
    words = [from_environment(word) for word in command]
    if not shutil.which(words[0]):
        raise RestartError(f"there is no command {words[0]!r}: write its path")
    return words


def port_of(ready: str) -> tuple[str, int] | None:
    """Host and port of `tcp://HOST:PORT`; None: it is a URL of another kind. Raises RestartError for half of one."""
    if not ready.startswith(PORT):
        return None
    try:
        parts = urlsplit(ready)
        if parts.hostname and parts.port and parts.netloc and not (parts.path or parts.query or parts.fragment):
            return parts.hostname, parts.port
    except ValueError:
        pass
    raise RestartError(f"ready = {ready!r} names no port: write tcp://HOST:PORT")


def takes_connection(address: tuple[str, int]) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection(address, ASK_MOST_S):
            return True
    except OSError:
        return False


def lives(process: "psutil.Process") -> bool:
    """Not gone, nor waiting for a parent to take note of its end."""
    try:
        return process.is_running() and process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return False
