"""How throughput, latency and CPU go with size: one parameter made larger, all else alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.scaling import usl
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.scalability import Scaling, ScalingFactor, Throughput, Usl
from _hookswarm.analysis.schema.sections import Sections

STRENGTH = ("users", "processes", "receiver_workers")
"""Parameters that make the sending or the receiving side stronger: throughput is to grow with them, by the law."""
LOAD = ("rate",)
"""What makes the offered load larger: throughput is to grow with it, up to a limit that is no law of scaling."""
OTHERS = ("payload", "webhooks")
"""What makes the same work harder: throughput is to stay where it is."""
HELD_BACK = 0.8
"""Share of `--max-rate` from which on it is what limits: slots that no worker used are lost."""


class ScalingRecorder(Recorder):
    """Asks nothing of a stage's rows: its figures tell."""

    def fill(self, sections: Sections) -> None:
        section = sections.performance
        section.scaling, section.usl = scaling_of(section.stages), fitted_laws(section.stages)


def scaling_of(stages: Sequence[Stage]) -> list[Scaling]:
    """The scenarios in which a parameter was scaled, in the order of the plan."""
    return [_scaling(scenario, own) for scenario, own in _scenarios(stages).items()]


def fitted_laws(stages: Sequence[Stage]) -> dict[str, Usl]:
    """The law fitted to each scenario that made one side stronger, over its factors."""
    fitted = {}
    for scenario, own in _scenarios(stages).items():
        if _parameter(own) in STRENGTH:
            points = [
                (_factor(stage), stage.throughput_per_s)
                for stage in own
                if _tells(stage) and stage.throughput_per_s is not None
            ]
            fitted[scenario] = usl.fit_usl([n for n, _ in points], [x for _, x in points])
    return fitted


def is_generator_bound(stage: Stage) -> bool:
    """Whether the generator limited it: then it says nothing of how the target scales."""
    return stage.limit is not None and stage.limit.side == "generator"


def is_held_back(stage: Stage) -> bool:
    """Whether `--max-rate` kept a closed loop from sending as fast as it was answered."""
    most, rate = stage.parameters.get("max_rate"), stage.throughput_per_s
    closed = stage.parameters.get("arrivals", {}).get("kind") == "closed"
    good = 1 - (stage.error_rate or 0.0)
    return bool(most and rate and closed and rate >= HELD_BACK * most * good)


def _tells(stage: Stage) -> bool:
    """Whether it says how the target scales: nothing limited or hit it that is not the target's."""
    return not is_generator_bound(stage) and not stage.outages and not is_held_back(stage)


def scaled_stages(stages: Sequence[Stage]) -> list[Stage]:
    """The stages of all scaling scenarios."""
    return [stage for own in _scenarios(stages).values() for stage in own]


def _scenarios(stages: Sequence[Stage]) -> dict[str, list[Stage]]:
    found: dict[str, list[Stage]] = {}
    for stage in stages:
        if not stage.disturbed:
            found.setdefault(stage.scenario, []).append(stage)
    return {scenario: own for scenario, own in found.items() if any(_factor(stage) > 1 for stage in own)}


def _factor(stage: Stage) -> int:
    return int(stage.parameters.get("factor", 1))


def _scaling(scenario: str, stages: Sequence[Stage]) -> Scaling:
    parameter = _parameter(stages)
    by_factor: dict[int, list[Stage]] = {}
    for stage in sorted(stages, key=_factor):
        by_factor.setdefault(_factor(stage), []).append(stage)
    good = {factor: [stage for stage in own if _tells(stage)] for factor, own in by_factor.items()}
    smallest = _throughput(good.get(1, []))
    lost = [f"x{factor}" for factor, own in by_factor.items() if all(map(is_generator_bound, own))]
    held = [f"x{factor}" for factor, own in by_factor.items() if any(map(is_held_back, own)) and not good[factor]]
    hit = [f"x{factor}" for factor, own in good.items() if not own and f"x{factor}" not in (*lost, *held)]
    needed = [stage.limit.processes_needed or 0 for stage in stages if stage.limit]
    return Scaling(
        scenario=scenario,
        parameter=parameter,
        factors=[
            _point(
                factor, parameter, good[factor], [stage for stage in own if is_generator_bound(stage)], own[0], smallest
            )
            for factor, own in by_factor.items()
        ],
        note="; ".join(_notes(lost, held, hit, max(needed, default=0))) or None,
    )


