"""A delivery service's manners, in whole runs through the tests' own one: honest, and with bad ones."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.records.timeline import ServiceDrained, read_timeline
from tests.support.delivery_services import delivery_service
from tests.support.receivers import environment
from tests.support.runs import RUNNER

pytestmark = pytest.mark.slow

TABLE = """
addresses = { api = "${OWN_URL}" }
drain_s = 2

[group]
size = 20

[[setup]]
each = "group"
request = "POST {api}/tenants"
body = '{"name": "{run}-{group}"}'
keep = { tenant = "data.id" }

[[setup]]
each = "endpoint"
request = "POST {api}/tenants/{tenant}/endpoints"
body = '{"url": "{url}", "secret": "{secret}"}'
keep = { endpoint = "data.id" }

[publish]
request = "POST {api}/events"
body = '{"id": "{event_id}", "endpoint": "{endpoint}", "payload": {payload}}'
accept = ["status in 202", 'body ~ "duplicate": false']

[retry]
waits_s = [0.5, 1, 2]

[promises]
success = "2xx"
redirects = "not followed"
retry_after = "obeyed"
gone = "disables"
throttled = "retried"
not_found = "retried"
timeout_s = 4
timestamps = "each attempt"
idempotency = "id"

[[teardown]]
each = "group"
request = "DELETE {api}/tenants/{tenant}"
"""
LAWS = ("waits between attempts", "jitter of the waits", "number of attempts")
"""Rules about waits, which tests beside each other make longer."""
LAW = ("--retries", "0.5,1,2", "--timeout", "4")
BAD = ("--ignore-retry-after", "--same-timestamp", "--follow-redirects", "--no-gone-disables", "--idempotency", "0")


class Found(NamedTuple):
    """What the command finds of a service, and how each stage was waited for."""

    section: Section
    drained: list[ServiceDrained]


def played(folder: Path, *options: str) -> Found:
    """Of one that is started so."""
    folder.mkdir()
    (folder / "own.toml").write_text(TABLE)
    asked = ["--service", "own.toml", "--test", "performance", "--quick", "--stages", "conformance*"]
    with delivery_service(folder, *LAW, *options) as service:
        done = subprocess.run(
            [sys.executable, str(RUNNER), *asked],
            cwd=folder,
            env=environment(OWN_URL=service.url),
            capture_output=True,
            text=True,
            timeout=120,
        )
    report = folder / "webhook_performance_results.json"
    assert report.is_file(), done.stdout + done.stderr
    section = PerformanceReport.model_validate_json(report.read_text()).sections["performance"]
    (run,) = (path.parent for path in folder.glob("results/*/run.json"))
    return Found(section, [entry for entry in read_timeline(run) if isinstance(entry, ServiceDrained)])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    folder = tmp_path_factory.mktemp("manners")
    with ThreadPoolExecutor(2) as pool:
        runs = {name: pool.submit(played, folder / name, *how) for name, how in (("honest", ()), ("bad", BAD))}
        return {name: run.result() for name, run in runs.items()}


def table(section: Section) -> dict[str, Rule]:
    assert section.service
    return {rule.rule: rule for rule in section.service.conformance}


def test_the_honest_one_keeps_what_it_promises(found: dict[str, Found]) -> None:
    """Every promise was looked at, and its requests are told; nothing that it refuses is called a failure of it."""
    section = found["honest"].section
    rules = table(section)
    own = [rule for rule in rules.values() if rule.promised is not None and rule.rule not in LAWS]
    verdicts = {rule.rule: rule.verdict for rule in own}
    assert len(verdicts) >= 13
    assert set(verdicts.values()) == {"kept"}, rules
    assert rules["the event's id"].observed == "comes back in webhook-id"
    assert rules["headers of a retry"].observed == "stay: webhook-id; change: webhook-signature, webhook-timestamp"
    assert rules["method and content"].observed == "POST application/json, with its length"
    assert rules["connections"].observed == "reused"
    assert all(failure.planned for failure in section.failures or ())
    assert not section.duplicates
    failed = [check.message for check in section.default_checks or () if check.status == "fail"]
    assert not [message for message in failed if not any(law in message for law in LAWS)]


def test_what_is_published_again_is_not_waited_for_twice(found: dict[str, Found]) -> None:
    """Whether it was accepted again or not: what is expected of a stage is its events."""
    for run in found.values():
        drained = run.drained[-4:]
        before = [run.drained[-5].taken if len(run.drained) > 4 else 0, *(one.taken for one in drained)]
        events = [one.expected - taken for one, taken in zip(drained, before, strict=False)]
        assert events == [10, 10, 12, 93], run.drained
    assert found["bad"].drained[-4].taken - found["bad"].drained[-4].expected == 10


def test_bad_manners_are_found_and_named(found: dict[str, Found]) -> None:
    """Each, over all events that met it."""
    rules = table(found["bad"].section)
    broken = {name: rule.observed for name, rule in rules.items() if rule.verdict == "broken"}
    hints = {name: told.partition(":")[0] for name, told in broken.items() if name.startswith("Retry-After")}
    assert hints == dict.fromkeys(
        (
            "Retry-After in seconds, with a 503",
            "Retry-After as a date, with a 503",
            "Retry-After in seconds, with a 429",
        ),
        "ignored",
    )
    assert broken["after a 302"] == ("followed without a body, and taken for delivered: 3 of 3 accepted, never arrived")
    assert broken["after a 307"] == "followed with its body: 3 of 3"
    assert broken["after a 410"].startswith("retried")
    signed = broken["the time that a retry is signed with"]
    repeated, _, pairs = signed.removeprefix("the first attempt's: repeated ").removesuffix(" times").partition(" of ")
    assert int(repeated) == int(pairs) > 0
    assert broken["the same id again, a while later"] == "delivered again: 10 of 10 events, up to 2 times"
    assert broken["the same id again, at the same instant"].startswith("delivered again: 10 of 10 events")
    assert rules["what is a success"].verdict == rules["after a 429"].verdict == "kept"
