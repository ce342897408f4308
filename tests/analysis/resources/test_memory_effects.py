"""What one factor more costs in memory."""

from _hookswarm.analysis.resources.memory_effects import memory_effects_of
from _hookswarm.analysis.schema.memory import MemoryTrend
from tests.support.samples import MB


def trend(stage: str, level: int, process: str = "7") -> MemoryTrend:
    return MemoryTrend(
        stage=stage, process=process, role="sender", measure="uss", samples=80, level_bytes=level,
        peak_bytes=level + MB, bytes_per_s=None, bytes_per_event=None, verdict="flat", limit_bytes=None,
        s_to_limit=None,
    )  # fmt: skip


PLANS = {
    "base": {"payload": 1_000, "webhooks": 10, "users": 4},
    "large": {"payload": 20_000, "webhooks": 10, "users": 4},
    "many": {"payload": 1_000, "webhooks": 100_000, "users": 4},
    "both": {"payload": 20_000, "webhooks": 100_000, "users": 4},
}


def test_stages_are_compared_with_the_first() -> None:
    """By process, one factor at a time; what differs in two says nothing of either."""
    trends = [trend("base", 20 * MB), trend("large", 23 * MB), trend("many", 60 * MB), trend("both", 70 * MB)]
    found = memory_effects_of(trends, PLANS)
    assert [(one.factor, one.from_value, one.to_value, one.level_bytes) for one in found] == [
        ("payload", 1_000, 20_000, 3 * MB),
        ("webhooks", 10, 100_000, 40 * MB),
    ]


def test_a_process_that_was_not_there_before_is_left_out() -> None:
    """Nothing to compare it with."""
    assert memory_effects_of([trend("base", MB), trend("large", MB, process="8")], PLANS) == []
    assert memory_effects_of([], PLANS) == []
