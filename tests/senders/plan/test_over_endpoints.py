"""A plan over endpoints: as many webhooks as there are."""

from _hookswarm.senders.plan.over_endpoints import over_endpoints, too_few
from _hookswarm.senders.plan.stages import Stage, WebhookClass, named
from _hookswarm.senders.plan.variations import sweep


def test_every_stage_has_a_webhook_an_endpoint() -> None:
    """Whatever it had; its name says so, and it has no classes of webhooks."""
    stages = (Stage("a", webhooks=7, classes=(WebhookClass("slow", 5, 1),)), *sweep(Stage("b"), webhooks=(9,)))
    found = over_endpoints(named(stages), 3)
    assert [(stage.name, stage.webhooks, stage.classes) for stage in found] == [("a", 3, ()), ("b webhooks=3", 3, ())]


def test_what_compares_numbers_of_webhooks_keeps_them() -> None:
    """It takes the first endpoints, and where these are too few a stage says what it needs."""
    stages = over_endpoints(sweep(Stage("a"), webhooks=(1, 10, 2_000)), 10)
    assert [stage.webhooks for stage in stages] == [1, 10, 2_000]
    assert too_few(stages, 10) == {"a webhooks=2000": "2,000 endpoints"}
