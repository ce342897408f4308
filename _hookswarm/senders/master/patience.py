"""How long a drain lets nothing move before it gives up what is missing: by the table, its law, and our faults."""

from collections.abc import Iterator

from _hookswarm.protocol.faults import Faults
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import Service

LONGEST_DRAIN_S = {True: 20.0, False: 600.0}
"""What a law of longer waits may ask a drain to wait: in the short form of a test, and in the full one …"""
LONGEST_WAIT_S = {True: 45.0, False: 660.0}
"""… and up to so long a wait of its law, with the attempt before it, is waited for to its end: what such a wait brings
would else be told as missing, though it came seconds later."""
RESUMES_S = {True: 0.0, False: 120.0}
"""How long a service may move nothing once it, or a store of it, was restarted: some need over a minute to go on."""


def patience_s(service: Service, stage: Stage, quick: bool) -> float:
    """How long nothing may move before what is missing is given up."""
    held_s = _held_most_s(stage)
    if stage.trouble_ends and (quick or service.promises.timeout_s):
        held_s = 0.0  # the service gives up by itself what is open, and no more is held
    word_s = _word_s(service, stage, quick) + held_s
    if not stage.plans_faults:
        return word_s
    in_time_s = max((wait_s for wait_s in _waits_s(service) if wait_s <= LONGEST_WAIT_S[quick]), default=0.0)
    most_s = max(service.drain_s, _resumes_s(service, stage), LONGEST_DRAIN_S[quick], in_time_s)
    return min(word_s, most_s + held_s)


def allowed_s(service: Service, stage: Stage, quick: bool) -> float:
    """The same by the service's word, and what our receivers have it wait for: until then nothing is lost."""
    return _word_s(service, stage, quick) + _held_most_s(stage)


def _word_s(service: Service, stage: Stage, quick: bool) -> float:
    """Where something is planned to fail, as long as an attempt and the law's longest wait."""
    if not stage.plans_faults:
        return service.drain_s
    longest_s = max(_waits_s(service), default=_attempt_s(service))
    if stage.restart:
        longest_s = max(longest_s, max(_resumes_s(service, stage), RESUMES_S[quick]) + _attempt_s(service))
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
