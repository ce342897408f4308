"""What a run says of itself before it begins."""

from collections.abc import Iterator

from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.settings import Settings


def told_first(settings: Settings, plan: Plan) -> Iterator[str]:
    """Lines for people: as whom it sends, what, and what of the plan is not played."""
    if told := settings.told_signing():
        yield told
    if settings.proxy:
        yield settings.proxy
    if settings.endpoints:
        yield f"webhooks: {settings.endpoints.told()}"
    if settings.captured:
        yield f"payloads: {settings.captured.told()}"
    yield from plan.told
    yield from plan.skipped()
