"""A service's retry law through a whole run: the tests' own delivery service, beside promises that it keeps or not."""

import json
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.protocol.faults import Faults
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, WebhookClass
from tests.support.delivery_services import delivery_service
from tests.support.receivers import running_receiver
from tests.support.retrying import rules
from tests.support.runs import analyse, regions_file, run_locust

pytestmark = pytest.mark.slow

TABLE = """
addresses = { api = "%s" }
delivers = "standard-webhooks"
drain_s = 4

[[setup]]
request = "POST {api}/tenants"
body = '{"name": "{run}"}'
keep = { tenant = "data.id" }

[[setup]]
each = "endpoint"
request = "POST {api}/tenants/{tenant}/endpoints"
body = '{"url": "{url}", "secret": "{secret}"}'
keep = { endpoint = "data.id" }

[publish]
request = "POST {api}/events"
body = '{"id": "{event_id}", "endpoint": "{endpoint}", "payload": {payload}}'
accept = ["status in 202"]

[retry]
waits_s = [0.2, 0.6, 1.8]
"""
FAILING = WebhookClass("failing", first=0, count=5, faults=Faults({503: 1.0}))
STAGE = Stage("tenants", users=4, webhooks=10, arrivals=Constant(40), duration_s=3, classes=(FAILING,))
WAITS, ATTEMPTS = "waits between attempts", "number of attempts"


def promised(run: Path, retry: dict[str, Any] | None) -> Section:
    """The run's report, if its service had promised this."""
    manifest = json.loads((run / "run.json").read_text())
    manifest["service"]["retry"] = retry
    (run / "run.json").write_text(json.dumps(manifest))
    return analyse(run)[0]


def test_a_real_services_law(tmp_path: Path) -> None:
    """Its waits of 0.2, 0.6 and 1.8 s are kept, are broken beside 0.2, 0.4 and 0.8, and are told where none are
    promised."""
    with running_receiver(tmp_path) as receiver, delivery_service(tmp_path, "--retries", "0.2,0.6,1.8") as service:
        table = tmp_path / "own.toml"
        table.write_text(TABLE % service.url)
        options = ("--service", str(table), "--regions", str(regions_file(tmp_path, receiver)))
        run = run_locust(tmp_path, [STAGE], *options)
    section, _ = analyse(run)
    found = rules(section.service)
    assert (found[WAITS].verdict, found[ATTEMPTS].verdict) == ("kept", "kept")
    assert found[WAITS].promised == "0.2, 0.6, 1.8 s"
    assert found[ATTEMPTS].observed == "gave up after 4 attempts"
    assert "default_check_failed" not in {reason.code for reason in section.verdict.reasons}

    section = promised(run, {"waits_s": [0.2, 0.4, 0.8]})
    found = rules(section.service)
    assert found[WAITS].verdict == "broken"
    assert "too late" in found[WAITS].evidence
    (reason,) = [one for one in section.verdict.reasons if one.code == "default_check_failed"]
    assert "promises kept: waits between attempts: " in reason.message
    assert section.verdict.status in (Status.FAIL, Status.VOID)  # void where others kept the machine busy

    section = promised(run, None)
    found = rules(section.service)
    assert found[WAITS].verdict == "not promised"
    assert " s, each " in found[WAITS].observed
    assert "default_check_failed" not in {one.code for one in section.verdict.reasons}
