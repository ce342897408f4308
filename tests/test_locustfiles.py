"""The tables of stages: the five tests', and the example of one's own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from _hookswarm.senders.plan.stages import to_plain
from _hookswarm.senders.plan.tables import read_table
from tests.support.receivers import CHECKOUT

FILES = sorted((CHECKOUT / "locustfiles").glob("[!_]*.py"))
# In a process of its own: importing Locust patches the standard library.
PLANS = """
import argparse, json, sys
from importlib import import_module
from _hookswarm.senders.plan.options import add_options
from dataclasses import replace
from _hookswarm.senders.plan.made_payloads import named_functions
from _hookswarm.senders.plan.plan import make_plan
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.stages import to_plain
from _hookswarm.senders.user import StagesShape
import_module(sys.argv[1])
(shape,) = StagesShape.__subclasses__()
parser = argparse.ArgumentParser()
add_options(parser)
settings = check_options(parser.parse_args(["--results", sys.argv[2]]))
settings = replace(settings, functions=named_functions(shape.payloads))
for stages in (shape.stages, shape.quick_stages):
    print(len(make_plan(stages, settings).stages))
print(json.dumps([to_plain(stage) for stage in (*shape.stages, *shape.quick_stages)]))
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_table_makes_a_plan(tmp_path: Path, file: Path) -> None:
    """At full length and quick, names are unique and nothing is at fault; without Locust the same is read."""
    command = [sys.executable, "-c", PLANS, f"locustfiles.{file.stem}", str(tmp_path)]
    made = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert made.returncode == 0, made.stderr
    full, quick, stages = made.stdout.splitlines()
    assert int(full) >= int(quick) > 1
    table = read_table(file)
    assert [to_plain(stage) for stage in (*table.stages, *table.quick_stages)] == json.loads(stages)
