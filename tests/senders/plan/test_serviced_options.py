"""What a run through a delivery service asks of the options."""

import argparse
from typing import Any

import pytest

from _hookswarm.protocol.regions import RegionTable
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.serviced import service_faults
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
        (("--header", "A: b"), "--header is for what we send, and --service sends itself: write it into its"),
        (
            ("--accept", "status in 200"),
            "--accept is for what we send, and --service has its own: write publish.accept",
        ),
        (("--retry-profile", "svix"), "--retry-profile is about what we retry, and --service retries itself: leave o"),
        (("--advertise", "receivers"), "--advertise: "),
        (
            ("--advertise", "http://x:{prt}"),
            "--advertise http://x:{prt}: its braces can hold {port} and {region}: write",
        ),
        (
            ("--advertise", "http://x:{port"),
            "--advertise http://x:{port: its braces can hold {port} and {region}: write",
        ),
        (
            ("--advertise", "http://x:{port.x}"),
            "--advertise http://x:{port.x}: its braces can hold {port} and {region}",
        ),
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
