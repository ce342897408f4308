"""What a run through a delivery service asks of the options, and of a stage."""

import argparse
from dataclasses import replace
from typing import Any

import pytest

from _hookswarm.protocol.regions import RegionTable
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.serviced import MOST_ENDPOINTS, service_faults, through_service, unfit_for_service
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import Service, parse_service

STAGE = Stage("one", duration_s=1)


def service(**more: Any) -> Service:
    publish = {"request": "POST {api}/events", "body": "{payload}", **more.pop("publish", {})}
    return parse_service("mine", {"addresses": {"api": "http://127.0.0.1:2"}, "publish": publish, **more})


def faults(*arguments: str, of: Service | None = None, table: RegionTable | None = None) -> list[str]:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return list(service_faults(parser.parse_args(arguments), of or service(), table, None))


def test_a_plain_run_is_taken() -> None:
    """With the options that everybody has."""
    assert faults() == []
    assert faults("--advertise", "http://receivers.example:{port}/{region}") == []


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--target", "http://x"), "--target is an endpoint, and --service delivers to our receivers: leave one out"),
        (("--endpoints", "x.csv"), "--endpoints are others', and --service delivers to our receivers: leave one out"),
        (("--provider", "github"), "--provider is whom we play, and --service plays itself: leave one out"),
        (("--rotate-at", "30s"), "--rotate-at is about what we sign, and --service signs itself: leave one out"),
        (("--header", "A: b"), "--header: write it into the service's table: leave one out"),
        (("--accept", "status in 200"), "--accept: write it into the service's table, publish.accept: leave one out"),
        (("--retry-profile", "svix"), "--retry-profile is about what we retry, and --service retries itself: leave o"),
        (("--advertise", "receivers"), "--advertise: "),
        (("--advertise", "http://x:{prt}"), "--advertise: "),
    ],
)
def test_what_does_not_go_with_a_service_is_named(arguments: tuple[str, ...], fault: str) -> None:
    """With the reason, and what to do."""
    (found,) = faults(*arguments)
    assert found.startswith(fault)


def test_all_that_is_missing_is_named_at_once() -> None:
    """Regions of others, and variables that are not set."""
    table = RegionTable.model_validate(
        {"region": [{"name": "a", "url": "http://a", "control": "http://a:1"}, {"name": "b", "url": "http://b"}]}
    )
    found = faults(of=service(values={"key": "${NO_SUCH_KEY}"}), table=table)
    assert [fault.partition(":")[0] for fault in found] == ["--regions", "--service mine"]
    assert "b: a service delivers to receivers of ours" in found[0]
    assert "$NO_SUCH_KEY is not set: set it" in found[1]


@pytest.mark.parametrize(
    ("changes", "table", "need"),
    [
        ({}, {}, ""),
        ({"webhooks": MOST_ENDPOINTS}, {}, ""),
        ({"webhooks": MOST_ENDPOINTS + 1}, {}, "more than the 10,000 endpoints that the service takes"),
        ({"webhooks": 51}, {"most_endpoints": 50}, "more than the 50 endpoints that the service takes"),
        ({"payload": 1000}, {"publish": {"largest_bytes": 2000}}, ""),
        ({"payload": 2000}, {"publish": {"largest_bytes": 2000}}, "bodies above the 2,000 B that the service takes"),
        ({"duplicate": Duplicate("ack_lost")}, {}, "deliveries that we repeat: a service delivers by itself"),
        ({"ours": True}, {}, "our receivers to be what is tested: here a service is"),
    ],
)
def test_what_a_stage_needs_that_a_service_has_not(changes: dict[str, Any], table: dict[str, Any], need: str) -> None:
    """It is left out, with the reason."""
    assert unfit_for_service(replace(STAGE, **changes), service(**table)) == need


def test_a_stage_through_a_service_retries_nothing_by_itself() -> None:
    """That is the service's."""
    assert through_service(replace(STAGE, retry=RetryLaw(retries=3))).retry == RetryLaw()
