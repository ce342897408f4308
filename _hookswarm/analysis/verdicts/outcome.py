"""What a command found, for scripts (`--json`): one document, short enough to read."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel

from _hookswarm.analysis.schema.failures import Failure
from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import DefaultCheck, JudgedCheck, Verdict
from _hookswarm.analysis.verdicts.checks import CheckResult
from _hookswarm.records.exit_codes import Exit


class _StageOutcome(BaseModel):
    name: str
    due: int
    acknowledged: int
    error_rate: float | None
    throughput_per_s: float | None
    p50_ms: float | None
    p99_ms: float | None
    """Due to acknowledged."""
    lost: int | None
    duplicated: int | None


class _RunOutcome(BaseModel):
    test: str
    run: str
    verdict: Verdict
    findings: list[Finding]
    checks: list[JudgedCheck]
    default_checks: list[DefaultCheck] | None
    """None: they were not wanted."""
    failures: list[Failure] | None
    stages: list[_StageOutcome]


class _CheckOutcome(BaseModel):
    check: str
    status: str
    value: float | None
    message: str


class CommandOutcome(BaseModel):
    """The whole document. `exit_code` is the one that the command ends with (`records/exit_codes.py`)."""

    exit_code: int
    runs: list[_RunOutcome]
    checks: list[_CheckOutcome]
    reports: list[str]
    """Files that hold all of it."""
    refused: str
    """Why there were no more runs: a fault of usage, or the target accepted nothing. Else empty."""


def outcome_of(
    sections: Iterable[Section], results: Iterable[CheckResult], reports: Iterable[Path], end: Exit, refused: str = ""
) -> CommandOutcome:
    """Of a command that made these runs, checks and report files."""
    return CommandOutcome(
        exit_code=end,
        runs=[_run(section) for section in sections],
        checks=[
            _CheckOutcome(check=one.check.text, status=one.status, value=one.value, message=one.message)
            for one in results
        ],
        reports=[str(path) for path in reports],
        refused=refused,
    )


def _run(section: Section) -> _RunOutcome:
    return _RunOutcome(
        test=section.run.test,
        run=section.run.id,
        verdict=section.verdict,
        findings=section.findings,
        checks=section.checks,
        default_checks=section.default_checks,
        failures=section.failures,
        stages=[
            _StageOutcome(
                name=stage.name,
                due=stage.deliveries.due,
                acknowledged=stage.deliveries.acknowledged,
                error_rate=stage.error_rate,
                throughput_per_s=stage.throughput_per_s,
                p50_ms=stage.latency_ms.delivery.p50,
                p99_ms=stage.latency_ms.delivery.p99,
                lost=stage.ledger.lost,
                duplicated=stage.ledger.duplicated,
            )
            for stage in section.stages
        ],
    )
