"""What a machine was kept from: shares by hand, and the sentences of those that count."""

import pandas as pd
import pytest

from _hookswarm.analysis.resources.disturbance import disturbance_of, disturbances_of
from _hookswarm.analysis.schema.report import Machine
from tests.support.journals import SECOND, START
from tests.support.samples import machine_log, sample

WINDOW = (START, START + 10 * SECOND)


def machine(**fields: float) -> Machine:
    return Machine.model_validate(dict.fromkeys(Machine.model_fields) | fields)


def ours(share: float) -> pd.DataFrame:
    """A process that uses this share of a core."""
    rows = [sample(START + s * SECOND, cpu_user_s=share * s, cpu_system_s=0.0) for s in range(11)]
    return pd.DataFrame(rows).assign(role="sender", process="7")


def busy(*cores: float) -> pd.DataFrame:
    """A machine whose cores are busy for these shares of the time."""
    return machine_log(10).assign(core_busy_s=[";".join(f"{core * s:.3f}" for core in cores) for s in range(11)])


def test_others_are_what_no_log_accounts_for() -> None:
    """Two cores busy for 90 and 70 %, of which 100 % of one core are ours: others had 30 % of the machine."""
    assert disturbance_of(busy(0.9, 0.7), [ours(1.0)], WINDOW).others_share == pytest.approx(0.3, abs=0.001)
    assert disturbance_of(busy(0.2, 0.2), [ours(1.0)], WINDOW).others_share == 0
    assert disturbance_of(busy(0.9, 0.7), [ours(1.0)], WINDOW, all_known=False).others_share is None


def test_quota_and_clock() -> None:
    """A second of throttling in four, and a clock at half of its best for the whole window."""
    log = machine_log(20, throttled_s=0.25).assign(mhz=[1_500.0] * 11 + [3_000.0] * 10)
    found = disturbance_of(log, [], WINDOW)
    assert (found.throttled_share, found.slowed_share) == (0.25, 0.5)


def test_what_is_not_known_of_quotas_says_why() -> None:
    """As the log's header does; without a log, that is why."""
    log = machine_log(20).assign(throttled_s=float("nan"), throttled_unknown="no control groups")
    found = disturbance_of(log, [], WINDOW)
    assert (found.throttled_share, found.throttled_unknown) == (None, "no control groups")
    none = disturbance_of(log.iloc[:0], [], WINDOW)
    assert (none.throttled_share, none.throttled_unknown) == (None, "no log of the machine tells it")
    assert disturbance_of(machine_log(20), [], WINDOW).throttled_unknown is None


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (machine(steal_share=0.3), "steal"),
        (machine(throttled_share=0.3), "quota"),
        (machine(slowed_share=0.3), "clock"),
        (machine(others_share=0.3, waited_share=0.5), "no part"),
    ],
)
def test_a_limit_that_is_passed_is_a_sentence(found: Machine, word: str) -> None:
    """One for each, with the share."""
    (sentence,) = disturbances_of(found)
    assert word in sentence
    assert "30%" in sentence


@pytest.mark.parametrize("share", ["steal_share", "throttled_share", "slowed_share", "others_share"])
def test_a_quarter_is_tolerated(share: str) -> None:
    """Of each, up to and with 25 %; of others, where somebody waits for a CPU."""
    assert not list(disturbances_of(machine(**{"waited_share": 0.5, share: 0.25})))
    assert len(list(disturbances_of(machine(**{"waited_share": 0.5, share: 0.2501})))) == 1


def test_others_disturb_only_where_somebody_waits() -> None:
    """Cores that were idle are no loss: from a quarter of the time on in which some process waited for one, others
    disturb. What the machine itself was kept from disturbs without.
    """
    assert not list(disturbances_of(machine(others_share=0.4, waited_share=0.2499)))
    assert len(list(disturbances_of(machine(others_share=0.4, waited_share=0.25)))) == 1
    assert not list(disturbances_of(machine(others_share=0.4)))
    for kept_from in ("steal_share", "throttled_share", "slowed_share"):
        assert len(list(disturbances_of(machine(**{kept_from: 0.4, "waited_share": 0.0})))) == 1
    assert not list(disturbances_of(machine()))
