"""A run in Markdown: its verdict, its checks, its stages; what GitHub shows of a job ($GITHUB_STEP_SUMMARY)."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from _hookswarm.analysis.reporting import conformance, failures, through, watched
from _hookswarm.analysis.reporting.default_checks import default_checks_line
from _hookswarm.analysis.reporting.service import service_tables
from _hookswarm.analysis.schema import rotations
from _hookswarm.analysis.schema.report import Section, Stage
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts import duplicates
from _hookswarm.analysis.verdicts.checks import CheckResult
from _hookswarm.analysis.verdicts.checks import CheckStatus as Checked
from _hookswarm.common.wording import and_more, figure
from _hookswarm.records.writing import naming

MOST = 40
"""Stages in a table; a summary is no report."""
_SIGN = {Status.PASS: "✅", Status.FAIL: "❌", Status.VOID: "🚫", Status.UNTESTED: "❔"}
_CHECKED = {Checked.PASS: "✅", Checked.FAIL: "❌", Checked.ERROR: "🚫"}


def markdown_summary(sections: Sequence[Section], results: Sequence[CheckResult], refused: str = "") -> str:
    """The checks first, if there are any, and then each run; at last, why there were no more (`refused`)."""
    told = ["### Checks", "", *_table(("check", "", "found"), map(_checked, results)), ""] if results else []
    ended = [f"### {_SIGN[Status.UNTESTED]} hookswarm: untested", "", f"- {_prose(refused)}", ""] if refused else []
    return "\n".join([*told, *map(_section, sections), *ended])


def _section(section: Section) -> str:
    verdict, run = section.verdict, section.run
    lines = [f"### {_SIGN[verdict.status]} hookswarm `{run.test}`: {verdict.status.value}", "", f"Run `{run.id}`", ""]
    lines += [f"- {_prose(finding.text)}" for finding in section.findings]
    lines += [f"- **failed**: {_code(line)}" for line in failures.lines(section)]
    if line := default_checks_line(section):
        lines.append(f"- {_cell(line)}")
    lines += [f"- **{reason.code}**: {_prose(reason.message)}" for reason in verdict.heads()]
    header: Sequence[str] = ("stage", "events", "errors", "a second", "p50 ms", "p99 ms", "lost", "twice")
    rows = [_stage(one) for one in section.stages[:MOST]]
    if through.is_through(section):
        header, rows = through.HEADER, [[*map(_cell, through.through_row(one))] for one in section.stages[:MOST]]
    lines += ["", *_table(header, rows)]
    if more := and_more(len(section.stages) - MOST, "stages"):
        lines += ["", f"…{more}"]
    for own in service_tables(section):
        lines += ["", *_table(own.header, [list(map(_cell, row)) for row in own.rows])]
        lines += ["", *(f"- {_prose(line)}" for line in own.told)] if own.told else []
    if rules := conformance.rules_of(section):
        lines += ["", *_table(conformance.HEADER, [list(map(_prose, conformance.row(one))) for one in rules])]
    if section.duplicates:
        lines += ["", *_table(duplicates.HEADER, map(duplicates.row, section.duplicates))]
    if section.rotations:
        lines += ["", *_table(rotations.HEADER, [list(map(_cell, one.row())) for one in section.rotations])]
    if section.watched:
        rows = [list(map(_cell, row)) for row in watched.first_rows(section.watched)]
        lines += ["", *_table(watched.HEADER, rows)]
    return "\n".join([*lines, ""])


def append_markdown(path: Path, text: str) -> None:
    """Raises OSError."""
    with naming(path), path.open("a") as file:
        file.write(text + "\n")


def _checked(result: CheckResult) -> Sequence[str]:
    return f"`{_cell(result.check.text)}`", _CHECKED[result.status], _cell(result.message)


def _stage(stage: Stage) -> Sequence[str]:
    latency = stage.latency_ms.delivery
    return (
        _cell(stage.name),
        f"{stage.deliveries.due:,}",
        "-" if stage.error_rate is None else f"{stage.error_rate:.2%}",
        figure(stage.throughput_per_s),
        figure(latency.p50),
        stage.latency_ms.sign + figure(latency.p99),
        *("-" if count is None else str(count) for count in (stage.ledger.lost, stage.ledger.duplicated)),
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows)]


def _prose(text: str) -> str:
    """Text that others wrote in part, an answer say: no tag, link, image or mention in it counts."""
    return re.sub(r"<(?=[A-Za-z/!?])|\[|@(?=\w)", lambda mark: f"\\{mark[0]}", _cell(text))


def _code(text: str) -> str:
    """The same, where no mark at all counts."""
    return f"`` {text.replace('``', '__').replace(chr(10), ' ')} ``"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")
