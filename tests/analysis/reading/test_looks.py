"""What receivers kept of a service's requests, as it is read."""

from pathlib import Path

import numpy as np
import pytest

from _hookswarm.analysis.reading.looks import read_looks

RUNS = np.array([5], np.uint64)
LINE = '{"at":%d,"stage":0,"webhook":1,"sequence":2,"endpoint":1,"method":"POST","path":"/","ports":[7],"headers":{}}\n'


def test_all_files_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    """A torn last line, of a process that was killed, is left out."""
    spoilt: list[str] = []
    (tmp_path / "evidence-eu-1.ndjson").write_text(LINE % 3 + LINE % 1 + LINE[:30])
    (tmp_path / "evidence-us-2.ndjson").write_text(LINE % 2)
    assert [one.at for one in read_looks(tmp_path, RUNS, spoilt)] == [1, 2, 3]
    assert not spoilt
    assert read_looks(tmp_path / "nothing", RUNS, spoilt) == []


@pytest.mark.parametrize("wrong", ["no JSON\n", '{"at":1}\n'])
def test_a_damaged_file_is_named(tmp_path: Path, wrong: str) -> None:
    """The others are read."""
    spoilt: list[str] = []
    bad = tmp_path / "evidence-eu-1.ndjson"
    bad.write_text(wrong)
    (tmp_path / "evidence-us-2.ndjson").write_text(LINE % 2)
    assert [one.at for one in read_looks(tmp_path, RUNS, spoilt)] == [2]
    assert spoilt == [f"{bad}: a line of it is not as it should be"]


def test_no_more_is_read_than_tells_something(tmp_path: Path) -> None:
    """The rest is like it."""
    for pid in (1, 2):
        (tmp_path / f"evidence-eu-{pid}.ndjson").write_text(LINE % 1 * 3)
    assert len(read_looks(tmp_path, RUNS, [], most=5)) == 5


def test_what_a_service_still_has_of_another_run_is_left_out(tmp_path: Path) -> None:
    """Its event has the name of one of ours, and would pass for an attempt of it; who names no event is kept."""
    lines = (LINE.replace("{", '{"run":' + run + ",", 1) % at for at, run in enumerate(("5", "6", "null")))
    (tmp_path / "evidence-eu-1.ndjson").write_text("".join(lines) + LINE % 3)
    assert [one.at for one in read_looks(tmp_path, RUNS, [])] == [0, 2, 3]
