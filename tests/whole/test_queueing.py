"""Queues with many servers (M/M/c): measured waiting agrees with Erlang's formula, at the receiver and at the sender.

Waiting is so autocorrelated that chance alone moves the mean of a minute by a quarter. So the services' seed was
chosen: the first whose course, reckoned without any clock, lies within 1.5 % of the formula (a test holds it to that).
So these runs judge how we measure; that the queue is the formula's, a million reckoned requests show.

What a slow moment of the machine adds to one request is added to all that wait for it. So a run is held to what
Erlang's queue does to the requests as they were sent and served in it, and these, at the median, to what was asked for.
"""

from itertools import islice, takewhile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from _hookswarm.analysis.schema.report import Latencies
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.export import read_journals
from _hookswarm.records.reading import Rows
from _hookswarm.senders.plan.arrivals import Poisson, Stripe, schedule
from _hookswarm.senders.plan.stages import Stage
from tests.support.known_server import PLENTY, Servers, services
from tests.support.measuring import measure
from tests.support.runs import analyse

SERVERS, SERVICE_S, LOAD = 4, 0.06, 0.7
RATE = LOAD * SERVERS / SERVICE_S
WARMUP_S, LENGTH_S = 2, 12
SEED = 589

NOTICED_S = 0.005
"""A wait is counted from here on: sending itself takes less."""
PROMPT_S = 0.001
"""Half of all requests are sent, and answered after their service, within this."""

Seconds = npt.NDArray[np.float64]


class Waiting(NamedTuple):
    mean_s: float
    share: float
    """Of the requests, those that wait for more than NOTICED_S."""


def erlang(service_s: float = SERVICE_S) -> Waiting:
    """Erlang C: blocking with 0, 1, ... servers and no queue, then the queue. Who waits, waits exponentially long."""
    offered, blocked = RATE * service_s, 1.0
    for count in range(1, SERVERS + 1):
        blocked = offered * blocked / (count + offered * blocked)
    waits, freed = blocked / (1 - offered / SERVERS * (1 - blocked)), SERVERS / service_s - RATE
    return Waiting(waits / freed, waits * float(np.exp(-freed * NOTICED_S)))


def seen(waits: Seconds) -> Waiting:
    return Waiting(float(waits.mean()), float((waits > NOTICED_S).mean()))


def played(dues: Seconds, served: Seconds) -> Seconds:
    """How long each request waits in the known server's queue."""
    servers = Servers(SERVERS, iter(served.tolist()))
    return np.array([servers.answer_at(due) for due in dues.tolist()]) - served - dues


def course() -> tuple[Seconds, Seconds]:
    """When each request of a run is due, in seconds from its start, and how long it is served."""
    dues = (due for _, due in schedule(Poisson(RATE), (1, 0), Stripe()))
    found = np.array(list(takewhile(lambda due: due < WARMUP_S + LENGTH_S, dues)))
    return found, np.array(list(islice(services(SERVICE_S, SEED), len(found))))


def test_the_queue_itself_follows_the_formula() -> None:
    """Over a million requests the known server's waiting is Erlang's, and in the course of our seeds it is typical."""
    random = np.random.default_rng(1)
    dues, served = np.cumsum(random.exponential(1 / RATE, 1_000_000)), random.exponential(SERVICE_S, 1_000_000)
    assert tuple(seen(played(dues, served))) == pytest.approx(tuple(erlang()), rel=0.02)
    dues, served = course()
    assert tuple(seen(played(dues, served)[dues >= WARMUP_S])) == pytest.approx(tuple(erlang()), rel=0.015)


def _run(folder: Path, users: int, servers: int) -> tuple[Latencies, Rows]:
    """What the report says, and the attempts as they were sent: of the first of three runs that was not disturbed."""
    stage = Stage("queue", users=users, arrivals=Poisson(RATE), warmup_s=WARMUP_S, duration_s=LENGTH_S, payload="thin")
    options = ["--servers", str(servers), "--service", str(SERVICE_S), "--exponential", "--seed", str(SEED)]
    for number in range(3):
        (folder / str(number)).mkdir()
        run = measure(folder / str(number), stage, *options)
        section, code = analyse(run)
        if code != Exit.VOID:
            break
    assert code == Exit.PASS, section.verdict
    (found,) = section.stages
    assert found.deliveries.due == found.deliveries.acknowledged == len(course()[0])
    (view,) = read_journals(run, "attempts")
    return found.latency_ms, np.sort(view.rows, order="start")


@pytest.mark.alone
def test_waiting_at_the_receiver(tmp_path: Path) -> None:
    """Plenty of users, a server that serves four: sent to answered is Erlang's waiting longer than the service."""
    latency, attempts = _run(tmp_path, 100, SERVERS)
    dues, served = course()
    counted = dues >= WARMUP_S
    sent = attempts["start"] / 1e9
    assert np.median(sent - attempts["due"] / 1e9) < PROMPT_S
    expected = played(sent, served)
    waits = (attempts["done"] - attempts["start"]) / 1e9 - served
    assert np.median(waits - expected) < PROMPT_S
    assert latency.attempt.mean is not None
    found = Waiting(latency.attempt.mean / 1e3 - float(served[counted].mean()), seen(waits[counted]).share)
    assert tuple(found) == pytest.approx(tuple(seen(expected[counted])), rel=0.1)
    assert tuple(seen(expected[counted])) == pytest.approx(tuple(erlang()), rel=0.1)


@pytest.mark.alone
def test_waiting_at_the_sender(tmp_path: Path) -> None:
    """Four users, a server that lets nobody wait: due to sent is Erlang's waiting, where an attempt is the service."""
    latency, attempts = _run(tmp_path, SERVERS, PLENTY)
    dues, served = course()
    counted = dues >= WARMUP_S
    took = (attempts["done"] - attempts["start"]) / 1e9
    assert np.median(took - served) < PROMPT_S
    expected = played((attempts["due"] + attempts["late"]) / 1e9, took)
    waits = (attempts["start"] - attempts["due"] - attempts["late"]) / 1e9
    assert latency.queueing.mean is not None
    found = Waiting(latency.queueing.mean / 1e3, seen(waits[counted]).share)
    assert tuple(found) == pytest.approx(tuple(seen(expected[counted])), rel=0.1)
