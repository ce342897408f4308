"""The words that a test's table of stages is written in, but for those that need Locust."""

from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Constant, Poisson, Ramp, Sine
from _hookswarm.senders.plan.conformance import conformance
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.health import HealthLaw
from _hookswarm.senders.plan.made_payloads import Event
from _hookswarm.senders.plan.profiles import profile
from _hookswarm.senders.plan.retry import Budget, Jitter, RetryAfter, RetryLaw, scaled_law
from _hookswarm.senders.plan.stages import Incident, Limits, Stage, WebhookClass
from _hookswarm.senders.plan.variations import scaling, sweep


def law(name: str, scale: float = 1.0) -> RetryLaw:
    """The retry law of a profile, all its times multiplied by `scale`."""
    return scaled_law(profile(name).law, scale)


__all__ = [
    "Backlog", "Budget", "Bursts", "Closed", "Constant", "Delay", "Duplicate", "Event", "Faults", "HealthLaw",
    "Incident", "Jitter", "Limits", "Poisson", "Ramp", "RetryAfter", "RetryLaw", "Sine", "Stage", "WebhookClass",
    "conformance", "law", "scaling", "sweep",
]  # fmt: skip
