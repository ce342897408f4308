"""An open run offers what was asked for: the schedule in the journals is the declared one, whatever the processes."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import kstest

from _hookswarm.records.journal import HEADER_SIZE
from _hookswarm.records.reading import DTYPE
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import StageStarted, read_timeline
from _hookswarm.senders.plan.arrivals import Constant, Open, Poisson, Stripe, schedule
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import running_receiver
from tests.support.runs import regions_file, run_locust

pytestmark = pytest.mark.light

SEED = 20
RATE = 400.0
WEBHOOKS = 7
LENGTHS_S = (2.5, 5.0)
LAWS: tuple[Open, ...] = (Constant(RATE), Poisson(RATE))
STAGES = tuple(
    Stage(law.kind, users=8, webhooks=WEBHOOKS, arrivals=law, duration_s=length_s, payload="thin")
    for law, length_s in zip(LAWS, LENGTHS_S, strict=True)
)


@dataclass(frozen=True)
class Run:
    """Attempts of each stage, in the order in which they fell due, and when the stage began."""

    attempts: list[np.ndarray]
    starts: list[int]

    def due_s(self, stage: int) -> np.ndarray:
        """When its events fell due, in seconds from the stage's start."""
        return np.asarray((self.attempts[stage]["due"] - self.starts[stage]) / 1e9)


@pytest.fixture(scope="module", params=[0, 2, 4], ids="processes={}".format)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A whole run with so many sending processes; its journals are read without the project's reader."""
    processes: int = request.param
    folder = tmp_path_factory.mktemp("run")
    with running_receiver(folder) as receiver:
        options = ["--regions", str(regions_file(folder, receiver)), "--seed", str(SEED)]
        options += ["--processes", str(processes)] if processes else []
        found = run_locust(folder, STAGES, *options)
    journals = list(found.glob("attempts-*.journal"))
    assert len(journals) == max(processes, 1)
    rows = np.concatenate([np.fromfile(path, DTYPE, offset=HEADER_SIZE) for path in journals])
    assert set(rows["outcome"]) == {Outcome.ACKNOWLEDGED}
    rows = rows[np.argsort(rows["due"], kind="stable")]
    starts = [entry.at_ns for entry in read_timeline(found) if isinstance(entry, StageStarted)]
    return Run([rows[rows["stage"] == number] for number in range(len(STAGES))], starts)


def test_the_offered_rate_is_what_was_asked_for(run: Run) -> None:
    """Of a constant rate exactly so many events fell due in the window; within 0.5 % is what is promised."""
    due = run.due_s(0)
    offered = np.count_nonzero((due >= 0) & (due < LENGTHS_S[0])) / LENGTHS_S[0]
    assert offered == pytest.approx(RATE, rel=0.005)
    assert len(due) == RATE * LENGTHS_S[0]


def test_chance_keeps_to_its_law(run: Run) -> None:
    """The gaps of a Poisson stage pass a Kolmogorov-Smirnov test, and its events are as many as chance allows."""
    due = run.due_s(1)
    assert kstest(np.diff(due), "expon", args=(0, 1 / RATE)).pvalue > 0.001
    expected = RATE * LENGTHS_S[1]
    assert len(due) == pytest.approx(expected, abs=4 * np.sqrt(expected))


@pytest.mark.parametrize("number", range(len(STAGES)))
def test_every_process_count_plays_the_same_schedule(run: Run, number: int) -> None:
    """The set of (n, due) is the one that the law and the seed declare, to the nanosecond: so it is for all alike."""
    declared = set()
    for n, offset in schedule(LAWS[number], (SEED, number), Stripe()):
        if (due := round(offset * 1e9)) >= LENGTHS_S[number] * 1e9:
            break
        declared.add((n, due))
    rows = run.attempts[number]
    numbers = rows["sequence"].astype(np.int64) * WEBHOOKS + rows["webhook"]
    played = set(zip(numbers.tolist(), (rows["due"] - run.starts[number]).tolist(), strict=True))
    assert len(rows) == len(played)
    assert played == declared


@pytest.mark.parametrize("number", range(len(STAGES)))
def test_events_were_sent_when_they_were_due(run: Run, number: int) -> None:
    """None was sent early, and half of them within milliseconds.

    The higher percentiles are printed only: on a machine that others share, they are of its stalls.
    """
    rows = run.attempts[number]
    behind_ms = (rows["start"] - rows["due"]) / 1e6
    p50, p90, p99, most = np.percentile(behind_ms, [50, 90, 99, 100])
    print(f"{LAWS[number].kind}: sent {p50:.2f} ms behind due, p90 {p90:.2f}, p99 {p99:.2f}, at most {most:.2f} ms")
    assert behind_ms.min() >= 0
    assert p50 < 5
