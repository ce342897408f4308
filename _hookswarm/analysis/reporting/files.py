"""Report files: sections of a run replaced, the others left, written atomically."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, MODELS, PERFORMANCE, Report
from _hookswarm.common.plain import place_told
from _hookswarm.records.manifest import RunError
from _hookswarm.records.writing import write_atomically

if TYPE_CHECKING:
    from _hookswarm.analysis.schema.sections import Sections  # which imports pandas: reports are read without


def read_reports(folder: Path) -> dict[str, Report]:
    """The reports in `folder` by file, empty where there is none; raises RunError if a file is none of ours."""
    return {name: _read(folder / name, model) for name, model in MODELS.items()}


def _read(path: Path, model: type[Report]) -> Report:
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return model()
    except ValidationError as error:
        fault = error.errors()[0]
        if fault["loc"] == ("schema_version",):
            told = f"is of schema version {fault['input']!r}, which this version does not read"
        else:
            told = f"is not a report of ours, or is damaged (at {place_told(fault['loc']) or 'its beginning'})"
        raise RunError(f"{path} {told}: move it away, or name another --output") from None


def reports_of(sections: "Sections") -> dict[str, Report]:
    """The reports of one run alone, by file; empty where it has nothing to say."""
    owned = {PERFORMANCE: sections.performance, MEMORY: sections.memory, CPU: sections.cpu, IO: sections.io}
    test = sections.performance.run.test
    return {
        name: model.model_validate({"sections": {test: owned[name]} if owned[name] else {}})
        for name, model in MODELS.items()
    }


def write_reports(folder: Path, sections: "Sections") -> list[Path]:
    """Replace a run's sections of the reports in `folder`; returns what was written. Raises RunError, OSError."""
    reports = read_reports(folder)  # all of them, before the first is written
    written = []
    for name, own in (
        (PERFORMANCE, sections.performance),
        (MEMORY, sections.memory),
        (CPU, sections.cpu),
        (IO, sections.io),
    ):
        if own:
            report = reports[name].model_copy(update={"sections": reports[name].sections | {own.run.test: own}})
            write_atomically(folder / name, report.model_dump_json(indent=2) + "\n")
            written.append(folder / name)
    return written


def json_schemas() -> dict[str, str]:
    """The JSON Schema of each report file, as text."""
    texts = {
        name: json.dumps(model.model_json_schema(mode="serialization"), indent=2) for name, model in MODELS.items()
    }
    return {name.replace(".json", ".schema.json"): text + "\n" for name, text in texts.items()}
