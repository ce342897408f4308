"""JUnit XML of a run: a case for its verdict, each default check, each promise of a delivery service, and each check of
the user's.

CI servers show it as they show tests.
"""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from _hookswarm.analysis.reporting import conformance, failures
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts.checks import CheckResult
from _hookswarm.analysis.verdicts.checks import CheckStatus as Checked
from _hookswarm.records.writing import write_atomically

_PROBLEM = {Checked.FAIL: "failure", Checked.ERROR: "error"}
_DEFAULT = {"fail": "failure", "skipped": "skipped"}
_RULE = {"broken": "failure", "not observed": "skipped"}
_VERDICT = {Status.FAIL: "failure", Status.VOID: "error", Status.UNTESTED: "error"}


def junit_xml(sections: Sequence[Section], results: Sequence[CheckResult], refused: str = "") -> str:
    """A suite for each run, with its verdict, default checks and promises, and one for the checks that were asked for.

    `refused`: why there were no more runs; an error of its own.
    """
    suites = ElementTree.Element("testsuites", name="hookswarm")
    for section in sections:
        suite = ElementTree.SubElement(suites, "testsuite", name=section.run.test, id=section.run.id)
        suite.set("timestamp", section.run.started_at.isoformat(timespec="seconds"))
        case = _case(suite, section.run.test, "verdict")
        if section.run.ended_at:
            lasted = f"{(section.run.ended_at - section.run.started_at).total_seconds():.3f}"
            suite.set("time", lasted)
            case.set("time", lasted)
        if kind := _VERDICT.get(section.verdict.status):
            told = [f"{reason.code}: {reason.message}" for reason in section.verdict.reasons]
            text = "\n".join([*told, *(f"failed: {line}" for line in failures.lines(section))])
            _problem(case, kind, section.verdict.status, text)
        _say(case, [finding.text for finding in section.findings])
        for one in section.default_checks or []:
            case = _case(suite, section.run.test, f"default check {one.check}")
            _say(case, [one.message] if one.status == "pass" else [])
            if kind := _DEFAULT.get(one.status):
                _problem(case, kind, one.message, one.message)
        for rule in conformance.rules_of(section):
            if rule.promised is not None:
                case = _case(suite, section.run.test, f"promise {rule.rule}")
                if kind := _RULE.get(rule.verdict):
                    seen = f"{rule.observed}, promised {rule.promised}"
                    _problem(case, kind, seen, f"{seen}: {rule.evidence}")
    if refused:
        suite = ElementTree.SubElement(suites, "testsuite", name="probe")
        _problem(_case(suite, "probe", "the target accepts what is sent"), "error", refused, refused)
    if results:
        suite = ElementTree.SubElement(suites, "testsuite", name="checks")
        for result in results:
            case = _case(suite, "checks", result.check.text)
            _say(case, [result.message] if result.status is Checked.PASS else [])
            if kind := _PROBLEM.get(result.status):
                _problem(case, kind, result.message, result.message)
    for suite in suites:
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
        suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
        suite.set("errors", str(len(suite.findall("testcase/error"))))
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def write_junit(path: Path, sections: Sequence[Section], results: Sequence[CheckResult], refused: str = "") -> None:
    """Raises OSError."""
    write_atomically(path, junit_xml(sections, results, refused))


def _case(suite: ElementTree.Element, of: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=f"hookswarm.{of}", name=_plain(name))


def _say(case: ElementTree.Element, lines: Sequence[str]) -> None:
    """What was measured, in the case's output."""
    if lines:
        ElementTree.SubElement(case, "system-out").text = _plain("\n".join(lines))


def _problem(case: ElementTree.Element, kind: str, message: str, text: str) -> None:
    problem = ElementTree.SubElement(case, kind, message=_plain(message))
    problem.text = _plain(text)


def _plain(text: str) -> str:
    """What XML 1.0 can hold."""
    return "".join(char if char in "\t\n" or char >= " " else "?" for char in text)
