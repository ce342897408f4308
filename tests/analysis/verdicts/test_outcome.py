"""What scripts are told of a command's runs."""

from pathlib import Path

from _hookswarm.analysis.verdicts import outcome
from _hookswarm.analysis.verdicts.outcome import CommandOutcome
from _hookswarm.records.exit_codes import Exit
from tests.analysis.reporting.test_junit import played


def test_one_document_for_scripts() -> None:
    """Verdicts, figures, checks and where all of it is, with the exit code; it reads as it was written."""
    section, results = played()
    told = outcome.outcome_of([section], results, [Path("a.json")], Exit.FAIL)
    assert CommandOutcome.model_validate_json(told.model_dump_json()) == told
    assert (told.exit_code, told.reports) == (1, ["a.json"])
    (run,) = told.runs
    assert (run.test, run.run, run.verdict.status) == ("performance", section.run.id, "pass")
    (stage,) = run.stages
    assert (stage.name, stage.due, stage.acknowledged, stage.lost, stage.duplicated) == ("a | b", 3, 3, 0, 0)
    assert stage.p99_ms == section.stages[0].latency_ms.delivery.p99
    assert [(one.check, one.status) for one in told.checks] == [
        ("due==3", "pass"), ("p99_ms<0", "fail"), ("capacity_per_s>1", "error")
    ]  # fmt: skip
