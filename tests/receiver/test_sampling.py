"""A data-plane process's psutil log: one for each run, on a clock that is passed in."""

from pathlib import Path

import pytest

from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.receiver.config import ReceiverConfig
from _hookswarm.receiver.sampling import SAMPLE_S, Sampler
from _hookswarm.records.clock import Clock
from _hookswarm.records.resources import LOGS


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def sampler(tmp_path: Path, seconds: Seconds) -> Sampler:
    return Sampler(ReceiverConfig(region="eu", results=tmp_path, state=tmp_path), Clock(), monotonic=seconds)


def lines(folder: Path) -> list[int]:
    """Samples in each log of a folder."""
    return [len(path.read_text().splitlines()) - 2 for path in sorted(folder.glob(LOGS))]


def test_no_run_no_log(tmp_path: Path, sampler: Sampler) -> None:
    """While no run is on, nothing is written."""
    sampler.follow(NO_RUN, 0)
    assert list(tmp_path.rglob(LOGS)) == []


def test_a_line_from_time_to_time(tmp_path: Path, sampler: Sampler, seconds: Seconds) -> None:
    """Housekeeping comes often, samples are taken twice a second, and the log is named after its region."""
    for _ in range(100):
        sampler.follow("run-1", 0)
        seconds.now += SAMPLE_S / 20
    assert lines(tmp_path / "run-1") == [5]
    assert [path.name.split("-")[:3] for path in (tmp_path / "run-1").iterdir()] == [["resources", "receiver", "eu"]]


def test_each_run_has_its_log(tmp_path: Path, sampler: Sampler, seconds: Seconds) -> None:
    """A new run begins a new log, and a run that comes back a further one."""
    for run in ("run-1", "run-2", NO_RUN, "run-1"):
        sampler.follow(run, 0)
        seconds.now += 1
    assert lines(tmp_path / "run-1") == [1, 1]
    assert lines(tmp_path / "run-2") == [1]


def test_a_pause_gives_memory_back(tmp_path: Path, sampler: Sampler, seconds: Seconds) -> None:
    """What a process freed is no longer its own at the next sample."""
    psutil = pytest.importorskip("psutil")
    sampler.follow("run-1", 0)
    blocks = [bytes(1000) for _ in range(100_000)]
    hole = blocks[::50]  # what is kept here and there keeps the C library from giving back by itself
    del blocks
    before = psutil.Process().memory_info().rss
    sampler.follow("run-1", 1)
    assert len(hole) == 2000
    assert psutil.Process().memory_info().rss <= before
