"""What is said first of a run through a delivery service."""

from typing import Any

from _hookswarm.analysis.verdicts.findings.service import findings
from tests.support import kept_figures as made
from tests.support.reported import sections_of


def said(about: str, **fields: Any) -> list[str]:
    found = sections_of("load")
    found.performance.service = made.report(**fields)
    return [one.text for one in findings(found) if one.about == about]


def test_promises_are_counted() -> None:
    """Those that could be seen; broken ones are named with what was seen."""
    kept, unseen = made.rule("after a 410", "retried"), made.rule("time-out", "-", "not observed")
    broken = made.rule("number of attempts", "3", "broken", "5")
    assert said("promises", conformance=[kept, unseen]) == ["The only promise that could be seen was kept."]
    (text,) = said("promises", conformance=[kept, broken, unseen])
    assert text == "1 of 2 promises broken: number of attempts: 3, promised 5."
    assert said("promises", conformance=[unseen]) == []


def test_restarts_say_what_they_cost() -> None:
    """Lost, doubled, and for how long nothing came."""
    dead = made.restarted("redis", lost_before=201, nothing_moved_s=None)
    (text,) = said("restarts", restarts=[made.restarted("kill"), dead])
    assert text == (
        "Restarts: kill lost 0, doubled 3, a pause of 2.5 s; redis lost 201, doubled 3, nothing came again."
    )


def test_a_backlog_says_how_long_it_drains() -> None:
    """What it accepts beside what it delivers."""
    (text,) = said("drain", drains=[made.drain("bursts", 200, 100)])
    assert text.startswith("In bursts it accepts 200/s and delivers 100/s: what an hour piles up takes 2 h to drain.")


def test_isolation_says_who_holds_whom_up() -> None:
    """With its number."""
    own = made.isolation(hanging=5.0).model_copy(update={"told": "a hanging endpoint holds those after it by 5.0 s"})
    (text,) = said("isolation", isolation=[own])
    assert text == "Isolation 0.5 (0 is a queue, 1 is perfect): a hanging endpoint holds those after it by 5.0 s."


def test_without_a_service_nothing_is_said() -> None:
    """Our senders delivered themselves."""
    assert list(findings(sections_of("load"))) == []
