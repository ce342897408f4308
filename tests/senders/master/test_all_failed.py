"""When a stage ends the run because the target takes nothing, and what is said then."""

from typing import Any

import pytest

from _hookswarm.protocol.faults import Faults
from _hookswarm.records.failures import FailureKind
from _hookswarm.senders.master.all_failed import all_failed
from _hookswarm.senders.plan.stages import Incident, Limits, Stage, WebhookClass
from tests.support.journals import worker_report

STAGE = Stage("x", events=1_000, name="x")


def kind(text: str, count: int, **fields: Any) -> FailureKind:
    return FailureKind(outcome=2, status=401, text=text, count=count, first_ns=1, last_ns=2, **fields)


REPORTS = [
    worker_report(failures=[kind("status 500", 300)]),
    worker_report(failures=[kind("status 401", 700, sample="bad signature", hint="look at the secret")]),
]


def test_every_delivery_of_a_stage_failed() -> None:
    """The commonest failure is said with an answer and what to look at; the reports have these beside the reason."""
    found = all_failed(STAGE, 1_000, 1_000, REPORTS)
    assert found
    what = "every one of 1,000 deliveries of stage 'x' failed, most often by status 401"
    assert found.reason == f"{what}: mend that, or play on with --keep-going"
    assert found.said == f'{what}, answered "bad signature": look at the secret; --keep-going would play on'
    only = all_failed(STAGE, 1, 1, [])
    assert only
    assert only.reason.startswith("the only delivery of stage 'x' failed")


@pytest.mark.parametrize(("settled", "failed"), [(1_000, 999), (0, 0)])
def test_one_delivery_that_went_well_is_enough(settled: int, failed: int) -> None:
    """And of nothing nothing is known."""
    assert all_failed(STAGE, settled, failed, REPORTS) is None


@pytest.mark.parametrize(
    "stage",
    [
        Stage("x", events=1, faults=Faults({503: 1.0})),
        Stage("x", events=1, incidents=(Incident("refused", 0, 1),)),
        Stage("x", events=1, classes=(WebhookClass("a", 0, 1, Faults({503: 1.0})),)),
        Stage("x", duration_s=1, limits=Limits()),
    ],
)
def test_a_stage_that_plans_faults_or_seeks_the_capacity_ends_no_run(stage: Stage) -> None:
    """What fails there was asked to."""
    assert all_failed(stage, 1_000, 1_000, REPORTS) is None


@pytest.mark.parametrize(
    ("stage", "ends"),
    [
        (Stage("x", events=1, faults=Faults({503: 1.0})), True),
        (Stage("x", events=1, classes=(WebhookClass("a", 0, 1, Faults({503: 1.0})),)), True),
        (Stage("x", events=1, restart="own"), False),
        (Stage("x", duration_s=1, limits=Limits()), False),
    ],
)
def test_a_service_takes_events_whatever_our_receivers_answer(stage: Stage, ends: bool) -> None:
    """Unless it is restarted, or its capacity is sought."""
    assert bool(all_failed(stage, 1_000, 1_000, REPORTS, published=True)) is ends
