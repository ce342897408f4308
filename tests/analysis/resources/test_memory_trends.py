"""Memory while a load lasts: levels, leaks by the event, and processes that come and go."""

from dataclasses import replace

import pandas as pd
import pytest

from _hookswarm.analysis.reporting.memory import memory_lines
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.resources.memory_trends import SCENARIO
from _hookswarm.analysis.schema.memory import MemoryTrend
from tests.support.journals import SECOND, START, attempt, planned, run
from tests.support.samples import MB, machine_log, sample

WINDOW_S, RATE, LEAK = 40, 50, 1_000


def process(name: str, role: str, bytes_per_s: float, begin_s: int = 0) -> pd.DataFrame:
    rows = [
        sample(START + half * SECOND // 2, rss=200 * MB, uss=20 * MB + round(bytes_per_s * half / 2) + half % 3 * 4096)
        for half in range(2 * begin_s, 2 * WINDOW_S + 1)
    ]
    return pd.DataFrame(rows).assign(process=name, role=role)


@pytest.fixture(scope="module")
def trends() -> list[MemoryTrend]:
    """A sender that keeps LEAK bytes of each event, a receiver that does not, a late one, one seldom sampled."""
    attempts = [attempt(n, due=START + n * SECOND // RATE) for n in range(WINDOW_S * RATE)]
    plain = run(
        attempts, stages=[planned("m", scenario=SCENARIO, duration_s=float(WINDOW_S), events=None)], test="resource"
    )
    resources = pd.concat(
        [
            process("leaky", "sender", LEAK * RATE),
            process("tight", "receiver-eu", 0),
            process("late", "receiver-us", 0, begin_s=30),
            pd.DataFrame([sample(START + at * SECOND) for at in (-5, 10, 25, 41)]).assign(process="seldom", role="x"),
        ]
    )
    found = analyse(replace(plain, resources=resources, machine=machine_log(WINDOW_S))).memory
    assert found
    assert any("leak" in line for line in memory_lines(found))
    return found.trends


def test_a_leak_is_told_by_the_event(trends: list[MemoryTrend]) -> None:
    """Within 10 % of what was planted, with the time until the machine's memory is gone."""
    (found,) = [one for one in trends if one.process == "leaky"]
    assert (found.verdict, found.measure) == ("leak", "uss")
    assert found.bytes_per_event == pytest.approx(LEAK, rel=0.1)
    assert found.s_to_limit == pytest.approx(((1 << 30) - 22 * MB) / (LEAK * RATE), rel=0.1)


def test_a_limit_may_be_given() -> None:
    """Of a container, say: the time until then, and not until the machine's memory is gone."""
    attempts = [attempt(n, due=START + n * SECOND // RATE) for n in range(WINDOW_S * RATE)]
    plan = planned("m", scenario=SCENARIO, duration_s=float(WINDOW_S), events=None)
    plain = run(attempts, stages=[plan], test="resource", options={"memory_limit": "64MiB"})
    frames = replace(plain, resources=process("leaky", "sender", LEAK * RATE), machine=machine_log(WINDOW_S))
    section = analyse(frames).memory
    assert section
    (found,) = section.trends
    assert (found.limit_bytes, found.limit_from) == (64 * MB, "--memory-limit")
    assert found.s_to_limit == pytest.approx((64 * MB - 22 * MB) / (LEAK * RATE), rel=0.1)


@pytest.mark.parametrize(
    ("group", "unknown", "limit", "source"),
    [
        (64.0 * MB, "", 64 * MB, "control group"),
        (2.0 * (1 << 30), "", 1 << 30, "machine"),
        (None, "", 1 << 30, "machine"),
        (None, "no groups", 1 << 30, "machine; not known of its control group: no groups"),
    ],
)
def test_a_control_groups_limit_counts_where_it_is_less(
    group: float | None, unknown: str, limit: int, source: str
) -> None:
    """A container is ended at its own limit, whatever its machine has; where that cannot be known, it is said."""
    attempts = [attempt(n, due=START + n * SECOND // RATE) for n in range(WINDOW_S * RATE)]
    plan = planned("m", scenario=SCENARIO, duration_s=float(WINDOW_S), events=None)
    told = process("leaky", "sender", LEAK * RATE).assign(memory_limit=group, memory_limit_unknown=unknown)
    section = analyse(
        replace(run(attempts, stages=[plan], test="resource"), resources=told, machine=machine_log(WINDOW_S))
    ).memory
    assert section
    (found,) = section.trends
    assert (found.limit_bytes, found.limit_from) == (limit, source)
    assert found.s_to_limit == pytest.approx((limit - 22 * MB) / (LEAK * RATE), rel=0.1)


def test_what_stays_is_flat(trends: list[MemoryTrend]) -> None:
    """A level with its noise; nothing is projected."""
    (found,) = [one for one in trends if one.process == "tight"]
    assert (found.verdict, found.s_to_limit) == ("flat", None)
    assert found.level_bytes == pytest.approx(20 * MB, rel=0.01)


def test_who_came_late_is_not_judged(trends: list[MemoryTrend]) -> None:
    """A process that was there for a part of the window has no trend in it; one that was sampled seldom was there."""
    assert {one.process: one.verdict for one in trends} == {"leaky": "leak", "tight": "flat", "seldom": "unknown"}
