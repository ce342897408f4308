"""docker compose on a real engine: master, two workers and three receivers, each in a container of its own."""

import subprocess
import time
from pathlib import Path

import httpx
import pytest

from analysis.models import Section
from records.run import StageStarted, WorkerLost, read_timeline
from tests.deploy.compose import Project, engine, project, section
from tests.receivers import free_port, wait_until
from tests.runs import BUSY, codes

pytestmark = [
    pytest.mark.light,
    pytest.mark.skipif(not engine(), reason="no Docker engine answers (docker info), or there is no docker-compose"),
]

UP = ("up", "-d", "--scale", "worker=2", "worker")
HEADLESS = ("--profile", "headless", "run", "--rm", "-T", "--use-aliases", "headless")
WORKERS = {"WORKERS": "2"}


@pytest.fixture(scope="module")
def image() -> str:
    """The image, built once."""
    with project("hookswarm-build") as made:
        made.compose("build", "master", timeout_s=600)
    return "hookswarm"


@pytest.fixture(scope="module")
def played(image: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Section, Section]:
    """A short load and a short failover, over the same containers, without web UI."""
    folder = tmp_path_factory.mktemp("compose")
    with project("hookswarm-headless", **WORKERS) as made:
        sections = []
        made.compose(*UP)
        for test, stages in (("load", "sustained"), ("distribution", "failover refused")):
            wanted = Project(made.name, WORKERS | {"TEST": test, "OPTIONS": f"--quick --stages '{stages}'"})
            done = wanted.compose(*HEADLESS, check=False)
            assert done.returncode in (0, 3), done.stdout[-3000:] + done.stderr[-2000:]
            sections.append(section(made.results(folder / test), test))
    return sections[0], sections[1]


def test_the_books_balance_over_containers(played: tuple[Section, Section]) -> None:
    """Every event is in the journals of senders and receivers that share nothing but a volume."""
    for found in played:
        assert codes(found) <= BUSY, found.verdict
        for stage in found.stages:
            assert stage.ledger.balanced
            assert stage.ledger.lost == 0
            assert stage.deliveries.due > 500


def test_a_failover_goes_over_containers(played: tuple[Section, Section]) -> None:
    """The first region's data plane is ended and started by its supervisor; events go elsewhere meanwhile."""
    (found,) = played[1].failovers or []
    assert found.regions == ["us-east-1"]
    assert found.recovered_s is not None
    assert found.lost == 0


def test_a_killed_worker_voids_the_run(image: str, tmp_path: Path) -> None:
    """Within five seconds, and the exit code says so."""
    settings = WORKERS | {"TEST": "load", "OPTIONS": "--quick --stages sustained --duration 40s"}
    with project("hookswarm-killed", **settings) as made:
        made.compose(*UP)
        up = made.start(*HEADLESS, log=tmp_path / "log")
        wait_until(lambda: "sustained" in _timelines(made, tmp_path), 90)
        time.sleep(2)
        killed_ns = time.time_ns()
        subprocess.run(["docker", "kill", made.containers("worker")[0]], check=True, capture_output=True)
        assert up.wait(90) == 3, (tmp_path / "log").read_text()[-3000:]
        results = made.results(tmp_path / "results")
        (run,) = [path.parent for path in results.glob("*/run.json")]
        lost = [entry for entry in read_timeline(run) if isinstance(entry, WorkerLost)]
        assert len(lost) == 1
        assert 0 < (lost[0].at_ns - killed_ns) / 1e9 < 5
        assert "worker_lost" in codes(section(results, "load"))


def _timelines(made: Project, folder: Path) -> str:
    """What the timelines in the volume say so far."""
    mount = subprocess.run(
        ["docker", "volume", "inspect", "-f", "{{.Mountpoint}}", f"{made.name}_results"], capture_output=True, text=True
    )
    found = Path(mount.stdout.strip() or folder).glob("*/timeline.jsonl")
    return "".join(path.read_text() for path in found)


def test_a_paused_receiver_is_a_failover(image: str, tmp_path: Path) -> None:
    """Nobody planned it: it is told with the times at which the engine stopped and woke the container."""
    settings = WORKERS | {"TEST": "distribution", "OPTIONS": "--stages geography"}
    with project("hookswarm-paused", **settings) as made:
        made.compose(*UP)
        up = made.start(*HEADLESS, log=tmp_path / "log")
        wait_until(lambda: "geography" in _timelines(made, tmp_path), 90)
        time.sleep(1)
        (receiver,) = made.containers("receiver-eu-west-1")
        subprocess.run(["docker", "pause", receiver], check=True, capture_output=True)
        paused_ns = time.time_ns()
        time.sleep(2.5)
        subprocess.run(["docker", "unpause", receiver], check=True, capture_output=True)
        woken_ns = time.time_ns()
        assert up.wait(120) in (0, 3), (tmp_path / "log").read_text()[-3000:]
        results = made.results(tmp_path / "results")
        (run,) = [path.parent for path in results.glob("*/run.json")]
        (started,) = [entry for entry in read_timeline(run) if isinstance(entry, StageStarted)]
        found = [one for one in section(results, "distribution").failovers or [] if "eu-west-1" in one.regions]
        assert found, section(results, "distribution").failovers
        began_ns = started.at_ns + found[0].began_at_s * 1e9
        assert abs(began_ns - paused_ns) < 0.5e9
        assert abs(began_ns + found[0].lasted_s * 1e9 - woken_ns) < 1e9
        assert codes(section(results, "distribution")) <= BUSY


def test_the_web_ui_is_served_to_this_machine_alone(image: str) -> None:
    """Plain `up`: master, worker and receivers are healthy, none runs as root, and /metrics counts the worker."""
    port = free_port()
    with project("hookswarm-web", WEB_PORT=str(port)) as made:
        made.compose("up", "-d")
        url = f"http://127.0.0.1:{port}"

        def workers() -> bool:
            try:
                return "hookswarm_workers 1.0" in httpx.get(f"{url}/metrics", timeout=2, trust_env=False).text
            except httpx.HTTPError:
                return False

        wait_until(workers, 60)
        for service in ("master", "worker", "receiver-us-east-1"):
            (container,) = made.containers(service)
            who = subprocess.run(["docker", "exec", container, "id", "-u"], capture_output=True, text=True, check=True)
            assert who.stdout.strip() == "10001"
            wrote = subprocess.run(["docker", "exec", container, "touch", "/app/x"], capture_output=True)
            assert wrote.returncode != 0
