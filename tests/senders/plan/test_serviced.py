"""What a plan becomes through a delivery service."""

from dataclasses import replace

import pytest

from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.over_endpoints import at_most_webhooks
from _hookswarm.senders.plan.serviced import most_endpoints, through_service, told_as_one, unfit_for_service
from _hookswarm.senders.plan.stages import Incident, Stage, WebhookClass, named
from _hookswarm.senders.plan.variations import scaling, sweep
from _hookswarm.senders.service.table import Service, parse_service

SERVICE = parse_service(
    "own",
    {
        "addresses": {"api": "http://127.0.0.1:1"},
        "most_endpoints": 5_000,
        "publish": {"request": "POST {api}/events", "body": "{payload}", "largest_bytes": 65_536},
    },
)
FAILING = Stage("failing", arrivals=Constant(10), duration_s=2, faults=Faults({503: 0.3}))


def _needs(stages: tuple[Stage, ...], quick: bool = False, service: Service = SERVICE) -> dict[str, str]:
    return unfit_for_service(through_service(stages), service, quick)


def test_our_retries_make_one_stage() -> None:
    """A sweep over our retry law is one stage, under the name of what is left, and people are told."""
    planned = sweep(FAILING, retries=(0, 3), delay_s=(0.2, 1.0))
    played = through_service(planned)
    assert [stage.name for stage in played] == ["failing"]
    assert played[0].retry.retries == 0
    assert list(told_as_one(planned, played)) == [
        "played once, because they differ in our retries or receivers, and a service has its own: failing (3 fewer)"
    ]


def test_our_receivers_set_up_makes_one_stage_of_each_payload() -> None:
    """A sweep over durability and payload is one over the payload."""
    played = through_service(sweep(Stage("io", events=10), durability=("os", "fsync"), payload=(100, 1_000)))
    assert [stage.name for stage in played] == ["io payload=100", "io payload=1000"]
    assert not any(stage.durability or stage.ours for stage in played)


def test_two_stages_never_share_a_name() -> None:
    """Where two that differ would be called alike, the second one keeps its own."""
    io = Stage("io", events=10)
    played = through_service((*sweep(io, bodies=(True,)), *sweep(replace(io, users=4), bodies=(True,))))
    assert [stage.name for stage in played] == ["io", "io bodies=True"]


def test_a_plain_plan_stays_as_it_is() -> None:
    """What compares users, rates, payloads or endpoints, or has slow tenants, is played whole."""
    tenants = Stage("tenants", webhooks=10, events=10, classes=(WebhookClass("slow", 2, 1),), ours=True)
    planned = named((*scaling(Stage("users", events=5), users=(1, 2)), *sweep(FAILING, rate=(1.0, 2.0)), tenants))
    played = through_service(planned)
    assert [stage.name for stage in played] == [stage.name for stage in planned]
    assert played[-1].classes == tenants.classes
    assert not list(told_as_one(planned, played))
    assert not _needs(planned)


@pytest.mark.parametrize(
    ("stages", "need"),
    [
        (sweep(Stage("a", events=1), strategy=("nearest", "random")), "senders that choose a region"),
        (scaling(Stage("a", events=1), processes=(1, 2)), "sizes of our own side"),
        (scaling(Stage("a", events=1), receiver_workers=(1, 2)), "sizes of our own side"),
        (sweep(Stage("a", events=1), reuse=(False,)), "our own connections and receivers"),
        (sweep(Stage("a", events=1), backlog=(4, 8)), "our own connections and receivers"),
        ((Stage("a", events=1, response=Delay(0.1)),), "our own connections and receivers"),
        ((Stage("a", events=1, duplicate=Duplicate("later", after_s=1.0)),), "deliveries that we repeat"),
        ((Stage("a", duration_s=3, incidents=(Incident("cut", 1, 1),)),), "modelled links"),
        ((Stage("a", events=1, payload=65_500),), "payloads above the 65,536 bytes"),
        ((Stage("a", events=1, webhooks=5_001),), "more than the 5,000 endpoints"),
    ],
)
def test_what_does_not_apply_is_left_out(stages: tuple[Stage, ...], need: str) -> None:
    """A stage that a service has no part in is left out with what it would need, by its own name."""
    stages = named(stages)
    needs = _needs(stages)
    assert set(needs) == {stage.name for stage in stages}
    assert all(told.startswith(need) for told in needs.values())


def test_webhooks_bounds_the_endpoints() -> None:
    """Stages take fewer; those that compare numbers of them, or have classes beyond it, are left out and told so."""
    classes = (WebhookClass("slow", first=20, count=5),)
    load = Stage("load", events=1, webhooks=1_000)
    planned = named((load, replace(load, scenario="tenants", classes=classes), *sweep(load, webhooks=(1, 500))))

    def played(most: int) -> tuple[list[int], dict[str, str]]:
        stages = at_most_webhooks(through_service(planned), most_endpoints(SERVICE, most))
        return [stage.webhooks for stage in stages], unfit_for_service(stages, SERVICE, True, most)

    assert played(100) == (
        [1_000, 100, 1, 500],
        dict.fromkeys(("load", "load webhooks=500"), "more than the 100 endpoints that --webhooks allows"),
    )


def test_the_short_form_sets_up_fewer_endpoints() -> None:
    """What needs more is told so."""
    stages = (Stage("a", events=1, webhooks=1_001, name="a"),)
    assert not _needs(stages)
    assert "that --quick sets up" in _needs(stages, quick=True)["a"]


def test_of_compared_numbers_of_webhooks_the_fewest_are_played_with_fewer() -> None:
    """As many as may be: else nothing would be left. A stage that is named by its number keeps it."""
    base = Stage("memory", users=1, webhooks=1_000, duration_s=1)
    unnamed = replace(base, name="memory payload=1")
    many = replace(base, webhooks=100_000, name="memory webhooks=100000")
    named = replace(base, name="memory webhooks=1000")
    found = {stage.name: stage.webhooks for stage in at_most_webhooks((unnamed, named, many), 100)}
    assert found == {"memory payload=1": 100, "memory webhooks=1000": 1_000, "memory webhooks=100000": 100_000}
