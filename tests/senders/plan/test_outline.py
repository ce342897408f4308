"""A stage in a few words."""

import pytest

from _hookswarm.senders.plan import outline
from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Constant, Poisson, Ramp, Sine
from _hookswarm.senders.plan.stages import Limits, Stage


@pytest.mark.parametrize(
    ("stage", "lasts", "events", "rate"),
    [
        (Stage("x", events=1_000), "1,000 events", "1,000", "as answers come"),
        (Stage("x", duration_s=1.5, warmup_s=0.3), "1.8 s", "?", "as answers come"),
        (Stage("x", arrivals=Constant(100), duration_s=90), "1 min 30 s", "9,000", "100/s"),
        (Stage("x", arrivals=Constant(100), duration_s=90, events=7), "7 events, at most 1 min 30 s", "7", "100/s"),
        (Stage("x", arrivals=Constant(1e6), duration_s=7200), "2 h", "over 1,000,000", "1e+06/s"),
        (
            Stage("x", arrivals=Bursts(100, factor=10, every_s=2, for_s=0.5, process="constant"), duration_s=4),
            "4 s", "1,301", "100/s, 1,000/s for 0.5 of 2 s",
        ),
        (
            Stage("x", arrivals=Ramp(50, to=500, over_s=40, process="constant"), duration_s=40),
            "40 s", "11,000", "50/s to 500/s in 40 s",
        ),
        (
            Stage("x", arrivals=Sine(200, period_s=40, process="constant"), duration_s=40),
            "40 s", "8,000", "200/s, 40 to 360/s",
        ),
        (
            Stage("x", arrivals=Backlog(200, backlog=5_000), events=6_000),
            "6,000 events", "6,000", "200/s, 5,000 at once",
        ),
        (
            Stage("x", arrivals=Poisson(2_000), duration_s=5, limits=Limits()),
            "5 s a try", "?", "from 2,000/s, as high as it goes",
        ),
        (
            Stage("x", arrivals=Poisson(20), duration_s=5, limits=Limits(), max_rate=50),
            "5 s a try", "?", "from 20/s, at most 50/s",
        ),
        (Stage("x", duration_s=1.5, max_rate=5), "1.5 s", "8 at most", "as answers come, at most 5/s"),
        (Stage("x", arrivals=Backlog(1, backlog=90), duration_s=4, max_rate=5), "4 s", "20", "1/s, 90 at once"),
    ],
)  # fmt: skip
def test_what_a_stage_will_do(stage: Stage, lasts: str, events: str, rate: str) -> None:
    """How long, how many, how fast: of every kind of arrivals."""
    assert (outline.lasts(stage), outline.rate(stage)) == (lasts, rate)
    told = outline.events(stage, 1)
    if isinstance(stage.arrivals, Closed) or not told[0].isdigit():
        assert told == events
    else:
        assert int(told.replace(",", "")) == pytest.approx(int(events.replace(",", "")), abs=1)
