"""Exceptions from what the linter and mypy ask for."""

import re

import pytest

from tests.support.receivers import CHECKOUT

MARK, REASON = re.compile(r"# (noqa|type: ignore)\b"), re.compile(r"# (noqa|type: ignore)[^#]*\S  # \w")
FOLDERS = ("hookswarm", "_hookswarm", "locustfiles", "benchmarks", "tests")


def bare(source: str) -> list[str]:
    """Lines that make an exception without a reason beside it."""
    return [line.strip() for line in source.splitlines() if MARK.search(line) and not REASON.search(line)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_exception_has_its_reason_beside_it(folder: str) -> None:
    """`# noqa: X  # why`, and so for types."""
    sources = {
        path: path.read_text() for path in (CHECKOUT / folder).rglob("*.py") if path.name != "test_exceptions.py"
    }
    assert sources
    assert {str(path): found for path, source in sources.items() if (found := bare(source))} == {}


def test_a_reason_is_told_from_none() -> None:
    """The test above would miss a line that it takes for one with a reason."""
    lines = ("a  # noqa: B023", "b  # type: ignore[misc]", "c  # noqa", "d  # noqa: B023  # called at once", "e  # why")
    assert bare("\n".join(lines)) == [*lines[:3]]
