"""Tables of stages, read without Locust."""

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import hookswarm
from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan import vocabulary
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.made_payloads import named_functions
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.plan import make_plan
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.tables import UNPATCHED, read_table, stages_of
from tests.support.documented_commands import blocks
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


def test_the_documented_tables_have_plans(tmp_path: Path) -> None:
    """Those of docs/your-locustfile.md, with their payloads' functions."""
    texts = [text for _, text in blocks(CHECKOUT / "docs/your-locustfile.md") if "StagesShape" in text]
    assert len(texts) == 2
    for text in texts:
        (tmp_path / "mine.py").write_text(text)
        table = read_table(tmp_path / "mine.py")
        wanted = replace(settings(tmp_path), functions=named_functions(table.payloads))
        assert make_plan(stages_of(table, wanted), wanted).stages


def test_a_short_form_that_there_is_not_is_named(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "mine.py").write_text(TABLE.replace("    quick_stages = stages\n", ""))
    with pytest.raises(ConfigError, match="--quick: the table has no `quick_stages`: leave it out, or write some"):
        stages_of(read_table(tmp_path / "mine.py"), settings(tmp_path, "--quick"))


def settings(folder: Path, *options: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return check_options(parser.parse_args([*options, "--results", str(folder / "results")]))
