"""The checks that hold without being asked for, in a line: what the terminal, Markdown and the page show of them."""

import re
from collections.abc import Iterator

from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import DefaultCheck

OFF = "default checks: none, as `--no-default-checks` asked"


def default_checks_line(section: Section) -> str:
    """`default checks: 4 held in 12 stages (lost 0, error_rate 0.4%)`; nothing of a report of before."""
    judged = section.default_checks
    if judged is None:
        return OFF if section.run.options.get("no_default_checks") else ""
    return f"default checks: {', '.join(_parts(judged))}"


def _parts(judged: list[DefaultCheck]) -> Iterator[str]:
    by_status = {status: [one for one in judged if one.status == status] for status in ("fail", "pass", "skipped")}
    stages = max((one.stages for one in judged), default=0)
    where = f" in {stages} stage{'' if stages == 1 else 's'}"
    if failed := by_status["fail"]:
        yield f"{len(failed)} failed ({', '.join(map(_value, failed))})" + where * (not by_status["pass"])
    if held := by_status["pass"]:
        yield f"{len(held)} held{where} ({', '.join(map(_value, held))})"
    for why in dict.fromkeys(one.message for one in by_status["skipped"]):
        names = [one.check for one in by_status["skipped"] if one.message == why]
        yield f"{len(names)} skipped ({', '.join(names)}): {why}"


def _value(one: DefaultCheck) -> str:
    """`error_rate 0.4%`: in the unit of its limit; the limits are always the same."""
    if one.value is None:
        return one.check
    name = re.split("[<>=!]", one.check)[0]
    return f"{name} {one.value * 100:.3g}%" if one.check.endswith("%") else f"{name} {one.value:g}"
