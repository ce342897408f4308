"""How long a drain lets nothing move before it gives up what is missing: by the table, its law, and our faults."""

from collections.abc import Iterator
from dataclasses import dataclass

from _hookswarm.protocol.faults import Faults
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import Service


@dataclass(frozen=True)
class Waits:
    """How long a drain waits, beside what the service's table says."""

    law_s: float
    """What a law of longer waits may ask of it …"""
    in_time_s: float
    """… and up to so long a wait of its law, with the attempt after it, is waited for to its end: what such a wait
    brings would else be told as missing, though it came seconds later."""
    longest_s: float
    """As long as something moves: a service that is given too much is behind for hours."""
    resumes_s: float
    """How long a service may move nothing once it, or a store of it, was restarted: some need over a minute."""
    for_held: bool
    """Whether what our receivers hold when the trouble ends is waited for until they let it go."""
    told_s: float = 2.0
    """How often it says what it waits for."""


SHORT = Waits(law_s=20.0, in_time_s=45.0, longest_s=60.0, resumes_s=0.0, for_held=False)
"""In the short form of a test."""
FULL = Waits(law_s=600.0, in_time_s=660.0, longest_s=3600.0, resumes_s=120.0, for_held=True)


def waits_of(quick: bool) -> Waits:
    """As the form of the test has them."""
    return SHORT if quick else FULL


def patience_s(service: Service, stage: Stage, waits: Waits) -> float:
    """How long nothing may move before what is missing is given up."""
    held_s = _held_most_s(stage)
    if stage.trouble_ends and (not waits.for_held or service.promises.timeout_s):
        held_s = 0.0  # the service gives up by itself what is open, and no more is held
    word_s = _word_s(service, stage, waits) + held_s
    if not stage.plans_faults:
        return word_s
    in_time_s = max((wait_s for wait_s in _waits_s(service) if wait_s <= waits.in_time_s), default=0.0)
    most_s = max(service.drain_s, _resumes_s(service, stage), waits.law_s, in_time_s)
    return min(word_s, most_s + held_s)


def allowed_s(service: Service, stage: Stage, waits: Waits) -> float:
    """The same by the service's word, and what our receivers have it wait for: until then nothing is lost."""
    return _word_s(service, stage, waits) + _held_most_s(stage)


def _word_s(service: Service, stage: Stage, waits: Waits) -> float:
    """Where something is planned to fail, as long as an attempt and the law's longest wait."""
    if not stage.plans_faults:
        return service.drain_s
    longest_s = max(_waits_s(service), default=_attempt_s(service))
    if stage.restart:
        longest_s = max(longest_s, max(_resumes_s(service, stage), waits.resumes_s) + _attempt_s(service))
    return max(service.drain_s, longest_s)


def _waits_s(service: Service) -> Iterator[float]:
    """Each wait of its law, with the attempt that follows."""
    if service.retry:
        for wait in range(1, min(service.retry.retries or 1_000, 1_000) + 1):
            yield service.retry.longest_s(wait) + _attempt_s(service)


def _attempt_s(service: Service) -> float:
    return (service.promises.timeout_s or 0.0) + 1


def _resumes_s(service: Service, stage: Stage) -> float:
    """How long nothing may move after this stage's restart, by the table."""
    restart = service.restart.get(stage.restart) if stage.restart else None
    return restart.resumes_s if restart else 0.0


def _held_most_s(stage: Stage) -> float:
    return max(map(_held_s, stage.order().parts()), default=0.0)


def _held_s(faults: Faults) -> float:
    """How long our receivers have a service wait before it may go on."""
    silent = faults.hang or (faults.fail_first and not faults.fail_status)
    return max(faults.hang_s if silent else 0.0, faults.retry_after_s or 0.0)
