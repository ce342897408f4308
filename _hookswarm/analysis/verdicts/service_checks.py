"""What is asked of a delivery service without being asked for, and in which stages.

It must take what is published, and not lose, repeat or alter what it took, whatever its endpoints do: so this holds in
stages that plan faults, too; but for the taking also in those that seek overload.
"""

from collections.abc import Sequence

from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.verdicts.verdict import LOST
from _hookswarm.records.manifest import ServiceRecord

UNVERIFIED = "unverified==0"
BODILESS = "bodiless==0"
TWICE = "duplicated_spurious==0"
UNACCEPTED = "unaccepted_rate<=1%"
UNEXPECTED = "unexpected==0"
WRONGS = {
    LOST: "{service} accepted them and never delivered them: look for what it drops between its answer and its queue, "
    "and in its log",
    "corrupt==0": "{service} delivered another value than was published, or none: look for what it does to payloads",
    TWICE: "{service} delivered again what was acknowledged, or was being taken: look for two workers that take "
    "the same event, and for claims that expire too soon",
    "misdelivered==0": "{service} delivered events to endpoints that do not get them: look at how it finds an event's "
    "endpoints, for these may be other tenants'",
    UNEXPECTED: "{service} delivered what was not published for that endpoint, or what it had refused to take",
    UNACCEPTED: "{service} did not take what was published, and what its endpoints answer is no reason: look at the "
    "failures, and at what it logged",
    UNVERIFIED: "{service} signed them with another secret, time or body than its table says: look at `delivers` and "
    "`secret` there, and for attempts that repeat an old time",
    BODILESS: "{service} sent requests without the event, though nothing was redirected: look for a method or a body "
    "that it changes",
}
"""By check: what the service did, and what to do next."""


def checks_of(service: ServiceRecord, stages: Sequence[Stage]) -> dict[str, str]:
    """Those that a service is held against, in these stages."""
    checks = {text: advice.format(service=service.name) for text, advice in WRONGS.items()}
    checks[UNEXPECTED] += _unexpected_parts(stages)
    if not service.signed:
        del checks[UNVERIFIED]
    return checks


def _unexpected_parts(stages: Sequence[Stage]) -> str:
    """What unexpected arrivals of all stages were, and what to do about each kind."""
    through = [stage.through for stage in stages if stage.through]
    parts = {
        "{} name no event of this run: look for what else publishes to these endpoints": sum(
            one.foreign for one in through
        ),
        "{} are of events that it had not accepted: look at its answers to them (`failures`)": sum(
            one.refused for one in through
        ),
        "{} came to endpoints that do not get them: look at `misdelivered`": sum(one.misdelivered for one in through),
    }
    return "".join(f"; {told.format(f'{count:,}')}" for told, count in parts.items() if count)


def holds_in(check: str, stage: Stage) -> bool:
    """Whether a stage is judged by a check."""
    if check == UNACCEPTED:  # it may refuse an event that it has already
        return not (stage.parameters.get("restart") or stage.parameters.get("duplicate"))
    if check == TWICE:  # what was killed cannot know what had been acknowledged
        return not stage.parameters.get("restart")
    return check != BODILESS or not stage.plans_redirects
