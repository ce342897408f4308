"""What each file of a run's folder holds."""

import re

import pytest

from _hookswarm.records.run_files import FILES, file_of, table
from tests.support.kept_runs import RUNS
from tests.support.receivers import CHECKOUT


def test_the_docs_have_the_table() -> None:
    """One list makes it."""
    assert table() in (CHECKOUT / "docs/run-folder.md").read_text()


def test_every_file_of_real_runs_is_known() -> None:
    """Of a run of each test."""
    names = {path.name for path in RUNS.glob("*/*")}
    assert len(names) > 40
    assert [name for name in names if not file_of(name)] == []


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("attempts-my-host-12.journal", "attempts-<host>-<pid>.journal"),
        ("arrivals-eu-west-1-12.2.journal", "arrivals-<region>-<pid>.journal"),
        ("resources-watched-my-app-7.csv", "resources-watched-<name>-<pid>.csv"),
        ("resources-receiver-eu-7.csv", "resources-<role>-<process>.csv"),
        ("locust_stats.csv", "locust_stats.csv"),
    ],
)
def test_a_name_is_found_by_its_form(name: str, spelt: str) -> None:
    """Whatever the host, the region or the program is called."""
    found = file_of(name)
    assert found
    assert found.name == spelt


@pytest.mark.parametrize("name", ["notes.txt", "run.json.bak", "runxjson", "attempts.journal"])
def test_others_are_not_ours(name: str) -> None:
    """What somebody else put there."""
    assert file_of(name) is None


def test_every_file_has_a_sentence() -> None:
    """One that begins with a capital letter and ends."""
    assert [file.name for file in FILES if not re.fullmatch(r"[A-Z].*\.", file.holds)] == []
