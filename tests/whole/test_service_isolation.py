"""The tests' own delivery service beside endpoints that are slow, fail, limit the rate, and hang."""

from pathlib import Path

import pytest

from _hookswarm.analysis.schema.isolation import Isolation
from _hookswarm.senders.plan.tables import read_table
from tests.support.receivers import CHECKOUT, running_receiver
from tests.support.restarting import restartable
from tests.support.runs import analyse, regions_file, run_locust

pytestmark = pytest.mark.light


def isolation(folder: Path, *options: str) -> Isolation:
    """What the stages of the load test's short form find."""
    table = read_table(CHECKOUT / "locustfiles/test_webhook_load.py")
    stages = [stage for stage in table.quick_stages if stage.scenario.startswith("isolation")]
    with (
        restartable(folder, "--timeout", "3", *options) as (_, service),
        running_receiver(folder, "--threads", "64") as receiver,
    ):
        told = ["--regions", str(regions_file(folder, receiver)), "--service", str(service)]
        run = run_locust(folder, stages, *told, "--quick", "--rate=100", test="load")
    section, _ = analyse(run)
    assert section.service
    (found,) = section.service.isolation
    assert found.undelivered == 0
    assert found.gave_up_s == pytest.approx(3, abs=1)
    return found


def test_one_at_a_time_is_no_better_than_a_queue(tmp_path: Path) -> None:
    """A hanging endpoint holds up all the others: near 0, and it is named with how long."""
    found = isolation(tmp_path, "--one-at-a-time")
    assert found.concurrency == 1
    assert found.number is not None
    assert found.number < 0.2
    assert found.felt_p99_ms > 1_000
    assert found.holds[0].name == "hanging"
    assert found.holds[0].seconds == pytest.approx(3, abs=1)
    assert "a hanging endpoint holds those after it by " in found.told


def test_a_hundred_workers_let_nobody_feel_it(tmp_path: Path) -> None:
    """Near 1: five that are troubled leave 95 workers."""
    found = isolation(tmp_path)
    assert found.number is not None
    assert found.number > 0.5
    assert 2 <= found.concurrency < 60
    assert not [one for one in found.holds if one.name == "hanging"]
