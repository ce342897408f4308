"""Numbers in sentences."""

from collections.abc import Iterable, Sequence

from _hookswarm.analysis.schema.report import Stage
from _hookswarm.common.wording import figure


def share(value: float) -> str:
    """`40 %`, `0.5 %`; what is nearly all, or nearly nothing, is not rounded to it."""
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f} %"
    if percent < 10:
        return f"{percent:.2g} %"
    return f"{min(percent, 99.9):.1f} %" if percent > 99 else f"{percent:.0f} %"


def ms(value: float | None) -> str:
    """`3.2 ms`, `1.5 s`."""
    if value is None:
        return "an unknown time"
    return f"{figure(value)} ms" if value < 10_000 else f"{figure(value / 1e3)} s"


def listed(texts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), *texts[-1:]]))


def of_scenario(stages: Iterable[Stage], scenario: str) -> list[Stage]:
    """Those whose figures count, in the order of the plan; a stage that was played again counts once, the last time."""
    by_name = {stage.name: stage for stage in stages if stage.scenario == scenario and not stage.disturbed}
    return list(by_name.values())


def users(stage: Stage) -> int:
    """How many workers it has."""
    return int(stage.parameters.get("users") or 1)


def limited_by(stage: Stage) -> str:
    """A sentence on what kept it from being faster; empty where nothing is known, or nothing did."""
    side = stage.limit.side if stage.limit else "neither"
    if side == "generator":
        return " The sender was the limit, so the target may take more."
    return " The target was the limit." if side == "target" else ""
