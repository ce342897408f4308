"""Namespaces of the test's own: a loopback as slow as wanted, few local ports, a name service that is silent."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def _namespace() -> Iterator[list[str]]:
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
        yield inside
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


@contextmanager
def slow_loopback(mbit: float) -> Iterator[list[str]]:
    """What starts a command in a network of so many Mbit/s."""
    with _namespace() as inside:
        # Packets of an Ethernet's size: of loopback's own, 64 KiB, a bucket would hold hardly one.
        subprocess.run([*inside, "ip", "link", "set", "lo", "mtu", "1500", "up"], check=True)
        bucket = ["tbf", "rate", f"{mbit:g}mbit", "burst", "64kb", "latency", "500ms"]
        subprocess.run([*inside, "tc", "qdisc", "add", "dev", "lo", "root", *bucket], check=True)
        yield inside


@contextmanager
def few_ports(count: int) -> Iterator[list[str]]:
    """What starts a command in a network with so many local ports to connect from, and no IPv6."""
    wanted = {"net.ipv4.ip_local_port_range": f"40000 {40000 + count - 1}", "net.ipv6.conf.all.disable_ipv6": "1"}
    with _namespace() as inside:
        subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
        for name, value in wanted.items():
            path = f"/proc/sys/{name.replace('.', '/')}"
            if subprocess.run([*inside, "sh", "-c", f"echo {value} >{path}"], capture_output=True).returncode:
                pytest.skip(f"{path} cannot be written here")
        yield inside


@contextmanager
def silent_name_service(folder: Path) -> Iterator[list[str]]:
    """What starts a command for which there is only a name service that never answers."""
    mine = folder / "resolv.conf"
    mine.write_text("nameserver 127.0.0.77\n")
    inside = ["unshare", "--mount", "sh", "-c", f'mount --bind {mine} /etc/resolv.conf && exec "$@"', "sh"]
    if os.geteuid() or subprocess.run([*inside, "true"], capture_output=True).returncode:
        pytest.skip("only root, where it may mount, can have another name service")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.77", 53))
        yield inside
