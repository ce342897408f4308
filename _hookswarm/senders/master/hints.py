"""What to do about the failures of a stage: what the probe would say, had it met them."""

from collections.abc import Iterable

import httpx

from _hookswarm.records.failures import FailureKind
from _hookswarm.records.rows import Outcome
from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.senders.master.probe_advice import Probed, advice
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.advice import advice_on
from _hookswarm.senders.service.table import Service


def add_hints(reports: Iterable[WorkerReport], stage: Stage, settings: Settings) -> None:
    """Write them into the reports; none where the plan itself lets things fail, or the text says what to do."""
    if stage.may_fail(published=settings.service is not None):
        return
    for kind in (kind for report in reports for kind in report.failures):
        outcome = Outcome(kind.outcome)
        if outcome is not Outcome.LOCAL_SHORTAGE and settings.service:
            kind.hint = _of_service(kind, settings.service)
        elif outcome is not Outcome.LOCAL_SHORTAGE:
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


def _of_service(kind: FailureKind, service: Service) -> str:
    """A publish is answered by the service's API: what it says of our receivers nobody asked."""
    if kind.status == httpx.codes.TOO_MANY_REQUESTS:
        return "it limits publishing: raise that limit for the test, or set --rate below it"
    return advice_on(service, kind.status, kind.sample)
