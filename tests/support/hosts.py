"""A process as another host would run it: a boot of its own, and a wall clock that is off."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

LIBRARY = "libfaketime.so.1"


def elsewhere(folder: Path, seconds: float) -> tuple[Sequence[str], dict[str, str]]:
    """What starts a command so, and its environment; skips the test where none can be made.

    The kernel's name of this boot is covered by another one, in a mount namespace of the process's own; libfaketime
    moves its clocks, the monotonic one, too: where it leaves that alone, it spoils every wait of Python's.
    """
    found = [*Path("/usr/lib").glob(f"*/faketime/{LIBRARY}"), *Path("/usr/lib").glob(f"faketime/{LIBRARY}")]
    if os.geteuid() != 0 or not found or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("only root can cover the boot's name, and it takes libfaketime (apt-get install faketime)")
    boot = folder / f"boot{seconds:+g}"
    boot.write_text(f"00000000-0000-0000-0000-{abs(hash(seconds)) % 10**12:012d}\n")
    cover = f'mount --bind "{boot}" /proc/sys/kernel/random/boot_id && exec "$0" "$@"'
    env = {"LD_PRELOAD": str(found[0]), "FAKETIME": f"{seconds:+g}s"}
    return ["unshare", "-m", "sh", "-c", cover], env
