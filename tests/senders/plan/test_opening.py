"""Which connections are opened before a stage, and how long ahead it is announced for them."""

from dataclasses import replace
from datetime import date

import pytest

from _hookswarm.protocol.regions import Links, Region
from _hookswarm.senders.plan.arrivals import Backlog, Closed, Constant, Poisson
from _hookswarm.senders.plan.opening import MOST_S, likely, opening_s, targets_of, workers_soon
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.strategies import STRATEGIES

REGIONS = [Region(name=name, url="http://127.0.0.1:9/") for name in ("near", "mid", "far")]
LINKS = Links(source="a test", as_of=date(2026, 1, 1), rtt_ms={"near": {"mid": 100, "far": 200}, "mid": {"far": 150}})
STAGE = Stage("x", users=64, duration_s=1)


@pytest.mark.parametrize(
    ("stage", "workers"),
    [
        (STAGE, 64),
        (replace(STAGE, events=10, duration_s=None), 10),
        (replace(STAGE, reuse=False), 0),
        (replace(STAGE, warmup_s=0.1), 0),
        (replace(STAGE, arrivals=Poisson(4_000)), 64),
        (replace(STAGE, arrivals=Constant(5)), 5),
        (replace(STAGE, arrivals=Constant(0.1)), 1),
        (replace(STAGE, arrivals=Backlog(1, 50)), 50),
        (replace(STAGE, arrivals=Backlog(1, 50), max_rate=5), 5),
        (replace(STAGE, max_rate=5), 5),
        (replace(STAGE, arrivals=Constant(100), warmup_s=1), 0),
        (replace(STAGE, arrivals=Constant(20), warmup_s=1), 40),
    ],
)
def test_who_has_to_send_soon_opens_connections(stage: Stage, workers: int) -> None:
    """As many workers as events fall due in a second; none where no connection is kept, or the warm-up does it."""
    assert workers_soon(stage, (1, 0)) == pytest.approx(workers, abs=2 * (stage.arrivals.kind == "backlog"))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_connections_lead_where_attempts_will_go(strategy: str) -> None:
    """To the nearest region where all attempts go there, to a balancer where that chooses, else to every region."""
    found = [target.code for target in likely(strategy, targets_of(strategy, 1, REGIONS, LINKS))]
    if strategy.startswith("haproxy"):
        assert len(found) == 1
        assert found[0] >= 250
    else:
        assert found == ([1] if strategy in ("nearest", "priority") else [0, 1, 2])


def lead_s(stage: Stage, links: Links | None = None, slow: bool = False, beyond: bool = False) -> float:
    return opening_s(stage, REGIONS, links, (1, 0), slow, beyond)


def test_the_lead_grows_with_what_is_to_be_opened() -> None:
    """By connections, which over TLS take longer, and by round trips; small stages are as quick as ever."""
    spread = replace(STAGE, strategy="round-robin")
    assert lead_s(replace(STAGE, users=1)) < 0.001
    assert lead_s(replace(spread, reuse=False), LINKS, slow=True) == 0
    assert 0.01 < lead_s(STAGE) < 0.05
    assert lead_s(spread) == pytest.approx(3 * lead_s(STAGE))
    assert lead_s(STAGE, slow=True) == pytest.approx(10 * lead_s(STAGE))
    assert lead_s(STAGE, beyond=True) > 0.3
    assert lead_s(replace(spread, users=1), LINKS) > 0.2
    assert lead_s(replace(spread, users=1), LINKS, slow=True) > 0.4
    assert lead_s(replace(spread, users=1, links=False), LINKS) < 0.01
    assert lead_s(replace(STAGE, arrivals=Closed()), LINKS) < 0.1
    assert lead_s(replace(spread, users=10_000), slow=True) == MOST_S
