"""Reports of version 1: they are read, and become ones of this version when they are written."""

import json
import shutil
from pathlib import Path

import pytest

from _hookswarm.analysis.reporting import files
from _hookswarm.analysis.schema.files import MODELS, PERFORMANCE
from _hookswarm.analysis.schema.verdict import Verdict
from tests.support.reported import FOLDER, sections_of


def test_they_are_read_and_written_anew(tmp_path: Path) -> None:
    """Another run's section is put beside theirs; nothing of theirs is lost."""
    for name in MODELS:
        shutil.copy(FOLDER / name, tmp_path / name)
    one = sections_of("load")
    one.performance.run.test = "another"
    files.write_reports(tmp_path, one)
    written = json.loads((tmp_path / PERFORMANCE).read_text())
    assert written["schema_version"] == 2
    assert list(written["sections"]) == ["performance", "load", "scalability", "distribution", "resource", "another"]
    before = json.loads((FOLDER / PERFORMANCE).read_text())["sections"]["performance"]
    after = written["sections"]["performance"]
    assert [stage["name"] for stage in after["stages"]] == [stage["name"] for stage in before["stages"]]
    assert after["verdict"] == {"measurement": "valid", "target": "pass", "status": "pass", "reasons": []}


@pytest.mark.parametrize(
    ("status", "measurement", "target"),
    [
        ("pass", "valid", "pass"),
        ("fail", "valid", "fail"),
        ("void", "void", "untested"),
        ("unknown", "valid", "untested"),
    ],
)
def test_their_one_status_becomes_two(status: str, measurement: str, target: str) -> None:
    """Of a void run it was not told what became of the target."""
    found = Verdict.model_validate({"status": status, "reasons": []})
    assert (found.measurement, found.target) == (measurement, target)
    assert found.status == ("untested" if status == "unknown" else status)
