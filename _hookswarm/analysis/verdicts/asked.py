"""The checks that somebody asked for, judged by one run: they are part of its verdict."""

from collections.abc import Sequence

from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.verdict import JudgedCheck, Measurement, Reason, Target, Verdict
from _hookswarm.analysis.verdicts import measures
from _hookswarm.analysis.verdicts.checks import Check, CheckResult, CheckStatus, is_about, judge_checks
from _hookswarm.analysis.verdicts.codes import Code


def judge_asked(found: Sections, wanted: Sequence[Check]) -> None:
    """Those that are about this run are told in its section; one that does not hold fails its target."""
    if not wanted:
        return
    numbers = measures.numbers_of(found)
    results = judge_checks([check for check in wanted if is_about(check, numbers)], numbers)
    section = found.performance
    section.checks = [judged(result) for result in results]
    broken = [result for result in results if result.status is not CheckStatus.PASS]
    if broken:
        reasons = [Reason(code=Code.CHECK_FAILED, message=f"{one.check.text}: {one.message}") for one in broken]
        measurement, others = section.verdict.measurement, section.verdict.reasons
        # Why a measurement cannot be trusted comes first: then no check says anything of the target.
        told = [*others, *reasons] if measurement is Measurement.VOID else [*reasons, *others]
        section.verdict = Verdict.of(measurement, Target.FAIL, told)


def judged(result: CheckResult) -> JudgedCheck:
    """As the reports have it."""
    return JudgedCheck(check=result.check.text, status=result.status.value, value=result.value, message=result.message)
