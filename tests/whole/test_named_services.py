"""Delivery services that CI has not: those that the environment names are tried, by the tables that are shipped.

`$HOOKSWARM_OUTPOST_URL` (`…_WEBHOOKX_…`, `…_CONVOY_…`, `…_HOOK0_…`) is the address at which events are published; what
else a table takes from the environment, such as a key, docs/service-tables.md has.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from _hookswarm.analysis.schema.report import PerformanceReport
from _hookswarm.common.errors import ConfigError
from benchmarks.services import runs
from tests.support.receivers import CHECKOUT, environment
from tests.support.runs import BUSY, RUNNER, codes

pytestmark = pytest.mark.slow

NAMES = tuple(runs.services())
RATE = 20
"""Events a second: every one of them delivers so many."""


@pytest.fixture(params=NAMES)
def named(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """A service that is named, and the environment in which its table finds it."""
    name: str = request.param
    try:
        return name, environment(**runs.address_of(name))
    except ConfigError as missing:
        pytest.skip(str(missing))


def test_all_is_well_with_a_named_service(named: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    """One endpoint, one event: it arrives, once, and its signature verifies."""
    name, env = named
    command = [sys.executable, "-m", "hookswarm.service", "check", name, "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, env=env, capture_output=True, text=True, timeout=120)
    assert "all is well" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_books_balance_through_a_named_service(named: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    """What it accepts of a short load, of endpoints that fail nothing, arrives, once, signed and of the same value."""
    name, env = named
    command = [sys.executable, str(RUNNER), "--service", name, "--test", "load", "--quick", "--no-replay"]
    command += ["--rate", str(RATE), "--stages", "isolation baseline", "--webhooks", "100"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)
    report = tmp_path / "webhook_performance_results.json"
    assert report.exists(), done.stdout + done.stderr
    found = PerformanceReport.model_validate_json(report.read_text()).sections["load"]
    assert codes(found) <= BUSY | {"deliveries_reordered"}, found.verdict
    [played] = found.stages
    through, ledger = played.through, played.ledger
    assert through
    assert through.accepted == through.arrived == played.deliveries.acknowledged == played.deliveries.due
    assert through.accepted > RATE
    assert (ledger.lost, ledger.duplicated_spurious, ledger.unexpected, ledger.corrupt) == (0, 0, 0, 0)
    assert ledger.balanced
    assert (through.unverified, through.bodiless, through.missing) == (0, 0, 0)
