"""The resource test's stages: what is seen in rows and logs, and that it reaches the verdict and the report."""

import errno
from dataclasses import replace

import pandas as pd
import pytest

from _hookswarm.analysis.reporting import resources as resource_summary
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.io import IoSection, IoStage
from _hookswarm.records.rows import Flag, Outcome
from tests.support.journals import MS, SECOND, START, Row, arrival, attempt, planned, run, table
from tests.support.samples import machine_log, sample

WINDOW_S = 4


def sends(count: int = 40, took_ms: int = 10, **fields: int) -> list[Row]:
    """Attempts one after the other, evenly over the window."""
    return [
        attempt(n, due=due, done=due + took_ms * MS, flags=Flag.WRITTEN | Flag.REUSED, **fields)
        for n in range(count)
        for due in [START + n * WINDOW_S * SECOND // count]
    ]


def samples(**fields: float) -> pd.DataFrame:
    """One sending process over the window, a sample a second."""
    rows = [sample(START + s * SECOND, cpu_user_s=0.1 * s, **fields) for s in range(WINDOW_S + 1)]
    return pd.DataFrame(rows).assign(process="7", role="sender")


def section(attempts: list[Row], arrivals: list[Row] | None = None, **frames: object) -> IoSection:
    plan = planned("io", users=1, duration_s=float(WINDOW_S), events=None)
    plain = run(attempts, arrivals, stages=[plan], test="resource")
    found = analyse(replace(plain, **({"resources": samples(fds=5, fd_limit=100)} | frames))).io  # type: ignore[arg-type]  # a test names the frames that differ
    assert found
    return found


def stage(attempts: list[Row], arrivals: list[Row] | None = None, **frames: object) -> IoStage:
    (found,) = section(attempts, arrivals, **frames).stages
    return found


def test_time_inside_the_receiver_is_told_from_the_way() -> None:
    """Of attempts of 10 ms, 9 in the receiver: its own delay; or 1: the way, for nobody's CPU was busy."""
    attempts = sends(took_ms=95)
    slow = [arrival(one, done=one["start"] + 90 * MS) for one in attempts]
    found = stage(attempts, slow)
    assert found.inside_receiver_share == pytest.approx(89.9 / 95, abs=0.001)
    assert found.bottleneck == "target's own delay"
    assert stage(attempts, [arrival(one, done=one["start"] + MS) for one in attempts]).bottleneck == "network"


def test_fsyncs_are_told_exactly() -> None:
    """Those of the window, by nearest rank; and the share of the time that they took."""
    syncs = table([attempt(n, start=START + n * 10 * MS, done=START + n * 10 * MS + 8 * MS) for n in range(400)])
    early = table([attempt(0, start=START - SECOND, done=START - SECOND + 500 * MS)])
    found = stage(sends(), fsyncs=[syncs, early])
    assert (found.fsync_ms.count, found.fsync_ms.p50, found.fsync_ms.max) == (400, 8.0, 8.0)
    assert found.fsync_share == 0.8
    assert found.bottleneck == "disk"


def test_new_connections_and_descriptors() -> None:
    """Attempts without the flag opened a connection; the process nearest to its limit counts."""
    fresh = [one | {"flags": int(Flag.WRITTEN)} for one in sends()]
    assert stage(fresh).connections_share == 1.0
    assert stage(fresh).bottleneck == "connection set-up"
    assert stage(sends(), resources=samples(fds=99, fd_limit=100)).bottleneck == "file descriptors"


@pytest.mark.parametrize(
    ("number", "name", "advice"),
    [
        (errno.EADDRNOTAVAIL, "local ports", "net.ipv4.ip_local_port_range"),
        (errno.EMFILE, "file descriptors", "ulimit -n"),
        (errno.ENFILE, "file descriptors", "fs.file-max"),
        (errno.ENOBUFS, "memory", "memory"),
    ],
)
def test_what_the_sender_lacks_comes_first(number: int, name: str, advice: str) -> None:
    """What its own machine kept a sender from is the bottleneck, by what was lacking, and not the set-up."""
    rows = sends() + [attempt(100 + n, outcome=Outcome.LOCAL_SHORTAGE, status=number) for n in range(60)]
    found = stage(rows)
    assert found.bottleneck == name
    assert found.evidence.startswith("60.0% of the attempts")
    assert advice in found.try_next


def test_the_machine_is_told() -> None:
    """Its log's figures stand in the stage, and in the verdict."""
    found = stage(sends(), machine=machine_log(WINDOW_S, listen_overflows=7, disk_write_bytes=500, steal_s=0.2))
    assert (found.disk_write_bytes_per_s, found.steal_share) == (500.0, 0.1)
    assert found.bottleneck == "accept queue"


def test_without_logs_the_section_says_why() -> None:
    """What psutil would have told is skipped, with the reason; what the journals tell is there."""
    found = section(sends(), resources=run([]).resources)
    assert found.skipped == "no resource log in the run's folder"
    assert found.stages[0].connections_share == 0.0
    assert resource_summary.bottleneck_lines(found) == ["skipped: no resource log in the run's folder"]


def test_other_tests_have_no_such_section() -> None:
    """It is the resource test's."""
    assert analyse(run(sends())).io is None
