"""Report files: sections of a run replaced, the others left, written atomically."""

import json
from pathlib import Path

from pydantic import ValidationError

from analysis import stages, verdict
from analysis.frames import RunFrames
from analysis.models import PerformanceReport, Run, Section
from records.run import RunError, write_atomically

PERFORMANCE = "webhook_performance_results.json"
MODELS = {PERFORMANCE: PerformanceReport}


def section(frames: RunFrames) -> Section:
    """What a run has to say for `webhook_performance_results.json`."""
    manifest = frames.manifest
    computed = stages.compute(frames)
    return Section(
        run=Run(
            id=manifest.id,
            started_at=manifest.started_at,
            seed=manifest.seed,
            test=manifest.test,
            options=manifest.options,
            environment=manifest.environment,
        ),
        verdict=verdict.compute(frames, computed),
        stages=computed,
    )


def read(folder: Path) -> PerformanceReport:
    """The report in `folder`, or an empty one; raises RunError if a file is there that is none of ours."""
    path = folder / PERFORMANCE
    try:
        return PerformanceReport.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return PerformanceReport()
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "file"
        raise RunError(f"{path} is not a report of this version ({place}: {fault['msg']}); move it away") from None


def write(folder: Path, test: str, found: Section) -> Path:
    """Replace one test's section of the report in `folder`. Raises RunError, OSError."""
    report = read(folder)
    report.sections[test] = found
    write_atomically(folder / PERFORMANCE, report.model_dump_json(indent=2) + "\n")
    return folder / PERFORMANCE


def schemas() -> dict[str, str]:
    """The JSON Schema of each report file, as text."""
    texts = {
        name: json.dumps(model.model_json_schema(mode="serialization"), indent=2) for name, model in MODELS.items()
    }
    return {name.replace(".json", ".schema.json"): text + "\n" for name, text in texts.items()}
