"""Every number of a run's reports in one flat table, by what it is of and by name: what checks and comparisons read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from _hookswarm.analysis.schema.report import Stage

if TYPE_CHECKING:
    from _hookswarm.analysis.schema.sections import Sections  # which imports pandas: checks are judged without

ALIASES: dict[str, tuple[str, ...]] = {
    **{
        f"{name}_ms": (f"latency_ms.delivery.{name}", f"latency_ms.{name}", f"{name}_ms")
        for name in ("mean", "p50", "p90", "p95", "p99", "p999", "max")
    },
    "queueing_p99_ms": ("latency_ms.queueing.p99",),
    "attempt_p99_ms": ("latency_ms.attempt.p99",),
    "due": ("deliveries.due", "due"),
    "acknowledged": ("deliveries.acknowledged", "acknowledged"),
    "lost": ("ledger.lost",),
    "duplicated": ("ledger.duplicated",),
    "duplicated_spurious": ("ledger.duplicated_spurious",),
    "reordered": ("ledger.reordered",),
    "corrupt": ("ledger.corrupt",),
    "unexpected": ("ledger.unexpected",),
    **{
        f"{name}_{quantile}_ms": (f"through.latency_ms.{name}.{quantile}",)
        for name in ("publish", "pickup")
        for quantile in ("p50", "p99")
    },
    **{
        name: (f"through.{name}",)
        for name in (
            "accepted",
            "unaccepted",
            "unaccepted_rate",
            "untaken",
            "missing",
            "overdue",
            "dropped",
            "misdelivered",
            "foreign",
            "refused",
            "rewritten",
            "unverified",
            "bodiless",
        )
    },
    # As tables and people say it.
    "offered": ("deliveries.due", "due"),
    "delivered": ("deliveries.acknowledged", "acknowledged"),
    "failed": ("deliveries.failed",),
    "errors": ("error_rate",),
    "tries": ("attempts.per_delivery", "attempts_per_delivery", "amplification"),
    "twice": ("ledger.duplicated",),
    "attempts_per_delivery": ("attempts.per_delivery", "attempts_per_delivery", "amplification"),
    "effects_extra": ("duplicates.extra",),
    "effects_missing": ("duplicates.missing",),
    "failover_s": ("failover.recovered_s",),
    "detected_s": ("failover.detected_s",),
    "gap_s": ("failover.longest_gap_s",),
    "capacity_per_s": ("capacity.rate_per_s",),
}
"""Short names, and the names that they stand for; the first that something has counts."""

EVERYWHERE = ("test", "stage", "scenario")
"""Scopes that narrow a kind of thing, and are no kind of their own."""
_OBVIOUS = ("test", "scenario")


@dataclass(frozen=True)
class Number:
    """`scope` says what it is of: a stage, a region of a stage, a strategy ..."""

    scope: Mapping[str, str]
    name: str
    value: float | None
    """None: the run does not know it."""
    at_least: bool = False
    """It may be more: some workers of the stage got no answer, and measured nothing meanwhile."""

    @property
    def kind(self) -> frozenset[str]:
        """What it is of, but for its stage."""
        return frozenset(self.scope) - set(EVERYWHERE)

    @property
    def where(self) -> str:
        """What it is of, as a check would say it."""
        return " ".join(f"{key}:{name}" for key, name in self.scope.items() if key not in _OBVIOUS)

    def __str__(self) -> str:
        return f"{self.where} {self.name}".strip()


def numbers_of(found: "Sections") -> list[Number]:
    """All of a run's."""
    test = {"test": found.performance.run.test}
    return [replace(number, scope=test | dict(number.scope)) for number in _all(found)]


def numbers_of_stages(stages: Iterable[Stage]) -> Iterator[Number]:
    """Theirs, and those of their classes."""
    for stage in stages:
        scope = {"stage": stage.name, "scenario": stage.scenario}
        bounded = "latency_ms." if stage.latency_ms.lower_bound else "-"
        for number in _flat(scope, stage, leave={"parameters", "classes", "against", "name", "scenario"}):
            yield replace(number, at_least=number.name.startswith(bounded))
        for part in stage.classes or []:
            yield from _flat(scope | {"class": part.name}, part, leave={"name"})


def _all(found: "Sections") -> Iterator[Number]:
    section = found.performance
    yield from numbers_of_stages(section.stages)
    scenarios = {stage.name: stage.scenario for stage in section.stages}
    for regions in section.regions or []:
        scope = {"stage": regions.stage, "scenario": regions.scenario}
        for target in regions.targets:
            yield from _flat(scope | {"region": target.target}, target)
        for origin in regions.origins:
            yield from _flat(scope | {"origin": origin.origin}, origin)
        for pair in regions.pairs:
            yield from _flat(scope | {"origin": pair.origin, "region": pair.target}, pair)
    for compared in section.strategies or []:
        for strategy in compared.strategies:
            yield from _flat({"scenario": compared.scenario, "strategy": strategy.strategy}, strategy)
    for failover in section.failovers or []:
        scope = {"stage": failover.stage}
        told: dict[str, Any] = failover.model_dump(exclude={"by_origin", "stage", "survivors"})
        detected = [one.detected_s for one in failover.by_origin]
        told["detected_s"] = max((one for one in detected if one is not None), default=None)
        told["longest_gap_s"] = max((one.longest_gap_s for one in failover.by_origin), default=None)
        for own in (scope, *(scope | {"region": region} for region in failover.regions)):
            yield from _flat(own, told, "failover.")
    for capacity in section.capacity or []:
        yield from _flat({"scenario": capacity.scenario}, capacity, "capacity.", leave={"tries", "limits"})
    for repeated in section.duplicates or []:
        scope = {"stage": repeated.stage, "scenario": scenarios[repeated.stage]}
        yield from _flat(scope, repeated, "duplicates.")
    if service := section.service:
        for isolated in service.isolation:
            yield from _flat({"stage": isolated.stage}, isolated, "isolation.")
        for drain in service.drains:
            yield from _flat({"stage": drain.stage}, drain, "drain.")
        for restarted in service.restarts:
            yield from _flat({"stage": restarted.stage}, restarted, "restart.")
    for trend in found.memory.trends if found.memory else []:
        yield from _flat({"stage": trend.stage, "role": trend.role}, trend, "memory.")
    for cpu in found.cpu.stages if found.cpu else []:
        for role, used in cpu.roles.items():
            yield from _flat({"stage": cpu.name, "scenario": cpu.scenario, "role": role}, used, "cpu.")
    for io in found.io.stages if found.io else []:
        yield from _flat({"stage": io.name, "scenario": io.scenario}, io, "io.", leave={"parameters", "suspects"})


def _flat(
    scope: Mapping[str, str], thing: BaseModel | Mapping[str, Any], prefix: str = "", leave: set[str] | None = None
) -> Iterator[Number]:
    """The numbers inside, named by their way: `latency_ms.delivery.p99`. What is null is a number that is not known."""
    plain = thing.model_dump(exclude=leave) if isinstance(thing, BaseModel) else thing
    for key, value in plain.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(scope, value, f"{name}.")
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            yield Number(scope, name, None if value is None else float(value))
