"""Three of the seeded tries, at once: `python -m tests.whole.seeded_kills 60` plays as many as wanted."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.whole.seeded_kills import SIGNALS, VICTIMS, broken_rules, play, told, try_of

pytestmark = pytest.mark.slow

SEED = 18


def test_a_try_is_the_same_for_ever_and_all_kinds_come() -> None:
    """By its number; sixty have every victim, every signal and every number of processes."""
    tries = [try_of(SEED, number) for number in range(60)]
    assert tries == [try_of(SEED, number) for number in range(60)]
    assert {one.victim for one in tries} == set(VICTIMS)
    assert {one.signal for one in tries} == set(SIGNALS)
    assert {one.processes for one in tries} == {0, 1, 2}
    assert {one.receivers for one in tries} == {True, False}


def test_whatever_is_struck_the_run_ends_as_it_should(tmp_path: Path) -> None:
    """In time, balanced or void for the right reason, with nothing left and nothing sent after its end."""
    tries = [try_of(SEED, number) for number in range(3)]
    folders = [tmp_path / str(one.number) for one in tries]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(len(tries)) as pool:
        results = list(pool.map(play, tries, folders))
    for one, result in zip(tries, results, strict=True):
        assert not (broken := broken_rules(one, result)), told(one, result, broken) + result.said[-3000:]
