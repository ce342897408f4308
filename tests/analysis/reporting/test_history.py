"""A row for each run, in a file that other tools read."""

from pathlib import Path

import pandas as pd
import pytest

from _hookswarm.analysis.reporting.history import COLUMNS, NAME, append_history, save_history
from _hookswarm.analysis.reports import analyse
from _hookswarm.records.manifest import RunError
from tests.support.journals import arrival, attempt, planned, run

SENT = [attempt(n) for n in range(4)]
STAGES = [planned("a"), planned("b")]


def test_a_row_for_each_run(tmp_path: Path) -> None:
    """Counts of all stages together, means of rates and latencies; a run that is told again has one row."""
    rows = [*SENT, *(attempt(n, stage=1, done=SENT[0]["done"] + 3_000_000) for n in range(4))]
    first = analyse(run(rows, [arrival(one) for one in rows], stages=STAGES)).performance
    second = analyse(run(rows, [arrival(one) for one in rows], stages=STAGES, id="another")).performance
    for one in (first, second, first):
        append_history(tmp_path, one)
    table = pd.read_csv(tmp_path / NAME)
    assert tuple(table.columns) == COLUMNS
    assert table["run"].tolist() == [first.run.id, "another"]
    assert table[["stages", "due", "acknowledged", "lost"]].iloc[0].tolist() == [2, 8, 8, 0]
    assert table["p50_ms"].iloc[0] == pytest.approx((1 * 4) ** 0.5)
    assert pd.to_datetime(table["time"]).dt.tz is not None


def test_what_a_run_does_not_know_is_empty(tmp_path: Path) -> None:
    """Without receivers of ours nothing is known of losses."""
    append_history(tmp_path, analyse(run(SENT)).performance)
    table = pd.read_csv(tmp_path / NAME)
    assert table[["lost", "capacity_per_s"]].isna().all(axis=None)


@pytest.mark.parametrize("content", ["time,other\n1,2\n", "\x00\x01", "no table"])
def test_another_file_is_not_written_to(tmp_path: Path, content: str) -> None:
    """One with other columns is to be moved away."""
    (tmp_path / NAME).write_text(content)
    with pytest.raises(RunError, match="move it away"):
        append_history(tmp_path, analyse(run(SENT)).performance)
    assert (tmp_path / NAME).read_text() == content


def test_a_history_that_cannot_be_written_spoils_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Why is said in a line."""
    (tmp_path / NAME).write_text("mine")
    assert save_history(tmp_path, analyse(run(SENT)).performance) is None
    assert "move it away" in capsys.readouterr().err
