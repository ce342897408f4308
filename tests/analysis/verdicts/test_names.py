"""The names of all numbers: those that reports really have are among them."""

import re

import pytest

from _hookswarm.analysis.schema.files import MODELS
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.measures import ALIASES, numbers_of
from _hookswarm.analysis.verdicts.names import named, unknown_number
from tests.support.kept_runs import REPORTS, TESTS
from tests.support.receivers import CHECKOUT


@pytest.mark.parametrize("test", TESTS)
def test_every_number_of_a_kept_run_is_known(test: str) -> None:
    """Of its kind, and of its test."""
    reports = [model.model_validate_json((REPORTS / name).read_text()) for name, model in MODELS.items()]
    found = Sections(*(report.sections.get(test) for report in reports))  # type: ignore[arg-type]  # in their order
    numbers = [one for one in numbers_of(found) if one.value is not None]
    assert len(numbers) > 100
    strange = {
        (one.kind, one.name)
        for one in numbers
        if not any(known.kind == one.kind and known.test in (None, test) for known in named(one.name))
    }
    assert strange == set()


def test_short_names_are_short_for_something() -> None:
    """Every one of them."""
    assert [name for name in ALIASES if not named(name)] == []


@pytest.mark.parametrize(
    ("name", "meant"), [("p99", "`p99_ms`"), ("eror_rate", "`error_rate`"), ("capacity", "`capacity_per_s`")]
)
def test_what_is_unknown_is_told_with_what_was_meant(name: str, meant: str) -> None:
    """The nearest name that there is."""
    assert unknown_number(name) == f"there is no number `{name}`: write {meant}"
    assert unknown_number("xyz") == "there is no number `xyz`: choose one of docs/ci.md"
    assert unknown_number("lost") == unknown_number("attempts.by_outcome.reset") == ""


def test_every_number_that_the_document_names_is_known() -> None:
    """Also those that only a run through a delivery service has."""
    lines = (CHECKOUT / "docs/ci.md").read_text().splitlines()
    (row,) = [line for line in lines if line.startswith("| number |")]
    names = re.findall(r"`([^`]+)`", row)
    assert {"isolation.number", "drain.drain_per_s", "restart.nothing_moved_s", "error_rate"} <= {*names}
    assert [name for name in names if unknown_number(name)] == []
