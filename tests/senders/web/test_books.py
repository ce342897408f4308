"""What Prometheus is told of a run's books: made by the real commands, once somebody asks after its end."""

import time
from pathlib import Path

import gevent
import pytest

from _hookswarm.analysis.schema.report import Deliveries, Ledger
from _hookswarm.analysis.verdicts.codes import Code, Effect
from _hookswarm.senders.web.books import LEDGER, STATES, UNBALANCED, Books, Section, book_metrics
from _hookswarm.senders.web.downloads import FOLDER, Downloads
from tests.support.journals import arrival, attempt, run, write_run

SENT = [attempt(0), attempt(1)]


def samples(books: Books) -> dict[tuple[str, ...], float]:
    """By the metric's name and the values of its labels."""
    return {
        (sample.name.removeprefix("hookswarm_run_"), *sample.labels.values()): sample.value
        for family in books.metrics()
        for sample in family.samples
    }


def awaited(books: Books) -> dict[tuple[str, ...], float]:
    """The same, once the report is there."""
    deadline = time.monotonic() + 60
    while not (found := samples(books)) and time.monotonic() < deadline:
        gevent.sleep(0.05)
    return found


def test_books_that_do_not_balance(tmp_path: Path) -> None:
    """An acknowledged event that never arrived: lost, and the run is void; the next run takes it away."""
    last: list[Path | None] = [None]
    books = Books(Downloads(), lambda: last[0])
    assert samples(books) == {}
    last[0] = write_run(tmp_path / "run", run(SENT, [arrival(SENT[0])]))
    assert samples(books) == {}
    found = awaited(books)
    assert found["books_balanced",] == 0
    assert [key[1] for key in found if key[0] == "verdict"] == ["void"]
    assert (found["ledger", "lost"], found["ledger", "unexpected"]) == (1, 0)
    assert [found["deliveries", state] for state in STATES] == [2, 2, 0, 0, 0]
    last[0] = None
    assert samples(books) == {}


def test_a_run_that_cannot_be_analysed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is told of it to Prometheus, and to the user why."""
    (tmp_path / FOLDER).mkdir()
    books = Books(Downloads(), lambda: tmp_path)
    said, deadline = "", time.monotonic() + 60
    while not said and time.monotonic() < deadline:
        assert samples(books) == {}
        gevent.sleep(0.05)
        said = capsys.readouterr().out
    assert "run.json" in said
    assert said.endswith(f"see what python -m hookswarm.analysis {tmp_path} says\n")


def test_a_target_of_others_has_no_ledger() -> None:
    """What did not arrive nobody knows; a reason that leaves the measurement valid is no other count."""
    section = Section.model_validate({
        "verdict": {"measurement": "valid", "target": "pass", "reasons": [{"code": "unexpected_arrivals"}]},
        "stages": [{"deliveries": dict.fromkeys(STATES, 1), "ledger": dict.fromkeys(LEDGER)}],
    })  # fmt: skip
    balanced, ledger = (list(book_metrics(section))[place].samples for place in (1, 3))
    assert [sample.value for sample in balanced] == [1]
    assert ledger == []


def test_they_are_what_the_report_calls_them() -> None:
    """The names of its ledger, of its deliveries, and of the verdict's reasons."""
    assert set(LEDGER) <= Ledger.model_fields.keys()
    assert set(STATES) == Deliveries.model_fields.keys()
    assert {str(code) for code in Code if code.effect is Effect.VOID} >= UNBALANCED
