"""The same event published again."""

import pytest

from _hookswarm.analysis.deliveries.stages import stage_figures
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.repeats import repeat_rules
from _hookswarm.analysis.service.watched import watched
from _hookswarm.records.rows import Outcome
from tests.support.serviced import came, played, published, through


def run(arrivals_each: int, kind: str = "later", accepted_again: bool = True) -> RunFrames:
    """Three events, each published twice, and arrived so often."""
    events = [published(sequence=place) for place in range(3)]
    outcome = Outcome.ACKNOWLEDGED if accepted_again else Outcome.REJECTED
    again = [own | {"attempt": 2, "outcome": outcome} for own in events]
    arrivals = [came(own, 0.1 + number) for own in events for number in range(arrivals_each)]
    return through([*events, *again], arrivals, duplicate={"kind": kind, "after_s": 1.0, "times": 2})


def rules(arrivals_each: int, promise: str | None, kind: str = "later", accepted_again: bool = True) -> dict[str, Rule]:
    stage = watched(played(run(arrivals_each, kind, accepted_again)))
    assert stage
    return {rule.rule: rule for rule in repeat_rules([stage], promise)}


@pytest.mark.parametrize("accepted_again", [True, False])
def test_delivered_once(accepted_again: bool) -> None:
    """That is the pass, whether the second publish was accepted or not."""
    found = rules(1, "id", accepted_again=accepted_again)["the same id again, a while later"]
    assert (found.verdict, found.observed) == ("kept", "delivered once")
    assert found.evidence == "3 events, published 2 times, 1 s apart"


@pytest.mark.parametrize(("promise", "verdict"), [("id", "broken"), ("none", "kept"), (None, "not promised")])
def test_delivered_again(promise: str | None, verdict: str) -> None:
    """Each time: it breaks the promise of who promises once."""
    found = rules(2, promise, "at_once")["the same id again, at the same instant"]
    assert (found.verdict, found.observed) == (verdict, "delivered again: 3 of 3 events, up to 2 times")


def test_an_event_that_was_published_once_tells_nothing() -> None:
    """The run was stopped before it was published again."""
    event = published()
    stage = watched(played(through([event], [came(event, 0.1)], duplicate={"kind": "later", "times": 2})))
    assert stage
    assert {rule.verdict for rule in repeat_rules([stage], "id")} == {"not observed"}


def test_what_was_not_played_is_not_observed() -> None:
    """And so is what never arrived."""
    assert rules(1, "id")["the same id again, at the same instant"].verdict == "not observed"
    assert rules(0, "id")["the same id again, a while later"].verdict == "not observed"


@pytest.mark.parametrize(("arrivals_each", "harmless", "spurious"), [(1, 0, 0), (2, 3, 0), (4, 3, 6)])
def test_the_plan_explains_as_many_arrivals_as_publishes(arrivals_each: int, harmless: int, spurious: int) -> None:
    """What comes beyond these is a duplicate that nothing explains."""
    (stage,) = stage_figures(run(arrivals_each))
    assert (stage.ledger.duplicated_harmless, stage.ledger.duplicated_spurious) == (harmless, spurious)


def test_a_second_publish_that_is_refused_is_no_failure() -> None:
    """It is told as planned; and it takes no observer to know what came of it."""
    section = analyse(run(1, accepted_again=False)).performance
    assert [(failure.attempts, failure.planned) for failure in section.failures or ()] == [(3, True)]
    assert section.duplicates is None
    assert section.service
    assert "the same id again, a while later" in {rule.rule for rule in section.service.conformance}
