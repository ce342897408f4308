"""The second time that a stage was played stands for it."""

from _hookswarm.analysis.reading.replays import Replays
from tests.support.journals import planned, run


def test_the_second_time_takes_the_name() -> None:
    """The first one says that it was the first; Locust's totals follow."""
    plan = [planned("a"), planned("b"), planned("b (again)", replay_of=1)]
    manifest = run([], stages=plan).manifest
    replays = Replays.settle(manifest)
    assert [stage["name"] for stage in manifest.stages] == ["a", "b (first time)", "b"]
    assert replays.first == {1}
    totals = {"a local nearest": 1, "b local nearest": 2, "b (again) local nearest": 3}
    assert replays.totals(totals) == {"a local nearest": 1, "b (first time) local nearest": 2, "b local nearest": 3}


def test_a_run_without_replays_is_as_it_was() -> None:
    """So are those of older versions, and a number that is no stage's."""
    manifest = run([], stages=[planned("a"), planned("b", replay_of=None), planned("c", replay_of=9)]).manifest
    replays = Replays.settle(manifest)
    assert (replays.renamed, replays.first) == ({}, frozenset())
    assert [stage["name"] for stage in manifest.stages] == ["a", "b", "c"]
