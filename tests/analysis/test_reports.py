"""Report files and their schemas."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from _hookswarm.analysis.reporting import files
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.cpu import CpuReport, CpuSection
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, MODELS, PERFORMANCE
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport, MemorySection
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.manifest import RunError
from tests.support.journals import arrival, attempt, planned, run

SCHEMAS = Path(__file__).parents[2] / "docs/schemas"
ROWS = [attempt(n) for n in range(3)]
FOUND = analyse(run(ROWS, [arrival(row) for row in ROWS])).performance
BOTH = analyse(run(ROWS, [arrival(row) for row in ROWS], stages=[planned(scenario="memory")]))


def of(test: str, found: Section = FOUND) -> Sections:
    """The findings, as if of another test."""
    return Sections(found.model_copy(update={"run": found.run.model_copy(update={"test": test})}))


def test_a_section_has_the_design_s_shape() -> None:
    """The names that users of the JSON rely on, top to bottom."""
    plain = json.loads(FOUND.model_dump_json())
    assert set(plain) == {
        "run", "verdict", "stages", "series", "scaling", "usl", "capacity", "regions", "strategies", "failovers",
            "clock_uncertainty_ms", "default_checks", "checks", "findings", "duplicates", "failures", "rotations",
            "service", "watched",
    }  # fmt: skip
    ran = {"id", "started_at", "ended_at", "seed", "test", "options", "left_out", "environment"}
    assert set(plain["run"]) == ran
    assert plain["verdict"] == {"measurement": "valid", "target": "pass", "status": "pass", "reasons": []}
    assert set(plain["findings"][0]) == {"about", "text", "number", "unit", "low", "high", "look"}
    (stage,) = plain["stages"]
    assert set(stage) >= {"name", "scenario", "parameters", "window_s", "throughput_per_s", "error_rate"}
    assert set(stage["deliveries"]) == {"due", "acknowledged", "failed", "in_doubt", "abandoned"}
    assert set(stage["latency_ms"]) == {"delivery", "attempt", "queueing", "lower_bound"}
    assert set(stage["latency_ms"]["delivery"]) == {"count", "mean", "p50", "p90", "p95", "p99", "p999", "max"}
    assert set(stage["attempts"]) == {"total", "per_delivery", "by_outcome"}
    ledger = {"received", "lost", "duplicated", "reordered", "late", "unexpected", "balanced"}
    assert set(stage["ledger"]) >= ledger


def test_a_run_replaces_its_own_section_only(tmp_path: Path) -> None:
    """Each section keeps the run that it came from; no draft is left beside the report."""
    newer = FOUND.model_copy(update={"run": FOUND.run.model_copy(update={"id": "newer"})})
    files.write_reports(tmp_path, Sections(FOUND))
    files.write_reports(tmp_path, of("load"))
    (path,) = files.write_reports(tmp_path, Sections(newer))
    report = PerformanceReport.model_validate_json(path.read_text())
    assert report.sections == {"performance": newer, "load": of("load").performance}
    assert [found.name for found in tmp_path.iterdir()] == [PERFORMANCE]


def test_memory_has_its_own_file(tmp_path: Path) -> None:
    """A plan with memory stages writes both files, even without a log; one without them leaves memory's alone."""
    assert files.write_reports(tmp_path, BOTH) == [tmp_path / PERFORMANCE, tmp_path / MEMORY]
    before = (tmp_path / MEMORY).read_text()
    memory = MemoryReport.model_validate_json(before).sections["performance"]
    assert memory == BOTH.memory
    assert memory.skipped == "no resource log in the run's folder"
    assert memory.run == BOTH.performance.run
    assert analyse(run(ROWS)).memory is None
    files.write_reports(tmp_path, Sections(FOUND))
    assert (tmp_path / MEMORY).read_text() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"schema_version": 3, "sections": {}}',
        b'{"results": []}',
        b'{"sections": {"load": {}}}',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("name", MODELS)
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, name: str, content: bytes) -> None:
    """What a report would overwrite without understanding it stays as it is, named; no other report is written."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RunError, match=name):
        files.write_reports(tmp_path, BOTH)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there is an OSError, not a new folder."""
    with pytest.raises(OSError, match="No such file"):
        files.write_reports(tmp_path / "none", BOTH)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Reading gives back every figure; without a file there is an empty report."""
    empty = {PERFORMANCE: PerformanceReport(), MEMORY: MemoryReport(), CPU: CpuReport()}
    empty |= {IO: IoReport()}
    assert files.read_reports(tmp_path) == empty
    files.write_reports(tmp_path, BOTH)
    found = files.read_reports(tmp_path)
    assert found[PERFORMANCE].sections == {"performance": BOTH.performance}
    assert found[MEMORY].sections == {"performance": BOTH.memory}


def test_the_schemas_are_those_of_the_models() -> None:
    """docs/schemas holds what the models say; `make schemas` writes it anew."""
    assert {path.name: path.read_text() for path in SCHEMAS.iterdir()} == files.json_schemas()


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("webhook_performance_results", Section),
        ("memory_usage_results", MemorySection),
        ("cpu_utilization_results", CpuSection),
    ],
)
def test_the_schema_names_what_a_report_holds(name: str, model: type[BaseModel]) -> None:
    """Every field that a report has is described, required, and the only one allowed."""
    schema = json.loads(files.json_schemas()[f"{name}.schema.json"])
    described = schema["$defs"][model.__name__]
    assert set(described["properties"]) == set(described["required"]) == set(model.model_fields)
    assert all(
        not model.get("additionalProperties", False) for model in schema["$defs"].values() if "properties" in model
    )
