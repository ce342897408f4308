"""Stages at receivers that are not ours."""

from dataclasses import replace

import pytest

from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.senders.plan.elsewhere import needs_ours, undressed
from _hookswarm.senders.plan.stages import Incident, Stage, WebhookClass
from _hookswarm.senders.plan.variations import scaling, sweep

PLAIN = Stage("x", webhooks=50, duration_s=2)
DRESSED = replace(
    PLAIN,
    response=Delay(0.01),
    classes=(WebhookClass("slow", 1, 2, faults=Faults(delay=Delay(1.0))),),
    receiver_workers=2,
    receiver_threads=9,
    backlog=64,
    durability="fsync",
    bodies=True,
)


def test_what_only_dresses_our_receivers_is_left_out() -> None:
    """A response time, classes and a set-up; the stage itself runs."""
    assert needs_ours(DRESSED) == ""
    assert undressed(DRESSED) == PLAIN


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (replace(PLAIN, faults=Faults({503: 0.1})), "fail as planned"),
        (replace(PLAIN, incidents=(Incident("slow", 0, 1),)), "fail as planned"),
        (replace(PLAIN, incidents=(Incident("cut", 0, 1, origins=(1,)),)), ""),
        (replace(PLAIN, ours=True), "do as planned"),
        (scaling(PLAIN, repeats=1, receiver_workers=(1, 2))[0], "do as planned"),
        (sweep(replace(PLAIN, durability="os"), payload=(1, 2))[0], ""),
        (sweep(PLAIN, payload=(1, 2), durability=("os", "fsync"))[0], "do as planned"),
    ],
)
def test_what_needs_our_receivers_says_what_for(stage: Stage, why: str) -> None:
    """Faults, incidents that are no cuts, and what is about how they serve."""
    told = needs_ours(stage)
    assert told.startswith("receivers of ours that ") == bool(why)
    assert told.endswith(why)
