"""The public door: `from hookswarm import Stage, StagesShape, Poisson, senders, …` in a locustfile.

All that stands here stays. What stands in `_hookswarm` may move.
"""

from typing import TYPE_CHECKING

from _hookswarm import __version__

if TYPE_CHECKING:
    from _hookswarm.senders.locustfile import (
        Backlog,
        Budget,
        Bursts,
        Closed,
        Constant,
        Delay,
        Duplicate,
        Event,
        Faults,
        HealthLaw,
        Incident,
        Jitter,
        Limits,
        Poisson,
        Ramp,
        RetryAfter,
        RetryLaw,
        Sine,
        Stage,
        StagesShape,
        WebhookClass,
        conformance,
        law,
        scaling,
        senders,
        sweep,
    )

__all__ = [
    "Backlog", "Budget", "Bursts", "Closed", "Constant", "Delay", "Duplicate", "Event", "Faults", "HealthLaw",
    "Incident", "Jitter", "Limits", "Poisson", "Ramp", "RetryAfter", "RetryLaw", "Sine", "Stage", "StagesShape",
    "WebhookClass", "__version__", "conformance", "law", "scaling", "senders", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Load Locust, which patches the standard library, only when a locustfile asks for something."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from _hookswarm.senders import locustfile

    return getattr(locustfile, name)
