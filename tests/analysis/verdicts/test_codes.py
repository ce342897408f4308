"""Codes are what scripts and people look reasons up by."""

import re

from _hookswarm.analysis.verdicts.codes import Code, Effect, table
from tests.support.receivers import CHECKOUT


def test_the_docs_have_the_table_of_codes() -> None:
    """One enum makes the table."""
    assert table() in (CHECKOUT / "docs/numbers.md").read_text()


def test_every_code_says_what_it_does_means_and_wants_done() -> None:
    """No code is without an effect, a meaning and an advice; its meaning is its docstring."""
    for code in Code:
        assert isinstance(code.effect, Effect)
        assert code.__doc__ == code.means
        assert code.means
        assert code.advice


def test_every_code_is_used() -> None:
    """A code that nothing gives would be told in the docs for nothing."""
    sources = "".join(path.read_text() for path in (CHECKOUT / "_hookswarm/analysis").rglob("*.py"))
    assert set(re.findall(r"\bCode\.([A-Z_]+)", sources)) == set(Code.__members__)
