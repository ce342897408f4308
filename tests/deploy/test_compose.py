"""docker compose on a real engine: master, two workers and three receivers, each in a container of its own."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.manifest import Manifest
from _hookswarm.records.timeline import StageStarted, WorkerLost, read_timeline
from _hookswarm.senders.plan.stages import from_plain
from tests.support.compose import Project, engine, project, section
from tests.support.receivers import free_port, wait_until
from tests.support.runs import BUSY, codes

pytestmark = [
    pytest.mark.light,
    pytest.mark.skipif(not engine(), reason="no Docker engine answers (docker info), or there is no docker-compose"),
]

UP = ("up", "-d", "--scale", "worker=2", "worker")
HEADLESS = ("--profile", "headless", "run", "--rm", "-T", "--use-aliases", "headless")
WORKERS = {"WORKERS": "2"}


@pytest.fixture(scope="module")
def workers(image: str) -> Iterator[Project]:
    """Three receivers and two workers, which every run without web UI uses in turn."""
    with project("hookswarm-headless", **WORKERS) as made:
        made.compose(*UP)
        yield made


def of(made: Project, test: str, options: str) -> Project:
    """The same containers, for another test; no stage twice, whatever else the machine does."""
    return Project(made.name, WORKERS | {"TEST": test, "OPTIONS": f"{options} --no-replay"})


@pytest.fixture(scope="module")
def played(workers: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Section, Section]:
    """A short load and a short failover, without web UI."""
    folder = tmp_path_factory.mktemp("compose")
    sections = []
    for test, stages in (("load", "sustained"), ("distribution", "failover refused")):
        done = of(workers, test, f"--quick --stages '{stages}'").compose(*HEADLESS, check=False)
        assert done.returncode in (0, 3), done.stdout[-3000:] + done.stderr[-2000:]
        sections.append(section(workers.results(folder / test), test))
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


def test_a_paused_receiver_is_a_failover(workers: Project, tmp_path: Path) -> None:
    """Nobody planned it: it is told with the times at which the engine stopped and woke the container."""
    before = _runs(workers)
    up = of(workers, "distribution", "--stages geography").start(*HEADLESS, log=tmp_path / "log")
    _await_stage(workers, "geography", before)
    time.sleep(1)
    (receiver,) = workers.containers("receiver-eu-west-1")
    paused = _docker("pause", receiver)
    time.sleep(2.5)
    woken = _docker("unpause", receiver)
    assert up.wait(120) in (0, 3), (tmp_path / "log").read_text()[-3000:]
    results = workers.results(tmp_path / "results")
    found = section(results, "distribution")
    (started,) = [entry for entry in read_timeline(results / found.run.id) if isinstance(entry, StageStarted)]
    failovers = [one for one in found.failovers or [] if "eu-west-1" in one.regions]
    assert failovers, found
    began_ns = started.at_ns + failovers[0].began_at_s * 1e9
    assert paused[0] - 0.3e9 < began_ns < paused[1] + 0.3e9
    health = from_plain(Manifest.load(results / found.run.id).stages[started.stage]).health
    tried_again_ns = health.rise * health.probe_s * 1e9
    assert woken[0] - 0.3e9 < began_ns + failovers[0].lasted_s * 1e9 < woken[1] + tried_again_ns + 0.3e9
    assert codes(found) <= BUSY


def test_a_killed_worker_voids_the_run(workers: Project, tmp_path: Path) -> None:
    """Within five seconds, and the exit code says so. The last of these: the worker does not come back."""
    before = _runs(workers)
    up = of(workers, "load", "--quick --stages sustained --duration 40s").start(*HEADLESS, log=tmp_path / "log")
    _await_stage(workers, "sustained", before)
    time.sleep(1)
    killed_ns, _ = _docker("kill", workers.containers("worker")[0])
    assert up.wait(90) == 3, (tmp_path / "log").read_text()[-3000:]
    results = workers.results(tmp_path / "results")
    found = section(results, "load")
    lost = [entry for entry in read_timeline(results / found.run.id) if isinstance(entry, WorkerLost)]
    assert len(lost) == 1
    assert 0 < (lost[0].at_ns - killed_ns) / 1e9 < 5
    assert "worker_lost" in codes(found)


def _docker(*command: str) -> tuple[int, int]:
    """When the engine was asked, and when it had done it: a client on a busy machine takes its time."""
    asked = time.time_ns()
    subprocess.run(["docker", *command], check=True, capture_output=True)
    return asked, time.time_ns()


def _runs(made: Project) -> set[Path]:
    return set(made.volume().glob("*/timeline.jsonl"))


def _await_stage(made: Project, stage: str, before: set[Path]) -> None:
    """Until a run that was not there before has begun it."""
    wait_until(lambda: any(stage in path.read_text() for path in _runs(made) - before), 90)


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
