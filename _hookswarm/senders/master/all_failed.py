"""Whether a stage says that the target takes nothing, so that the rest of a run would say no more."""

from collections.abc import Sequence

from _hookswarm.records.timeline import WorkerReport
from _hookswarm.senders.plan.stages import Stage


def all_failed(stage: Stage, settled: int, failed: int, reports: Sequence[WorkerReport]) -> str:
    """What ends the run: every delivery of a stage that plans nothing wrong failed. Else empty.

    A try of a capacity search ends none: to fail is an answer to it.
    """
    if not settled or failed < settled or stage.limits or stage.plans_faults:
        return ""
    count = f"every one of {settled:,} deliveries" if settled > 1 else "the only delivery"
    kinds = [kind for report in reports for kind in report.failures]
    most = f", most often by {max(kinds, key=lambda kind: kind.count).told()}" if kinds else ""
    return f"{count} of stage {stage.name!r} failed{most}; so the run ends here, and --keep-going would play on"
