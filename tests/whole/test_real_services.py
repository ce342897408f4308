"""Real delivery services by the tables that are shipped: Alertmanager and django-outbound-webhooks."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.analysis.schema.report import Stage as StageReport
from _hookswarm.analysis.service.wait_rules import JITTER, WAITS
from _hookswarm.protocol.faults import Faults
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, WebhookClass
from tests.support.alertmanager import alertmanager
from tests.support.django_outbound import django_outbound
from tests.support.receivers import environment, running_receiver
from tests.support.retrying import rules
from tests.support.runs import BUSY, RUNNER, analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.light

HANGING = WebhookClass("hanging", first=0, count=1, faults=Faults(hang=1.0, hang_s=60.0))
HELD_UP = Stage(
    "held up", users=4, webhooks=40, classes=(HANGING,), arrivals=Constant(5), duration_s=4.0, course="held up",
    payload="thin", trouble_ends=True,
)  # fmt: skip
BASELINE = replace(HELD_UP, scenario="held up baseline", classes=(replace(HANGING, faults=None),))
OUTAGE, ANSWERS = "retry outage", "conformance answers"
STAGES = {"load": "bursts", "performance": f"{OUTAGE}*,{ANSWERS}"}
RATES = {"load": "300", "performance": "100"}
"""Events a second, at most."""
REDIRECTED = 3
"""Events that are answered 302: it asks there with a GET, and takes them for delivered."""
TIMEOUT_S = 10
"""The package's own."""


def through_alertmanager(folder: Path, test: str) -> Section:
    """What stages of a quick test come to, through an Alertmanager of its own."""
    folder.mkdir()
    command = [sys.executable, str(RUNNER), "--service", "alertmanager", "--test", test, "--quick", "--no-replay"]
    command += ["--rate", RATES[test], "--stages", STAGES[test]]
    with alertmanager(folder) as service:
        told = environment(ALERTMANAGER_URL=service.url, ALERTMANAGER_CONFIG=str(service.configuration))
        done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=200)
    report = folder / "webhook_performance_results.json"
    assert report.exists(), done.stdout + done.stderr
    return PerformanceReport.model_validate_json(report.read_text()).sections[test]


def assert_balanced(played: StageReport, bodiless: int = 0) -> None:
    """All that it took arrived, once and to the byte; so many requests came without a body."""
    through, ledger = played.through, played.ledger
    assert through
    assert through.accepted == through.arrived == played.deliveries.due
    assert (ledger.lost, ledger.duplicated_spurious, ledger.unexpected, ledger.corrupt) == (0, 0, 0, 0)
    assert ledger.balanced
    assert (through.rewritten, through.unverified, through.bodiless, through.missing) == (0, 0, bodiless, 0)
    assert through.retries > 0


def test_books_balance_through_alertmanager(tmp_path: Path) -> None:
    """All that it takes arrives, once and to the byte, also in bursts and where endpoints fail; it is signed by
    nothing, and keeps its law.
    """
    found = through_alertmanager(tmp_path / "run", "load")
    assert codes(found) <= BUSY | {"deliveries_reordered"}, found.verdict  # it promises no order
    [bursts] = found.stages
    assert_balanced(bursts)
    assert bursts.deliveries.acknowledged == bursts.deliveries.due > 100
    law = rules(found.service)
    assert "broken" not in [law[rule].verdict for rule in (WAITS, JITTER)]


def test_alertmanagers_law_is_recovered(tmp_path: Path) -> None:
    """From an outage, and from endpoints that answer each in its way: 0.5 s, each 1.5 times the one before, 50 % more
    or less, no cap seen; a 429 is final, `Retry-After` is ignored.

    Some 480 waits tell the first one within 3 %, the factor within 3 % and the spread within 3 points (four standard
    errors); a busy machine adds up to 0.01 s to the first. Seen: 0.5 to 0.51 s, 1.49 to 1.5, 49 to 52 %, and waits of
    5.9 to 11 s.
    """
    found = through_alertmanager(tmp_path / "run", "performance")
    assert codes(found) <= BUSY | {"deliveries_reordered"}, found.verdict
    outage, answers = found.stages
    assert_balanced(outage)
    assert_balanced(answers, bodiless=REDIRECTED)
    assert outage.deliveries.acknowledged == outage.deliveries.due > 100
    law = rules(found.service)
    assert {rule.verdict for rule in law.values()} <= {"kept", "not observed", "not promised"}, law
    told = re.match(r"(\S+) s, each (\S+) times the one before; cap: above (\S+) s, not reached", law[WAITS].observed)
    assert told, law[WAITS]
    first_s, factor, longest_s = map(float, told.groups())
    assert first_s == pytest.approx(0.5, rel=0.05)
    assert factor == pytest.approx(1.5, rel=0.03)
    assert 4 < longest_s < 15
    spread = re.fullmatch(r"±(\d+)%", law[JITTER].observed)
    assert spread, law[JITTER]
    assert int(spread[1]) == pytest.approx(50, abs=4)
    asked = [law[f"Retry-After {how}, with a 503"] for how in ("in seconds", "as a date")]
    assert all(rule.observed.startswith("ignored: ") for rule in asked), asked
    recovered = [*asked, law[WAITS], law[JITTER], law["after a 429"]]
    assert [rule.verdict for rule in recovered] == ["kept"] * len(recovered)
    assert law["after a 429"].observed == "final"


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
    assert isolation.number is not None
    assert isolation.number < 0.5
    assert isolation.felt_p50_ms > TIMEOUT_S / 2 * 1000  # the relay begins slowly where it is alone, too
    [hold] = isolation.holds
    assert hold.name == "hanging"
    assert TIMEOUT_S - 1 < hold.seconds < 6 * TIMEOUT_S
