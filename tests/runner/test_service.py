"""`python -m hookswarm.service`: what it says of its own command line."""

import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.service import main


@pytest.mark.parametrize("argv", [[], ["chek", "own.toml"]])
def test_its_commands_are_named(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """To who gives none, or one that there is not."""
    assert main(argv) == Exit.USAGE
    said = capsys.readouterr().err
    assert "check" in said.partition("chek")[2] or "check FILE|NAME" in said
    assert "clean" in said
    assert said.count("\n") == 1
