"""CPU by process and stage, from logs made by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.resources import cpu
from _hookswarm.analysis.schema.cpu import CpuSection, CpuStage, ProcessCpu
from tests.support.journals import SECOND, START, attempt, planned, run
from tests.support.samples import Sample, sample

ROWS = [attempt(n, due=START + n * SECOND // 10) for n in range(100)]
"""Ten a second, over the ten seconds of the stage."""


def log(role: str, process: str, *rows: Sample) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    floats = {column: float for column in table if column != "at_ns"}
    return table.astype(floats).assign(role=role, process=process)


def busy(role: str, process: str, user: float, system: float, begin: float = -1, end: float = 12) -> pd.DataFrame:
    """A process that uses these shares of a core, and is switched 50 times a second."""
    rows = [
        sample(
            START + round(at * SECOND), cpu_user_s=100 + user * at, cpu_system_s=50 + system * at,
            switches_voluntary=1_000 + 40 * at, switches_involuntary=1_000 + 10 * at,
        )
        for at in (begin, (begin + end) / 2 + 0.1, end)
    ]  # fmt: skip
    return log(role, process, *rows)


def frames(*logs: pd.DataFrame, test: str = "scalability") -> RunFrames:
    stages = [planned("x4 #2", scenario="scaling users", factor=4, repeat=2)]
    made = run(ROWS, stages=stages, test=test)
    return replace(made, resources=pd.concat(logs, ignore_index=True)) if logs else made


def section(*logs: pd.DataFrame) -> CpuSection:
    found = analyse(frames(*logs)).cpu
    assert found is not None
    return found


def only(found: CpuSection) -> CpuStage:
    (stage,) = found.stages
    return stage


def test_shares_and_cost() -> None:
    """Counters over the window, whenever the samples came: shares of a core, and by delivery of the whole stage."""
    stage = only(section(busy("sender", "w1", 0.5, 0.1)))
    assert (stage.name, stage.scenario, stage.factor, stage.repeat) == ("x4 #2", "scaling users", 4, 2)
    (process,) = stage.processes
    assert (process.role, process.process) == ("sender", "w1")
    assert (process.cpu_share, process.user_share, process.system_share) == pytest.approx((0.6, 0.5, 0.1))
    assert (process.us_per_delivery, process.switches_per_delivery) == pytest.approx((60_000, 5))


def test_roles_are_sums_with_their_busiest() -> None:
    """A receiver's role names its region; the processes of all regions are one role."""
    stage = only(
        section(busy("sender", "w1", 0.3, 0.1), busy("receiver-eu", "7", 0.5, 0.1), busy("receiver-us", "8", 0.2, 0.2))
    )
    assert set(stage.roles) == {"sender", "receiver"}
    role = stage.roles["receiver"]
    assert (role.cpu_share, role.busiest_share, role.processes) == pytest.approx((1.0, 0.6, 2))
    assert role.us_per_delivery == pytest.approx(100_000)


def test_a_process_that_was_hardly_there() -> None:
    """One whose samples cover less than half of the window is not told of; one that came a little late is."""
    found = section(busy("sender", "w1", 0.5, 0, begin=6), busy("sender", "w2", 0.5, 0, begin=2))
    (process,) = only(found).processes
    assert process.process == "w2"
    assert process.cpu_share == pytest.approx(0.4)


def test_what_is_not_counted_is_null() -> None:
    """Switches that the platform does not tell are null, for the role, too; without CPU times there is no line."""
    silent = busy("sender", "w1", 0.5, 0).assign(switches_voluntary=float("nan"))
    stage = only(section(silent, busy("sender", "w2", 0.5, 0)))
    assert stage.processes[0].switches_per_delivery is None
    assert stage.roles["sender"].switches_per_delivery is None
    assert section(busy("sender", "w1", 0.5, 0).assign(cpu_user_s=float("nan"))).stages == []


