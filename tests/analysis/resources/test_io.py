"""The resource test's stages: what is seen in rows and logs, and that it reaches the verdict and the report."""

import errno
from dataclasses import replace

import pandas as pd
import pytest

from _hookswarm.analysis.reporting import resources as resource_summary
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.io import IoSection, IoStage
from _hookswarm.records.rows import Flag, Outcome
from _hookswarm.records.timeline import Entry, StageEnded
from tests.support.journals import MS, SECOND, START, Row, arrival, attempt, planned, run, table
from tests.support.samples import machine_log, sample

WINDOW_S = 4
PLAN = planned("io", users=1, duration_s=float(WINDOW_S), events=None)


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
    plain = run(attempts, arrivals, stages=[PLAN], test="resource")
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


def reporting(attempts: list[Row], connecting_s: float | None) -> list[Entry]:
    """The timeline of a run whose sender says how long it connected."""
    return [
        entry.model_copy(
            update={"reports": [one.model_copy(update={"connecting_s": connecting_s}) for one in entry.reports]}
        )
        if isinstance(entry, StageEnded)
        else entry
        for entry in run(attempts, stages=[PLAN]).timeline
    ]


def test_connecting_is_told_as_a_share_of_the_waits() -> None:
    """3 s of 40 waits of 95 ms: set-up is what limited the stage. 1 s, or an older run, which tells none: it is not."""
    fresh = [one | {"flags": int(Flag.WRITTEN)} for one in sends(took_ms=95)]
    found = stage(fresh, timeline=reporting(fresh, 3.0))
    assert (found.connections_share, found.connecting_share) == (1.0, 0.7895)
    assert found.bottleneck == "connection set-up"
    assert stage(fresh, timeline=reporting(fresh, 1.0)).bottleneck == "target's own delay"
    older = stage(fresh, timeline=reporting(fresh, None))
    assert (older.bottleneck, older.connecting_share) == ("target's own delay", None)


def test_connections_that_held_up_nobody_are_no_bottleneck() -> None:
    """A sender that is idle for nine tenths of its time may open one for each attempt."""
    fresh = [one | {"flags": int(Flag.WRITTEN)} for one in sends()]
    assert stage(fresh, timeline=reporting(fresh, 0.39)).bottleneck == "none"


def test_descriptors() -> None:
    """The process nearest to its limit counts, the generator's or the target's."""
    assert stage(sends(), resources=samples(fds=99, fd_limit=100)).bottleneck == "file descriptors"
    one = samples(fds=99, fd_limit=100).assign(role="receiver-local")
    found = section(sends(), resources=pd.concat([samples(fds=1, fd_limit=100), one]))
    assert found.stages[0].evidence == "a receiving process had 99% of the file descriptors that it may have"


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
