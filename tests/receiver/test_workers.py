"""`POST /setup`: another number of data-plane processes, in the middle of a run."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from _hookswarm.records.reading import read_journal
from tests.support.load import Load, journalled
from tests.support.receivers import BEARER, RunningReceiver, running_receiver, wait_until
from tests.support.watching import play

pytestmark = pytest.mark.slow


def scale(receiver: RunningReceiver, count: int) -> httpx.Response:
    return httpx.post(f"{receiver.control}/setup", headers=BEARER, json={"workers": count}, timeout=60, trust_env=False)


@pytest.mark.parametrize("durability", ["memory", "os", "fsync"])
def test_more_and_fewer_processes_under_a_run(durability: str, tmp_path: Path) -> None:
    """1, 2 and 1 processes under load: nothing acknowledged is lost, the counts are right, nobody stays behind."""
    with running_receiver(tmp_path, "--durability", durability) as receiver:
        receiver.reset("run-1")
        play(receiver, fail_first=1, fail_status=500, seed=3)
        order = receiver.ask("/faults").json()
        alone, met = len(receiver.processes()), set(receiver.workers())
        with Load(receiver, attempt=2) as load:
            for count in (2, 1, 2, 1):
                before = len(load.acknowledged)
                wait_until(lambda before=before: len(load.acknowledged) > before + 100)  # type: ignore[misc]  # the default is this turn's number
                assert scale(receiver, count).json()["workers"] == count
                health = receiver.ask("/health").json()
                assert (health["status"], health["wanted_workers"], len(health["workers"])) == ("ready", count, count)
                assert met.isdisjoint(health["workers"])
                met |= set(health["workers"])
        assert receiver.ask("/faults").json() == order
        assert receiver.deliver() == 500
        wait_until(lambda: receiver.ask("/stats").json()["faults"] == {"status 500": 1})
        stats = receiver.ask("/stats").json()
        # Behind the statistics, which come with what memory held.
        rows = [row for path in receiver.results.rglob("*.journal") for row in read_journal(path).rows]
        assert (stats["run"], stats["arrivals"]) == ("run-1", sum(row["status"] == 204 for row in rows))
        assert len(receiver.processes()) == alone
        receiver.stop()
        assert receiver.processes() == []
        assert receiver.log.read_text().splitlines() == [f"receiver local: 127.0.0.1:{receiver.address[1]}"]
    assert load.refused == []
    assert load.acknowledged <= journalled(receiver)
    written = {path.stem.rpartition("-")[2] for path in (receiver.results / "run-1").glob("arrivals-*.journal")}
    assert written <= {str(pid) for pid in met}
    assert len(written) >= 5, "each data plane wrote journals of its own"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    with running_receiver(tmp_path_factory.mktemp("pair"), "--workers", "2") as running:
        yield running


def test_the_same_number_is_no_restart(pair: RunningReceiver) -> None:
    """Processes that are there already stay as they are."""
    before = pair.workers()
    assert scale(pair, 2).status_code == 200
    assert pair.workers() == before


def test_a_number_that_is_refused_changes_nothing(pair: RunningReceiver) -> None:
    """Over the socket as well: the fault is named, and the processes stay."""
    before = pair.workers()
    assert scale(pair, 257).status_code == 400
    assert "workers" in scale(pair, 0).json()["error"]
    assert pair.workers() == before


def test_others_are_answered_meanwhile_and_the_last_number_holds(pair: RunningReceiver) -> None:
    """Whoever asks in the middle of it learns that the data plane is down; two who scale at once get one of both."""
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(scale, pair, count) for count in (3, 4)]
        seen = set()
        while not all(one.done() for one in asked):
            began = time.monotonic()
            seen.add(pair.ask("/health").json()["status"])
            assert time.monotonic() - began < 5
    assert [one.result().status_code for one in asked] == [200, 200]
    assert "down" in seen
    health = pair.ask("/health").json()
    assert health["wanted_workers"] == len(health["workers"])
    assert len(health["workers"]) in (3, 4)
    assert scale(pair, 2).status_code == 200
    assert len(pair.workers()) == 2


def test_gevent_serves_with_one_process(tmp_path: Path) -> None:
    """One is what it has; more are refused with a sentence that says what to do."""
    with running_receiver(tmp_path, "--server", "gevent") as receiver:
        before = receiver.workers()
        assert scale(receiver, 1).status_code == 200
        answer = scale(receiver, 2)
        assert (answer.status_code, "--server granian" in answer.json()["error"]) == (409, True)
        assert receiver.workers() == before
        assert receiver.deliver() == 204


@pytest.mark.skipif(not shutil.which("ss"), reason="there is no ss (Debian: apt install iproute2)")
def test_threads_backlog_and_bodies_are_set_up_too(tmp_path: Path) -> None:
    """Bodies are kept, and so few connections may wait; then all is as it was started."""
    with running_receiver(tmp_path) as receiver:
        receiver.reset("run-1")
        wanted = {"threads": 2, "backlog": 3, "bodies": True}
        answer = httpx.post(f"{receiver.control}/setup", headers=BEARER, json=wanted, timeout=60, trust_env=False)
        assert answer.status_code == 200
        assert receiver.deliver(b'{"kept": true}') == 204
        assert _backlog(receiver) == 3
        httpx.post(f"{receiver.control}/setup", headers=BEARER, json={}, timeout=60, trust_env=False)
        assert receiver.deliver(b'{"kept": false}') == 204
        assert _backlog(receiver) == 1024
        (path,) = receiver.results.glob("run-1/bodies-*.ndjson")
        assert path.read_bytes() == b'{"kept": true}\n'


def _backlog(receiver: RunningReceiver) -> int:
    """What the kernel says of the listening socket."""
    told = subprocess.run(
        ["ss", "-Hltn", f"sport = :{receiver.address[1]}"], capture_output=True, text=True, check=True
    )
    return int(told.stdout.split()[2])


def test_the_supervisor_keeps_a_log_of_itself(tmp_path: Path) -> None:
    """What supervising costs is in the run's folder, beside the data plane's."""
    with running_receiver(tmp_path) as receiver:
        receiver.reset("run-1")
        folder = receiver.results / "run-1"
        wait_until(lambda: list(folder.glob(f"resources-supervisor-local-{receiver.process.pid}.csv")))
