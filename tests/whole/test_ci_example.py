"""The example for GitHub Actions in docs/ci.md is run as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.support.receivers import CHECKOUT, environment
from tests.support.runs import BUSY

pytestmark = pytest.mark.alone


def job() -> dict[str, Any]:
    text = (CHECKOUT / "docs/ci.md").read_text()
    (block,) = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "jobs:" in block]
    (found,) = yaml.safe_load(block)["jobs"].values()
    told: dict[str, Any] = found
    return told


def test_the_example_runs(tmp_path: Path) -> None:
    """Its checks hold, JUnit XML and the job's summary are written, and the exit code is that of a pass."""
    (line,) = [step["run"] for step in job()["steps"] if step.get("run", "").startswith("hookswarm")]
    command = [sys.executable, "-m", *shlex.split(line)]
    for _ in range(3):
        (tmp_path / "summary.md").unlink(missing_ok=True)
        env = environment(GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
        if done.returncode != 3 or not any(code in done.stdout for code in BUSY):  # a disturbed run is made again
            break
    assert done.returncode == 0, done.stdout + done.stderr
    suites = ElementTree.parse(tmp_path / "hookswarm.xml").getroot()
    # The verdict and four default checks; two of the example's own.
    assert {suite.get("name"): suite.get("tests") for suite in suites} == {"load": "5", "checks": "2"}
    assert "| `lost==0` | ✅ |" in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "results/history.csv").read_text().count("\n") == 2
