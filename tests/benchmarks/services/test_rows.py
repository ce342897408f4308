"""The cells of docs/services.md."""

from collections.abc import Callable

import pytest

from benchmarks.services.kept import Kept, KeptRun
from benchmarks.services.rows import ROWS, cell_of
from tests.support import kept_figures as made

Made = Callable[[int], KeptRun]


def cell(asked: str, *runs: KeptRun) -> str:
    """What the page says to a question."""
    row = next(row for row in ROWS if row.asked.startswith(asked))
    kept = Kept(service="outpost", configuration="default", runs=list(runs))
    return cell_of(row, kept)


def test_a_number_is_the_median_of_the_repeats_with_its_spread() -> None:
    """Of what repeats found; what broke first is told once where they agree."""
    runs = [
        made.kept_run("capacity", n, capacity=made.capacity(rate)) for n, rate in ((1, 90.0), (2, 110.0), (3, 40.0))
    ]
    assert cell("capacity", *runs) == "90 events/s (40 to 110, 3 repeats); what broke first: accepted events piled up"


def test_a_capacity_that_the_sender_limited_is_the_least() -> None:
    """The service may do more."""
    [found] = made.capacity(90.0)
    least = found.model_copy(update={"lower_bound": True, "limited_by": "generator"})
    told = "at least 90 events/s; what broke first: the sender"
    assert cell("capacity", made.kept_run("capacity", capacity=[least])) == told


def test_what_was_seen_in_part_is_told() -> None:
    """No end of the attempts, but how many there were."""
    one = made.rule("number of attempts", "no end was seen in 60 s: 3 or more", "not observed")
    told = cell("number of attempts", made.kept_run("performance", service=made.report(conformance=[one])))
    assert told == "not observed: no end was seen in 60 s: 3 or more"


def test_one_repeat_has_no_spread() -> None:
    """There is nothing to tell of it."""
    run = made.kept_run("isolation", stages=(made.kept_stage("isolation baseline"),))
    assert cell("end to end at half", run) == "p50 10 ms, p99 20 ms, at 50/s"


def test_what_is_void_or_disturbed_is_in_no_number() -> None:
    """Of three runs one is void, and the stage of another was disturbed."""
    stages = [made.kept_stage("isolation baseline", p99_ms=p99) for p99 in (20.0, 500.0, 900.0)]
    disturbed = stages[2].model_copy(update={"disturbed": ["machine_busy"]})
    runs = (
        made.kept_run("isolation", 1, (stages[0],)),
        made.kept_run("isolation", 2, (stages[1],), exit_code=3),
        made.kept_run("isolation", 3, (disturbed,)),
    )
    assert "p99 20 ms," in cell("end to end at half", *runs)


def test_two_processes_of_one_program_are_no_repeats() -> None:
    """Each is told by itself, the larger one first."""
    runs = [
        made.kept_run("resource", n, memory=[made.memory("watched-convoy", 30.0), made.memory("watched-convoy", large)])
        for n, large in ((1, 50.0), (2, 60.0))
    ]
    told = cell("memory", *runs)
    assert told.startswith("convoy: 55 MB (50 to 60, 2 repeats), ")
    assert "; convoy 2: 30 MB (30 to 30, 2 repeats), " in told


def test_who_holds_whom_up_is_told_of_each_kind_of_trouble() -> None:
    """The longest time of each repeat; where nobody does, it says so."""
    runs = [
        made.kept_run("isolation", n, service=made.report(isolation=[made.isolation(hanging=seconds)]))
        for n, seconds in ((1, 5.0), (2, 5.2))
    ]
    assert cell("one endpoint holds", *runs) == "hanging: 5.1 s (5 to 5.2, 2 repeats)"
    alone = made.kept_run("isolation", service=made.report(isolation=[made.isolation()]))
    assert cell("one endpoint holds", alone) == "none does"


def test_a_promise_says_whether_it_was_kept() -> None:
    """And where repeats differ, in how many it was so."""
    runs = [
        made.kept_run("performance", n, service=made.report(conformance=[made.rule("after a 410", text, verdict)]))
        for n, (text, verdict) in enumerate((("retried", "kept"), ("retried", "kept"), ("final", "broken")))
    ]
    told = "retried (2 of 3 repeats); final (1 of 3 repeats)"
    assert cell("after a 410", *runs) == f"{told} (promised: as told: kept (2 of 3 repeats); broken (1 of 3 repeats))"


def test_a_promise_that_one_repeat_did_not_see_is_told_by_the_others() -> None:
    """Not observed is no observation."""
    seen = (made.rule("after a 410", "retried"), made.rule("after a 410", "-", "not observed"))
    runs = [made.kept_run("performance", n, service=made.report(conformance=[one])) for n, one in enumerate(seen)]
    assert cell("after a 410", *runs) == "retried (promised: as told: kept)"


@pytest.mark.parametrize("asked", [row.asked for row in ROWS])
def test_what_was_not_played_says_so(asked: str) -> None:
    """Each question; also what could never be trusted."""
    assert cell(asked) == "not played"
    [row] = [row for row in ROWS if row.asked == asked]
    assert cell(asked, made.kept_run(row.run, exit_code=3)) == "void each time"


@pytest.mark.parametrize("asked", [row.asked for row in ROWS if not row.asked.startswith("lost")])
def test_what_a_run_could_not_see_says_why(asked: str) -> None:
    """A run without a stage that could answer."""
    [row] = [row for row in ROWS if row.asked == asked]
    assert cell(asked, made.kept_run(row.run)).startswith("not observed: ")


def test_a_drain_is_told_by_stage() -> None:
    """Stages of repeats are the same whatever their rates."""
    drains = ([made.drain("bursts", 400, rate)] for rate in (50, 60, 70))
    runs = [made.kept_run("load", n, service=made.report(drains=one)) for n, one in enumerate(drains)]
    assert cell("accept", *runs) == "bursts: accepts 400/s (400 to 400, 3 repeats), drains 60/s (50 to 70, 3 repeats)"


def test_each_restart_is_told_with_its_faults() -> None:
    """How many waited, what was lost and came twice, and for how long nothing arrived."""
    own = [made.restarted("kill"), made.restarted("redis", lost_before=7, fault="it was not ready within 60 s")]
    own.insert(0, made.restarted("kill", stage="restart kill (first time)", lost_before=99))
    told = cell("at each restart", made.kept_run("restarts", service=made.report(restarts=own)))
    kill, redis = told.split("<br>")
    assert kill == "kill: 1,000 waiting, 0 lost, 0 missing, 3 doubled, 1 in doubt, nothing arrived for 2.5 s"
    assert redis.startswith("redis: 1,000 waiting, 7 lost")
    assert redis.endswith("it was not ready within 60 s")


def test_books_that_do_not_balance_are_named() -> None:
    """By their stages."""
    stages = (made.kept_stage("bursts"), made.kept_stage("sustained", balanced=False, lost=2))
    told = cell("lost, doubled", made.kept_run("load", stages=stages))
    assert told.startswith("200 accepted, 2 lost")
    assert told.endswith("books do not balance in sustained")
