"""What an origin makes of its health checks."""

from random import Random
from typing import cast

import gevent
import pytest

from _hookswarm.protocol.regions import Region
from _hookswarm.records.clock import Clock
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.health import HealthLaw
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Timeouts
from _hookswarm.senders.worker.network import Network
from _hookswarm.senders.worker.origin import Origin


class Failing:
    """A health check that always ends so; and the network that has no other."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def health_check(self, origin: int, target: int, timeouts: Timeouts) -> "Failing":
        return self

    def post(self, headers: bytes, body: bytes) -> int:
        raise WireError(self._outcome, "as told")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("outcome", "ill"), [(Outcome.REFUSED, [0, 1]), (Outcome.LOCAL_SHORTAGE, [])])
def test_a_shortage_of_ours_is_no_bad_health(outcome: Outcome, ill: list[int]) -> None:
    """A probe that could not leave this machine says nothing of the region that it was for."""
    regions = [Region(name=name, url="http://127.0.0.1:9/") for name in ("a", "b")]
    stage = Stage("x", events=1, health=HealthLaw(probe_s=0.001, fall=2))
    origin = Origin(0, stage, regions, None, Random(1), Clock())
    probes = origin.watch(cast(Network, Failing(outcome)))
    gevent.sleep(0.05)
    gevent.killall(probes)
    assert origin.avoided() == ill
