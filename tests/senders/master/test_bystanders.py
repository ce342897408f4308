"""Two looks at a machine, and what they tell."""

import pytest

from _hookswarm.records.processes import ProcessTime
from _hookswarm.records.timeline import BystanderRecord
from _hookswarm.senders.master.bystanders import MachineLook, disturbance_between, look

OTHERS = {pid: ProcessTime(f"other {pid}", 1, 1.0) for pid in (50, 51, 52, 53)}


def _looks(
    spent_s: float, waited_s: float | None = 5.0, stolen_s: float = 0.0, lasted_s: float = 10.0
) -> tuple[MachineLook, MachineLook]:
    """Ten seconds apart; of four others the first used so much CPU, and the next half as much."""
    later = dict(OTHERS)
    for place, pid in enumerate(OTHERS):
        later[pid] = OTHERS[pid]._replace(cpu_s=1.0 + spent_s / 2**place)
    after_s = None if waited_s is None else 100.0 + waited_s
    return (
        MachineLook(1000.0, OTHERS, None if waited_s is None else 100.0, 7.0),
        MachineLook(1000.0 + lasted_s, later, after_s, 7.0 + stolen_s),
    )


def test_three_are_named_and_all_are_counted() -> None:
    """4 + 2 + 1 + 0.5 s in ten: three quarters of a core."""
    found = disturbance_between(*_looks(4.0), ours=(), cores=2)
    assert [one.pid for one in found.busiest] == [50, 51, 52]
    assert found.cores == pytest.approx(0.75)
    entry = found.entry(3, 99)
    assert (entry.stage, entry.at_ns, entry.cores) == (3, 99, 0.75)
    assert entry.busiest[0] == BystanderRecord(pid=50, name="other 50", core_share=0.4)


def test_a_crowded_machine_disturbs() -> None:
    """More than a quarter of its cores, while somebody waits for a quarter of the time; or so much is stolen."""
    assert disturbance_between(*_looks(4.0), ours=(), cores=2).disturbed
    assert not disturbance_between(*_looks(4.0), ours=(), cores=4).disturbed
    assert not disturbance_between(*_looks(4.0, waited_s=2.4), ours=(), cores=2).disturbed
    assert not disturbance_between(*_looks(4.0, waited_s=None), ours=(), cores=2).disturbed
    assert disturbance_between(*_looks(0.0, stolen_s=5.1), ours=(), cores=2).disturbed
    assert not disturbance_between(*_looks(4.0), ours={50, 51}, cores=2).disturbed


def test_a_moment_says_nothing() -> None:
    """Shares of less than half a second."""
    assert not disturbance_between(*_looks(4.0, lasted_s=0.4), ours=(), cores=2).disturbed


def test_a_look_is_taken_of_this_machine() -> None:
    """It knows of itself."""
    seen = look()
    assert seen.processes
    assert seen.stolen_s >= 0