def _notes(lost: Sequence[str], held: Sequence[str], hit: Sequence[str], needed: int) -> Iterator[str]:
    if lost:
        cure = f"; {processes_phrase(needed)} would have done" if needed else ""
        yield f"the generator limited every repeat of {', '.join(lost)}: nothing is known of the target there{cure}"
    if held:
        yield f"--max-rate was the limit of {', '.join(held)}: raise it to see what the target does there"
    if hit:
        yield f"a receiver was out in what else there is of {', '.join(hit)}"


def processes_phrase(count: int) -> str:
    """So many sending processes, for people."""
    return f"{count} sending process{'' if count == 1 else 'es'} with a core of {'its' if count == 1 else 'their'} own"


def _parameter(stages: Sequence[Stage]) -> str | None:
    """What is scaled: the one known parameter that differs between the stages."""
    varied = [
        name
        for name in (*STRENGTH, *LOAD, *OTHERS)
        if len({str(_value(stage.parameters, name)) for stage in stages}) > 1
    ]
    return varied[0] if len(varied) == 1 else None


def _value(parameters: Mapping[str, Any], name: str) -> Any:
    return parameters.get("arrivals", {}).get(name) if name in LOAD else parameters.get(name)


def _point(
    factor: int,
    parameter: str | None,
    good: Sequence[Stage],
    void: Sequence[Stage],
    example: Stage,
    smallest: Throughput | None,
) -> ScalingFactor:
    reached = _throughput(good)
    speedup = reached.median / smallest.median if reached and smallest and smallest.median else None
    grows = parameter in (*STRENGTH, *LOAD)
    return ScalingFactor(
        factor=factor,
        value=_value(example.parameters, parameter) if parameter else None,
        repeats=len(good),
        void=[stage.name for stage in void],
        throughput_per_s=reached,
        speedup=None if speedup is None else round(speedup, 4),
        efficiency=None if speedup is None or not grows else round(speedup / factor, 4),
        p50_ms=_median(good, lambda stage: stage.latency_ms.delivery.p50),
        p99_ms=_median(good, lambda stage: stage.latency_ms.delivery.p99),
        sender_us_per_delivery=_median(good, lambda stage: _cost(stage, "sender")),
        receiver_us_per_delivery=_median(good, lambda stage: _cost(stage, "receiver")),
    )


def _cost(stage: Stage, role: str) -> float | None:
    return getattr(stage.limit, f"{role}_us_per_delivery", None)


def _throughput(stages: Sequence[Stage]) -> Throughput | None:
    known = [stage.throughput_per_s for stage in stages if stage.throughput_per_s is not None]
    return Throughput(median=round(median(known), 3), low=min(known), high=max(known)) if known else None


def _median(stages: Sequence[Stage], of: Callable[[Stage], float | None]) -> float | None:
    known = [value for stage in stages if (value := of(stage)) is not None]
    return round(median(known), 4) if known else None


def scaling_lines(scalings: Sequence[Scaling], laws: Mapping[str, Usl]) -> Iterator[str]:
    """`scaling users: x16 gives 7.9 times (efficiency 49 %), USL alpha 0.05, beta 0.001, ...`, one for each."""
    for scaling in scalings:
        grown = [row for row in scaling.factors if row.factor > 1 and row.speedup is not None]
        parts = []
        if grown:
            last = grown[-1]
            share = "" if last.efficiency is None else f" (efficiency {last.efficiency:.0%})"
            parts.append(f"x{last.factor} gives {last.speedup:.3g} times{share}")
        if law := laws.get(scaling.scenario):
            parts.append(_law(law))
        if scaling.note:
            parts.append(scaling.note)
        yield f"{scaling.scenario}: {'; '.join(parts) or 'nothing to compare'}"


def _law(law: Usl) -> str:
    if not (law.alpha and law.beta):
        return f"no USL: {law.skipped}"
    doubt = "" if law.residuals_ok else "; the law does not describe the data"
    return f"USL alpha {law.alpha.value:.2g}, beta {law.beta.value:.2g}, {law.shape}{doubt}"
