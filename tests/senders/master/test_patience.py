"""How long a drain waits for what may still come."""

from typing import Any

import pytest

from _hookswarm.protocol.faults import Faults
from _hookswarm.senders.master.patience import FULL, SHORT, Waits, allowed_s, patience_s
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import Service, parse_service

PLAIN = Stage("plain", users=1)
FAILING = Stage("failing", users=1, faults=Faults({503: 1.0}))


def service(**fields: Any) -> Service:
    content = {
        "drain_s": 5,
        "addresses": {"api": "http://127.0.0.1:1"},
        "publish": {"request": "POST {api}/events", "body": "{payload}"},
        "restart": {
            "slow": {"process": "own", "start": ["own"], "resumes_s": 60},
            "other": {"process": "own", "start": ["own"]},
        },
    }
    return parse_service("own", content | fields)


def test_without_faults_it_waits_as_the_table_says() -> None:
    """Nothing is to be tried again."""
    own = service(retry={"waits_s": [30]})
    assert patience_s(own, PLAIN, SHORT) == allowed_s(own, PLAIN, SHORT) == 5


@pytest.mark.parametrize("wait_s", [20, 25, 30])
def test_the_short_form_waits_for_a_promised_wait_that_is_not_much_longer_than_it(wait_s: float) -> None:
    """What such a wait brings came seconds after it was told as missing."""
    own = service(retry={"waits_s": [1, wait_s]}, promises={"timeout_s": 5})
    assert patience_s(own, FAILING, SHORT) == allowed_s(own, FAILING, SHORT) == wait_s + 5 + 1


@pytest.mark.parametrize(("waits", "patience"), [(SHORT, 31), (FULL, 600)])
def test_of_a_law_of_hours_the_waits_that_end_in_time_are_waited_for(waits: Waits, patience: float) -> None:
    """What waits for hours is missing, and by the law not lost."""
    own = service(retry={"waits_s": [30, 3600]})
    assert patience_s(own, FAILING, waits) == patience
    assert allowed_s(own, FAILING, waits) == 3601


def test_where_no_wait_ends_in_time_it_is_short() -> None:
    """It would wait in vain."""
    assert patience_s(service(retry={"waits_s": [3600]}), FAILING, SHORT) == 20


@pytest.mark.parametrize(("name", "patience"), [("slow", 61), ("other", 5)])
def test_a_restart_after_which_nothing_moves_for_long_is_waited_for(name: str, patience: float) -> None:
    """For as long as its table says, also where that is longer than the short form waits for a law."""
    assert patience_s(service(), Stage("restart", users=1, restart=name), SHORT) == pytest.approx(patience, abs=1)


def test_what_our_receivers_hold_is_waited_for_too() -> None:
    """Unless the service gives it up by itself."""
    hanging = Stage("hanging", users=1, faults=Faults(hang=1.0, hang_s=40))
    assert patience_s(service(), hanging, SHORT) == 45
