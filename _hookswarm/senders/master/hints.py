"""What to do about the failures of a stage: what the probe would say, had it met them."""

from collections.abc import Iterable

from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import WorkerReport
from _hookswarm.senders.master.probe_advice import Probed, advice
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage


def add_hints(reports: Iterable[WorkerReport], stage: Stage, settings: Settings) -> None:
    """Write them into the reports; none where the plan itself lets things fail, or the text says what to do."""
    if stage.plans_faults:
        return
    for kind in (kind for report in reports for kind in report.failures):
        outcome = Outcome(kind.outcome)
        if outcome is not Outcome.LOCAL_SHORTAGE:
            kind.hint = advice(
                Probed(
                    url=settings.regions[0].url,
                    name="",
                    status=kind.status,
                    ms=0,
                    body=kind.sample.encode(),
                    sent_bytes=0,
                    location="",
                    retry_after="",
                    outcome=None if kind.status else outcome,
                    lacks=kind.text,
                    own_secret=bool(settings.endpoints and settings.endpoints.has_keys),
                    under_load=True,
                ),
                settings,
            )
