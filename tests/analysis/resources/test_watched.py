"""What the log of a watched process tells of it."""

from dataclasses import replace

import pandas as pd

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.resources.watched import watched_of
from tests.support.journals import SECOND, START, arrival, attempt, run
from tests.support.samples import MB, sample


def log(role: str, process: str, cpu_s: float = 0.25, **fields: float | None) -> pd.DataFrame:
    """Four seconds: `cpu_s` of CPU a second; memory that peaks in the middle; 1 MB written a second, none read."""
    rows = [
        sample(
            START + n * SECOND,
            **{"cpu_user_s": n * cpu_s, "cpu_system_s": 0.0, "rss": (10, 11, 15, 13, 12)[n] * MB}
            | {"read_bytes": 7, "write_bytes": n * MB}
            | fields,
        )
        for n in range(5)
    ]
    return pd.DataFrame(rows).assign(role=role, process=process)


def frames(*logs: pd.DataFrame) -> RunFrames:
    sent = [attempt(n) for n in range(9)]
    return replace(run(sent, [arrival(one) for one in sent]), resources=pd.concat(logs))


def test_only_what_was_watched_is_told_the_busiest_first() -> None:
    """By its program and its number; senders and receivers are in other reports."""
    found = watched_of(
        frames(log("sender", "1"), log("watched-nginx", "8"), log("watched-my-app", "9", 0.5), log("receiver-eu", "2"))
    )
    assert [(one.name, one.process) for one in found] == [("my-app", "9"), ("nginx", "8")]


def test_its_figures_are_of_the_whole_log() -> None:
    """CPU over its length, memory at its ends and at most, and what went to disks in the meantime."""
    (one,) = watched_of(frames(log("watched-nginx", "8")))
    assert (one.cpu_share, one.cpu_peak_share) == (0.25, 0.25)
    sizes = (one.memory_first_bytes, one.memory_last_bytes, one.memory_peak_bytes, one.read_bytes, one.write_bytes)
    assert sizes == (10 * MB, 12 * MB, 15 * MB, 0, 4 * MB)
    assert one.write_bytes_per_s == [MB] * 4
    assert one.curve.rss_bytes == [11 * MB, 15 * MB, 13 * MB, 12 * MB]


def test_what_the_system_does_not_tell_is_null() -> None:
    """Another user's process: its disk traffic is not ours to see."""
    (one,) = watched_of(frames(log("watched-nginx", "8", read_bytes=None)))
    assert (one.read_bytes, one.read_bytes_per_s, one.write_bytes) == (None, None, 4 * MB)


def test_a_process_that_was_seen_once_is_left_out() -> None:
    """It was gone at once."""
    assert watched_of(frames(log("watched-nginx", "8").head(1), log("sender", "1"))) == []


def test_every_test_has_them_in_its_report() -> None:
    """Of whatever test."""
    assert [one.name for one in analyse(frames(log("watched-nginx", "8"))).performance.watched] == ["nginx"]
