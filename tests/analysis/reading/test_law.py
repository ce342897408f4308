"""A declared law's bounds, against the sender's own and against hand-written ones."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from _hookswarm.analysis.reading.law import Law
from _hookswarm.senders.plan import retry

NUMBERS = np.arange(1, 6)
_PLAIN = TypeAdapter(retry.RetryLaw)

SECONDS = st.one_of(st.just(0.0), st.floats(1e-9, 100))  # what is finer than a clock is no delay
JITTERS = st.builds(
    retry.Jitter,
    kind=st.sampled_from(["none", "full", "equal", "decorrelated", "proportional", "additive"]),
    share=st.floats(0, 1),
    least_s=st.floats(0, 1),
    most_s=st.floats(1, 10),
)
LAWS = st.builds(
    retry.RetryLaw,
    retries=st.integers(0, 65_000),
    growth=st.sampled_from(["fixed", "linear", "exponential", "schedule"]),
    delay_s=SECONDS,
    factor=st.floats(1, 1e3),
    schedule_s=st.lists(SECONDS, min_size=1, max_size=5).map(tuple),
    cap_s=st.sampled_from([0.5, 10.0, retry.MAX_S]),
    jitter=JITTERS,
)


def read(law: retry.RetryLaw) -> Law:
    """As the analysis reads a law that a sender wrote into run.json."""
    return Law.model_validate_json(_PLAIN.dump_json(law))


@given(LAWS, st.integers(1, 65_000), SECONDS)
def test_the_sender_means_the_same(law: retry.RetryLaw, number: int, previous_s: float) -> None:
    """Two statements of one law, written apart, agree on the bounds of every delay."""
    low, high = read(law).range_s(np.array([number]), np.array([previous_s]))
    assert (low[0], high[0]) == pytest.approx(law.bounds_s(number, previous_s), rel=1e-9)


GROWTHS: dict[str, tuple[dict[str, Any], list[float]]] = {
    "none": ({}, [0, 0, 0, 0, 0]),
    "fixed": ({"delay_s": 0.5}, [0.5, 0.5, 0.5, 0.5, 0.5]),
    "linear": ({"growth": "linear", "delay_s": 2}, [2, 4, 6, 8, 10]),
    "exponential": ({"growth": "exponential", "delay_s": 0.5, "factor": 3}, [0.5, 1.5, 4.5, 13.5, 40.5]),
    "capped": ({"growth": "exponential", "delay_s": 1, "factor": 2, "cap_s": 5}, [1, 2, 4, 5, 5]),
    "schedule": ({"growth": "schedule", "schedule_s": [5, 300, 1800]}, [5, 300, 1800, 1800, 1800]),
    "schedule, capped": ({"growth": "schedule", "schedule_s": [5, 300, 1800], "cap_s": 60}, [5, 60, 60, 60, 60]),
}


@pytest.mark.parametrize(("plain", "delays"), GROWTHS.values(), ids=GROWTHS.keys())
def test_growth(plain: dict[str, Any], delays: list[float]) -> None:
    """Each growth gives the delays that one writes down by hand."""
    assert Law.model_validate(plain).base_s(NUMBERS).tolist() == delays


JITTERED: dict[str, tuple[dict[str, Any], list[float], list[float]]] = {
    "full": ({"kind": "full"}, [0, 0, 0, 0, 0], [1, 2, 4, 8, 16]),
    "equal": ({"kind": "equal"}, [0.5, 1, 2, 4, 8], [1, 2, 4, 8, 16]),
    "decorrelated": ({"kind": "decorrelated"}, [1, 1, 1, 1, 1], [3, 3, 6, 9, 12]),
    "proportional": ({"kind": "proportional", "share": 0.25}, [0.75, 1.5, 3, 6, 12], [1.25, 2.5, 5, 10, 20]),
    "additive": ({"kind": "additive", "share": 0.5, "least_s": 1, "most_s": 3}, [1, 2, 4, 8, 16], [2, 3, 6, 11, 19]),
}


@pytest.mark.parametrize(("jitter", "low", "high"), JITTERED.values(), ids=JITTERED.keys())
def test_jitter(jitter: dict[str, Any], low: list[float], high: list[float]) -> None:
    """Each jitter of 1, 2, 4, 8, 16 seconds; before the decorrelated ones a wait of 0, 1, 2, 3, 4 seconds."""
    law = Law.model_validate({"growth": "exponential", "delay_s": 1, "jitter": jitter})
    found = law.range_s(NUMBERS, np.arange(5.0))
    assert [bound.tolist() for bound in found] == [low, high]


def test_an_unknown_wait_before_leaves_the_upper_bound_open() -> None:
    """A decorrelated delay depends on the one before: where that was not seen, nobody knows how long it may be."""
    law = Law.model_validate({"delay_s": 1, "jitter": {"kind": "decorrelated"}})
    low, high = law.range_s(np.array([2]), np.array([np.nan]))
    assert low.tolist() == [1]
    assert math.isnan(high[0])


def test_what_is_of_no_concern_is_not_read() -> None:
    """A law of a later version reads, unless it names a growth that is not known here."""
    law = Law.model_validate({"retries": 3, "budget": {"share": 0.2}, "mood": "fair", "retry_after": {"cap_s": 3}})
    assert law == Law(retries=3)
    with pytest.raises(ValidationError):
        Law.model_validate({"growth": "fibonacci"})