def test_skipped_without_a_log() -> None:
    """The section says why there is nothing in it; a test that does not ask has none."""
    assert section().skipped == "no resource log in the run's folder"
    assert section(busy("sender", "w1", 0.5, 0)).skipped is None
    assert analyse(frames(test="performance")).cpu is None


def test_nothing_delivered() -> None:
    """CPU time is told, and no cost of what there is none of."""
    made = replace(run([], stages=[planned()], test="scalability"), resources=busy("sender", "w1", 0.5, 0))
    recorder = cpu.CpuUse(made)
    stages.stage_figures(made, recorder.add)
    found = recorder.section()
    assert found is not None
    (process,) = only(found).processes
    assert (process.cpu_share, process.us_per_delivery, process.switches_per_delivery) == (0.5, None, None)


def level(users: int, throughput: float, cpu_share: float = 0.5) -> CpuStage:
    process = ProcessCpu(
        process="7", role="sender", cpu_share=cpu_share, user_share=cpu_share, system_share=0.0, us_per_delivery=None,
        switches_per_delivery=None,
    )  # fmt: skip
    return CpuStage(
        name=f"cpu users={users}", scenario="cpu", factor=1, repeat=1, users=users, throughput_per_s=throughput,
        processes=[process], roles={},
    )  # fmt: skip


def test_saturation_is_where_more_users_bring_no_more() -> None:
    """The fewest users with 95 % of the most; what still grew at the end has no such point."""
    (found,) = cpu.saturation([level(1, 1_000), level(4, 3_900), level(16, 4_000, 0.9), level(64, 3_800)])
    assert (found.users, found.throughput_per_s, found.busiest) == (4, 3_900, "sender")
    (found,) = cpu.saturation([level(1, 1_000), level(4, 2_000), level(16, 4_000, 0.9)])
    assert (found.users, found.busiest_share) == (None, 0.9)
    assert cpu.saturation([level(1, 1_000), level(4, 2_000)]) == []
    assert cpu.saturation([level(1, 1_000), level(1, 1_100), level(4, 2_000)]) == []


def test_saturation_names_the_busiest_process() -> None:
    """Of those of the stage that is enough."""
    stage = level(4, 3_900, 0.5)
    other = stage.processes[0].model_copy(update={"role": "receiver", "cpu_share": 0.8})
    enough = stage.model_copy(update={"processes": [stage.processes[0], other]})
    (found,) = cpu.saturation([level(1, 1_000), enough, level(16, 4_000)])
    assert (found.busiest, found.busiest_share) == ("receiver", 0.8)


def test_only_stages_of_a_scenario_that_delivered_are_compared() -> None:
    """Another scenario's users are no levels of this one, nor is a stage without throughput; each number once."""
    other = level(16, 9_000).model_copy(update={"scenario": "io"})
    levels = [level(1, 1_000), level(4, 3_900), level(64, 4_000)]
    (found,) = cpu.saturation([*levels, other, level(16, 0.0)])
    assert (found.scenario, found.users) == ("cpu", 4)
    (found,) = cpu.saturation([level(1, 1_000), level(4, 2_000), level(16, 4_000), level(64, 0.0)])
    assert found.users is None
    assert cpu.saturation([*levels, level(4, 3_800)]) == []


@pytest.mark.parametrize(("throughput", "users"), [(3_800, 4), (3_799, 16)])
def test_enough_is_95_percent(throughput: float, users: int) -> None:
    """Of the most; a hair less, and more users were worth it."""
    (found,) = cpu.saturation([level(1, 1_000), level(4, throughput), level(16, 4_000), level(64, 3_000)])
    assert found.users == users


@pytest.mark.parametrize(("begin", "told"), [(5.0, True), (5.1, False)])
def test_half_of_the_window_is_enough(begin: float, told: bool) -> None:
    """A process that was sampled for just half of it is told of."""
    assert bool(section(busy("sender", "w1", 0.5, 0, begin=begin)).stages) is told
