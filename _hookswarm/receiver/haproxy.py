"""HAProxy before all regions of a table: its configuration, as a pure function of the table, and the process."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import Algorithm, Balancer, Region, address_of, load_table
from _hookswarm.receiver import children

MOST_WEIGHT = 100
"""The heaviest region's weight there: HAProxy's are whole numbers from 1 to 256."""

BALANCE: dict[Algorithm, tuple[str, ...]] = {
    "roundrobin": ("balance roundrobin",),
    "leastconn": ("balance leastconn",),
    # Drawn with replacement: of n servers, one draw of n is no choice.
    "random": ("balance random(2)",),
    # By webhook, the fourth word of msg_<run>_<stage>_<webhook>_<sequence>; bounded as senders.plan.strategies does.
    "hash": ("balance hash req.hdr(webhook-id),word(4,_)", "hash-type consistent", "hash-balance-factor 125"),
}

_DEFAULTS = """\
# Written by hookswarm. Retries are those of HAProxy's defaults: of connections that fail, three, the last elsewhere.
defaults
    mode http
    timeout connect 1s
    timeout client 1h
    timeout server 1h
    timeout check 500ms
    option redispatch
    option httpchk GET /health
    default-server check inter 500ms fall 3 rise 2 observe layer7 error-limit 5 on-error mark-down
"""
"""Time-outs longer than any of a sender: whose attempt it is decides when it has waited enough. Health is judged as
the stages of the test "distribution" have their senders judge it."""


def haproxy_configuration(regions: Sequence[Region], balancer: Balancer) -> str:
    """HAProxy's configuration file: a frontend for each algorithm, each before all regions."""
    return _DEFAULTS + "".join(_listen(algorithm, url, regions) for algorithm, url in balancer.haproxy.items())


def _listen(algorithm: Algorithm, url: str, regions: Sequence[Region]) -> str:
    host, port = address_of(url)
    heaviest = max(region.weight for region in regions)
    lines = [f"listen {algorithm}", f"    bind {host}:{port}", *(f"    {line}" for line in BALANCE[algorithm])]
    for region in regions:
        server, server_port = address_of(region.url)
        weight = max(round(region.weight / heaviest * MOST_WEIGHT), 1)
        lines.append(f"    server {region.name} {server}:{server_port} weight {weight}")
    return "\n".join(lines) + "\n"


def haproxy_program() -> str:
    """Where HAProxy is; raises ConfigError that says how to get it."""
    # Debian installs it where only root's path leads.
    found = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ConfigError(["HAProxy is not installed: apt-get install haproxy"])
    return found


def start_haproxy(
    folder: Path, regions: Sequence[Region], balancer: Balancer, output: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    """Start it, in the foreground, with its configuration in `folder`. Raises ConfigError, OSError."""
    path = folder / "haproxy.cfg"
    path.write_text(haproxy_configuration(regions, balancer))
    return children.start_child([haproxy_program(), "-db", "-q", "-f", str(path)], output=output)


if __name__ == "__main__":
    table = load_table(Path(sys.argv[1]))
    assert table.balancer
    print(haproxy_configuration(table.region, table.balancer), end="")
