"""Real delivery services by the tables that are shipped: Alertmanager and django-outbound-webhooks."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.protocol.faults import Faults
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, WebhookClass
from tests.support.alertmanager import alertmanager
from tests.support.django_outbound import django_outbound
from tests.support.receivers import environment, running_receiver
from tests.support.retrying import rules
from tests.support.runs import BUSY, RUNNER, analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.slow

HANGING = WebhookClass("hanging", first=0, count=1, faults=Faults(hang=1.0, hang_s=60.0))
HELD_UP = Stage(
    "held up", users=4, webhooks=40, classes=(HANGING,), arrivals=Constant(5), duration_s=4.0, course="held up",
    payload="thin", trouble_ends=True,
)  # fmt: skip
BASELINE = replace(HELD_UP, scenario="held up baseline", classes=(replace(HANGING, faults=None),))
OUTAGE = "retry outage*"
RATES = {"bursts": "300", OUTAGE: "100"}
"""Events a second, at most."""
TIMEOUT_S = 10
"""The package's own."""


def through_alertmanager(folder: Path, test: str, stage: str) -> Section:
    """What a stage of a quick test comes to, through an Alertmanager of its own."""
    folder.mkdir()
    command = [sys.executable, str(RUNNER), "--service", "alertmanager", "--test", test, "--quick", "--no-replay"]
    command += ["--rate", RATES[stage], "--stages", stage]
    with alertmanager(folder) as service:
        told = environment(ALERTMANAGER_URL=service.url, ALERTMANAGER_CONFIG=str(service.configuration))
        done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=120)
    report = folder / "webhook_performance_results.json"
    assert report.exists(), done.stdout + done.stderr
    return PerformanceReport.model_validate_json(report.read_text()).sections[test]


@pytest.mark.parametrize(("test", "stage"), [("load", "bursts"), ("performance", OUTAGE)])
def test_books_balance_through_alertmanager(tmp_path: Path, test: str, stage: str) -> None:
    """All that it takes arrives, once and to the byte, also where endpoints fail; it is signed by nothing. Its law is
    kept: 0.5 s, each 1.5 times the one before, 50 % more or less.
    """
    found = through_alertmanager(tmp_path / "run", test, stage)
    assert codes(found) <= BUSY | {"deliveries_reordered"}, found.verdict  # it promises no order
    [played] = found.stages
    through, ledger = played.through, played.ledger
    assert through
    assert through.accepted == through.arrived == played.deliveries.acknowledged == played.deliveries.due > 100
    assert (ledger.lost, ledger.duplicated_spurious, ledger.unexpected, ledger.corrupt) == (0, 0, 0, 0)
    assert ledger.balanced
    assert (through.rewritten, through.unverified, through.bodiless, through.missing) == (0, 0, 0, 0)
    assert through.retries > 0
    law = rules(found.service)
    verdicts = [law[rule].verdict for rule in ("waits between attempts", "jitter of the waits")]
    assert "broken" not in verdicts
    if stage == OUTAGE:  # enough fail to tell
        assert verdicts == ["kept", "kept"]


def test_a_hanging_endpoint_of_django_outbound_webhooks_holds_up_all_others(tmp_path: Path) -> None:
    """One relay delivers one event after the other: all endpoints wait while it waits for the one that hangs, and that
    is told; nothing is lost. What arrives is signed as Standard Webhooks; the package sorts the payload's keys.
    """
    (tmp_path / "service").mkdir()
    with django_outbound(tmp_path / "service") as service, running_receiver(tmp_path) as receiver:
        options = ["--service", "django-outbound-webhooks", "--regions", str(regions_file(tmp_path, receiver))]
        options += ["--rate", "5"]
        told = {"DJANGO_OUTBOUND_URL": service.url}
        found, _ = analyse(run_locust(tmp_path, [BASELINE, HELD_UP], *options, test="load", env=told, timeout_s=150))
    for played in found.stages:
        through, ledger = played.through, played.ledger
        assert through
        assert through.accepted == through.arrived == played.deliveries.acknowledged == 20
        assert (ledger.lost, ledger.duplicated_spurious, ledger.unexpected, ledger.corrupt) == (0, 0, 0, 0)
        assert (through.unverified, through.rewritten) == (0, ledger.received)
    assert found.service
    [isolation] = found.service.isolation
    assert isolation.number < 0.5
    assert isolation.felt_p99_ms > (TIMEOUT_S - 2) * 1000
    [hold] = isolation.holds
    assert hold.name == "hanging"
    assert TIMEOUT_S - 1 < hold.seconds < 6 * TIMEOUT_S
