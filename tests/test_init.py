"""What Python takes for our packages, and how a command was called."""

from pathlib import Path

import pytest

from _hookswarm import HOME, called, hiding


@pytest.mark.parametrize("name", ["hookswarm.py", "_hookswarm.py", "hookswarm/__init__.py", "_hookswarm/__init__.py"])
def test_a_module_of_our_name_hides_ours(tmp_path: Path, name: str) -> None:
    """A file or a package of theirs is named."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    assert hiding(tmp_path) == [tmp_path / name]


def test_ours_and_what_is_no_module_hide_nothing(tmp_path: Path) -> None:
    """A folder without modules comes after any package, wherever that is; and a checkout holds ours."""
    (tmp_path / "hookswarm").mkdir()
    (tmp_path / "records.py").write_text("")
    assert hiding(tmp_path) == []
    assert hiding(HOME) == []


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("/venv/bin/hookswarm-receiver", "hookswarm-receiver"),
        ("/there/hookswarm/receiver.py", "python -m hookswarm.receiver"),
        ("/there/receiver/__main__.py", "python -m hookswarm.receiver"),
    ],
)
def test_a_command_is_named_as_it_was_called(script: str, told: str) -> None:
    """By its own name, or by the module that Python was told."""
    assert called(script, "hookswarm.receiver") == told
