"""A network namespace of the test's own, its loopback as slow as wanted."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def slow_loopback(mbit: float) -> Iterator[list[str]]:
    """What starts a command inside it; skips the test where none can be made. Gone afterwards."""
    name = f"hookswarm-{os.getpid()}"
    inside = ["ip", "netns", "exec", name]
    try:
        made = os.geteuid() == 0 and subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    except FileNotFoundError:
        made = False
    if not made:
        pytest.skip("only root, with iproute2, can make a network namespace")
    try:
        # Packets of an Ethernet's size: of loopback's own, 64 KiB, a bucket would hold hardly one.
        subprocess.run([*inside, "ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
        bucket = ["tbf", "rate", f"{mbit:g}mbit", "burst", "64kb", "latency", "500ms"]
        subprocess.run([*inside, "tc", "qdisc", "add", "dev", "lo", "root", *bucket], check=True)
        yield inside
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
