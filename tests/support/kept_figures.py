"""Figures of a service's runs as benchmarks/services keeps them, made by hand."""

from typing import Any

from _hookswarm.analysis.schema.drains import Drain
from _hookswarm.analysis.schema.isolation import Hold, Isolation
from _hookswarm.analysis.schema.memory import MemoryTrend
from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.analysis.schema.scalability import Capacity
from _hookswarm.analysis.schema.service import Calibration, Rule, ServiceReport
from _hookswarm.analysis.schema.verdict import Measurement, Target, Verdict
from _hookswarm.records.exit_codes import Exit
from benchmarks.services.kept import KeptRun, KeptStage


def kept_stage(scenario: str, **fields: Any) -> KeptStage:
    """100 events, all of which arrived in time."""
    told = {
        "name": scenario, "scenario": scenario, "rate_per_s": 50.0, "window_s": 2.0, "due": 100, "acknowledged": 100,
        "in_doubt": 0, "accepted": 100, "lost": 0, "missing": 0, "doubled": 0, "rewritten": 0, "corrupt": 0,
        "unexpected": 0, "balanced": True, "p50_ms": 10.0, "p99_ms": 20.0, "disturbed": [], "cpu": None,
    }  # fmt: skip
    return KeptStage.model_validate(told | fields)


def kept_run(run: str, seed: int = 1, stages: tuple[KeptStage, ...] = (), **fields: Any) -> KeptRun:
    """A run that passed."""
    told = {
        "run": run, "seed": seed, "id": f"20261130-100000-{run}-{seed}", "started_at": "2026-11-30T10:00:00Z",
        "hookswarm": "0.1.0", "machine": "2 cores", "options": ["--service", "outpost"], "exit_code": Exit.PASS,
        "took_s": 60.0, "verdict": Verdict.of(Measurement.VALID, Target.PASS, []), "stages": list(stages),
        "capacity": [], "service": report(), "memory": [],
    }  # fmt: skip
    return KeptRun.model_validate(told | fields)


def report(**fields: Any) -> ServiceReport:
    """Of a service that was asked for nothing."""
    told = {"name": "outpost", "tried": "1.2.0", "endpoints": 100, "fan_out": "endpoint"}
    return ServiceReport.model_validate(told | fields)


def capacity(rate_per_s: float | None) -> list[Capacity]:
    """Of a search that found it."""
    found = Capacity(
        scenario="capacity", limits={}, rate_per_s=rate_per_s, low_per_s=rate_per_s, high_per_s=None,
        lower_bound=False, limited_by="queue", tries=[],
    )  # fmt: skip
    return [found]


def calibration(accepts: float, delivers: float) -> Calibration:
    """Of a service that does so."""
    return Calibration(accepts_per_s=accepts, delivers_per_s=delivers, at_most_per_s=min(accepts, delivers) / 2)


def rule(name: str, observed: str, verdict: str = "kept", promised: str | None = "as told") -> Rule:
    """A row of the conformance table."""
    told = {"rule": name, "promised": promised, "observed": observed, "verdict": verdict, "evidence": "3 events"}
    return Rule.model_validate(told)


def drain(stage: str, accepts: float, drains: float) -> Drain:
    """A stage in which events piled up."""
    return Drain(
        stage=stage, accept_per_s=accepts, drain_per_s=drains, most_waiting=500, waited_s=5, burst_s=3600,
        drains_in_s=7200, expire=[],
    )  # fmt: skip


def memory(role: str, level_mb: float, slope: float = 0.0) -> MemoryTrend:
    """A process that stayed at that level, and grew so by each event."""
    return MemoryTrend(
        stage="sustained memory", process=f"{role}-{level_mb}", role=role, measure="uss", samples=60,
        level_bytes=round(level_mb * 1e6), peak_bytes=round(level_mb * 1e6), bytes_per_s=None, bytes_per_event=slope,
        verdict="flat", limit_bytes=None, s_to_limit=None,
    )  # fmt: skip


def isolation(**holds: float) -> Isolation:
    """A stage in which these kinds of endpoints held healthy ones up, in seconds."""
    return Isolation(
        stage="isolation", baseline="isolation baseline", number=0.5, felt_p50_ms=10, felt_p99_ms=100,
        fifo_p50_ms=20, fifo_p99_ms=200, concurrency=4, gave_up_s=5, events=300, undelivered=0,
        holds=[Hold(name=name, seconds=seconds) for name, seconds in holds.items()], told="",
    )  # fmt: skip


def restarted(name: str, **fields: Any) -> Restarted:
    """A restart that lost nothing."""
    told = {
        "stage": f"restart {name}", "name": name, "how": "KILL to process 7", "at_s": 12.0, "gone_s": 0.1,
        "ready_s": 2.0, "waiting": 1000, "accepted_before": 3000, "lost_before": 0, "accepted_after": 500,
        "lost_after": 0, "late": 0, "twice": 3, "refused": 10, "in_doubt": 1, "in_doubt_arrived": 1,
        "nothing_moved_s": 2.5, "resumed_s": 2.5, "backlog_gone_s": 9.0, "fault": "",
    }  # fmt: skip
    return Restarted.model_validate(told | fields)
