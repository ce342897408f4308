"""docker-compose.yml's profiles on a real engine: HAProxy before the regions, Prometheus beside them."""

import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.compose import engine, project, section
from tests.support.receivers import free_port, wait_until
from tests.support.runs import BUSY, codes

pytestmark = [
    pytest.mark.light,
    pytest.mark.usefixtures("image"),
    pytest.mark.skipif(not engine(), reason="no Docker engine answers (docker info), or there is no docker-compose"),
]

IMAGES = Path(__file__).parent / "images"


def stand_in(name: str) -> str:
    """The tag of an image that is as the real one, made of Debian's packages."""
    tag = f"hookswarm-tests-{name}"
    command = ["docker", "build", "-q", "--target", name, "-t", tag, str(IMAGES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return tag


def test_haproxy_stands_before_the_regions(tmp_path: Path) -> None:
    """Its configuration comes from the table of regions; ours and its strategies meet the same arrivals."""
    settings = {"HAPROXY_IMAGE": stand_in("haproxy"), "REGIONS": "deploy/regions-haproxy.toml", "TEST": "distribution"}
    settings["OPTIONS"] = "--quick --no-replay --stages 'balancers *'"
    with project("hookswarm-haproxy", **settings) as made:
        made.compose("--profile", "haproxy", "up", "-d", "haproxy")  # alone, so that nothing else makes it wait
        made.compose("up", "-d", "worker")
        up = ("--profile", "headless", "--profile", "haproxy", "run", "--rm", "-T", "--use-aliases", "headless")
        done = made.compose(*up, check=False)
        assert done.returncode in (0, 3), done.stdout[-3000:] + done.stderr[-2000:]
        found = section(made.results(tmp_path / "results"), "distribution")
    assert codes(found) <= BUSY, found.verdict
    assert {stage.parameters["strategy"] for stage in found.stages} == {"power-of-two", "haproxy-leastconn"}
    for stage in found.stages:
        assert stage.ledger.balanced
        assert stage.ledger.lost == 0
        assert stage.deliveries.acknowledged > 500


def test_prometheus_scrapes_master_and_receivers() -> None:
    """Without a hand: each target is up, the receivers' with the token of the volume, and the alert rules are there."""
    port = free_port()
    settings = {"PROMETHEUS_IMAGE": stand_in("prometheus"), "PROMETHEUS_PORT": str(port), "WEB_PORT": str(free_port())}
    with project("hookswarm-monitoring", **settings) as made:
        made.compose("--profile", "monitoring", "up", "-d")
        wait_until(lambda: _up(port) == 4, 90)
        assert _value(port, "hookswarm_workers") == 1
        assert [group["name"] for group in _ask(port, "rules")["groups"]] == ["hookswarm"]


def _ask(port: int, call: str, **parameters: str) -> Any:
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/{call}", params=parameters, timeout=2, trust_env=False)
        return answer.json()["data"]
    except (httpx.HTTPError, ValueError, KeyError):
        return {}


def _up(port: int) -> int:
    return sum(target["health"] == "up" for target in _ask(port, "targets").get("activeTargets", []))


def _value(port: int, metric: str) -> float:
    (found,) = _ask(port, "query", query=metric)["result"]
    return float(found["value"][1])
