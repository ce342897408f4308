"""Stages that ask a service for its manners."""

from pathlib import Path
from typing import Any

import pytest

from _hookswarm.senders.plan.bound import at_base_rate
from _hookswarm.senders.plan.conformance import CONFORMANCE, HEALTHY, conformance
from _hookswarm.senders.plan.plan import make_plan
from _hookswarm.senders.plan.plan_check import check_plan
from _hookswarm.senders.plan.serviced import through_service, unfit_for_service
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.tables import read_table, stages_of
from _hookswarm.senders.service.table import Service, parse_service
from tests.senders.plan.test_plan import settings
from tests.support.receivers import CHECKOUT

TABLE: dict[str, Any] = {
    "addresses": {"api": "http://127.0.0.1:1"},
    "publish": {"request": "POST {api}/events", "body": "{payload}"},
    "retry": {"waits_s": [1, 3, 9]},
}


def service(**more: Any) -> Service:
    return parse_service("own", {**TABLE, **more})


def stages(quick: bool = True, **more: Any) -> dict[str, Stage]:
    return {stage.name.removeprefix(f"{CONFORMANCE} "): stage for stage in conformance(service(**more), quick)}


@pytest.mark.parametrize("quick", [True, False])
def test_they_are_a_plan_that_every_service_can_play(quick: bool) -> None:
    """What repeats events comes first, what may get an endpoint disabled last; receivers are set up once for all."""
    own = conformance(service(), quick)
    check_plan(own)
    assert unfit_for_service(own, service(), quick) == {}
    assert through_service(own) == own
    assert [stage.name.partition(" ")[2] for stage in own] == ["again later", "again at once", "time-out", "answers"]
    assert len({stage.setup for stage in own}) == 1
    assert own[0].setup.evidence
    (need,) = unfit_for_service(own, service(most_endpoints=HEALTHY), quick).values()
    assert need.startswith("more than the 4 endpoints")


def test_a_hint_is_longer_than_the_first_wait() -> None:
    """As far as the form of the test has time for it."""

    def hint_s(quick: bool = True, **law: Any) -> float | None:
        classes = {own.name: own.faults for own in stages(quick, retry=law)["answers"].classes}
        faults = classes["503 and Retry-After"]
        assert faults
        return faults.retry_after_s

    assert hint_s(waits_s=[1, 3, 9]) == 3
    assert hint_s(first_s=30, factor=2) == 10
    assert hint_s(quick=False, first_s=30, factor=2) == 46


def test_silence_is_longer_than_the_time_out() -> None:
    """By the wait for the retry, too, as far as the form of the test has time for it: else the wait would hide it. An
    answer just before it comes in time; without a promise there is no such answer.
    """

    def late(promised_s: float | None) -> dict[str, tuple[float, float]]:
        promises = {} if promised_s is None else {"timeout_s": promised_s}
        own = stages(promises=promises)["time-out"].classes
        faults = {one.name: one.faults for one in own if one.faults}
        return {name: (one.hang_s, one.delay.mean_s if one.delay else 0) for name, one in faults.items()}

    assert late(2.0) == {"silent": (6.0, 0), "slow": (60.0, 1.6)}
    assert late(None) == {"silent": (8.0, 0)}
    assert late(30.0) == {"silent": (30.0, 0), "slow": (60.0, 24.0)}


@pytest.mark.parametrize(
    ("fan_out", "group", "events"), [("endpoint", 20, 93), ("run", 20, 3), ("group", 20, 3), ("group", 5, 54)]
)
def test_every_endpoint_gets_as_many_events(fan_out: str, group: int, events: int) -> None:
    """Also where one event goes to many of them."""
    publish = {**TABLE["publish"], "fan_out": fan_out}
    assert stages(publish=publish, group={"size": group})["answers"].events == events


def test_only_a_run_through_a_service_has_them(tmp_path: Path) -> None:
    """They come after the test's own, and are played without an observer; other tests have none."""
    path = tmp_path / "own.toml"
    path.write_text(
        """
        addresses = { api = "http://127.0.0.1:1" }
        publish = { request = "POST {api}/events", body = "{payload}" }
        """
    )
    through, plain = settings(tmp_path, "--quick", "--service", str(path)), settings(tmp_path, "--quick")
    assert through.service
    own = conformance(through.service, quick=True)
    table = read_table(CHECKOUT / "locustfiles/test_webhook_performance.py")
    assert list(stages_of(table, through)) == [*table.quick_stages, *own]
    assert stages_of(table, plain) is table.quick_stages
    load = read_table(CHECKOUT / "locustfiles/test_webhook_load.py")
    assert stages_of(load, through) is load.quick_stages
    assert [stage.name for stage in make_plan(own, through).stages] == [stage.name for stage in own]


def test_their_pace_is_their_own() -> None:
    """`--rate` is about load."""
    own = conformance(service(), quick=True)
    assert at_base_rate(own, 10_000) == list(own)
