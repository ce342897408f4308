"""Tables of stages, read without Locust."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hookswarm
from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan import vocabulary
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.tables import UNPATCHED, read_table
from tests.support.receivers import CHECKOUT

TABLE = """
from hookswarm import Stage, StagesShape, senders


class Mine(StagesShape):
    test = "mine"
    stages = (Stage("one", events=1),)
    quick_stages = stages


globals().update(senders())
"""


def test_a_plan_has_all_words_of_the_door_but_those_of_locust() -> None:
    """A word that is missing could not be used in a test of ours."""
    assert {*vocabulary.__all__, "StagesShape", "senders", "__version__"} == {*hookswarm.__all__}


def test_the_table_is_read_and_the_door_is_as_it_was(tmp_path: Path) -> None:
    """Whoever imports from it afterwards gets Locust's."""
    (tmp_path / "mine.py").write_text(TABLE)
    table = read_table(tmp_path / "mine.py")
    assert (table.test, table.stages) == ("mine", (Stage("one", events=1),))
    assert sys.modules["hookswarm"] is hookswarm
    assert UNPATCHED not in os.environ


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import nowhere", "mine.py: ModuleNotFoundError: No module named 'nowhere'"),
        ("class", "mine.py: SyntaxError: "),
        ('from hookswarm import Stage\nStage("one", users=0)', "mine.py: users: write 1 or more"),
        ("", "mine.py: 0 subclasses of StagesShape: let it have one"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, said: str) -> None:
    """With what is wrong with it."""
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_table(tmp_path / "mine.py")
    assert sys.modules["hookswarm"] is hookswarm


def test_locust_is_not_loaded_and_one_that_the_file_loads_patches_nothing(tmp_path: Path) -> None:
    """An ordinary user class may stand beside."""
    (tmp_path / "mine.py").write_text(TABLE)
    (tmp_path / "both.py").write_text("from locust import HttpUser\n" + TABLE)
    code = f"""
import socket, sys
from pathlib import Path
from _hookswarm.senders.plan.tables import read_table
read_table(Path({str(tmp_path / "mine.py")!r}))
assert "locust" not in sys.modules
read_table(Path({str(tmp_path / "both.py")!r}))
assert "locust" in sys.modules
assert "gevent" not in socket.socket.__module__
"""
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True, timeout=60)
