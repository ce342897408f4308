"""Whether a stage says that the target takes nothing, so that the rest of a run would say no more."""

from collections.abc import Sequence
from typing import NamedTuple

from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.senders.plan.stages import Stage


class AllFailed(NamedTuple):
    """Why a run ends."""

    reason: str
    """For the reports, which tell the failures beside it."""
    said: str
    """The same, and what the target answered most often, with what to look at."""


def all_failed(
    stage: Stage, settled: int, failed: int, reports: Sequence[WorkerReport], published: bool = False
) -> AllFailed | None:
    """What ends the run: every delivery of a stage that plans nothing wrong failed. Else None.

    `published`: it was handed to a delivery service. A try of a capacity search ends none: to fail is an answer to it.
    """
    if not settled or failed < settled or stage.limits or stage.may_fail(published):
        return None
    count = f"every one of {settled:,} deliveries" if settled > 1 else "the only delivery"
    what = f"{count} of stage {stage.name!r} failed"
    kinds = [kind for report in reports for kind in report.failures]
    commonest = max(kinds, key=lambda kind: kind.count, default=None)
    text, told = (commonest.text, commonest.told()) if commonest else ("no answer", "no answer")
    return AllFailed(
        f"{what}, most often by {text}: mend that, or play on with --keep-going",
        f"{what}, most often by {told}; --keep-going would play on",
    )
