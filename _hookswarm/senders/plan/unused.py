"""Options that were given, and change nothing of what was chosen: told before anything is sent."""

import argparse
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from _hookswarm.senders.plan.arrivals import Closed
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.settings import Settings

SUSTAINED_MEMORY = "sustained memory"
"""The scenario whose processes' memory is held against a limit."""


class _Use(NamedTuple):
    option: str
    given: bool
    used: bool
    why_not: str


def unused_options(options: argparse.Namespace, plans: Sequence[tuple[Settings, Plan]]) -> Iterator[str]:
    """A line for each option that none of these plans uses; they were made with these options."""
    for one in _uses(options, [settings for settings, _ in plans], [plan for _, plan in plans]):
        if one.given and not one.used:
            yield f"{one.option} changes nothing: {one.why_not}; leave it out, or choose others (--list shows all)"


def _uses(options: argparse.Namespace, settings: Sequence[Settings], plans: Sequence[Plan]) -> Iterator[_Use]:
    stages = list(chain.from_iterable(plan.stages for plan in plans))
    is_bound = any(one.bound for one in settings) and not options.max_rate
    is_open = any(not isinstance(stage.arrivals, Closed) for stage in stages)
    yield _Use("--rate", bool(options.rate), is_open or is_bound, "no chosen stage has open arrivals")
    stretched = any(stage.stretch for stage in stages)
    yield _Use("--duration", bool(options.duration), stretched, "no chosen stage is one that it stretches")
    several = any(len(one.regions) > 1 for one in settings)
    yield _Use("--strategy", bool(options.strategy), several, "every chosen stage has one region")
    retrying = any(stage.retry.retries for stage in stages)
    yield _Use("--retry-profile", bool(options.retry_profile), retrying, "no chosen stage retries")
    far = any(one.links for one in settings)
    yield _Use("--links real", options.links == "real", far, "no table says how far apart its regions are")
    twice = any(stage.duplicate for stage in stages)
    yield _Use("--observe", bool(options.observe), twice, "no chosen stage delivers events twice")
    urls = chain.from_iterable(one.urls() for one in settings)
    https = any(url.startswith("https:") for url in (options.observe, *urls))
    yield _Use("--ca-file", bool(options.ca_file), https, "no address is https")
    timed = any(stage.timeout_s is None for stage in stages)
    for flag, seconds in (("--connect", options.connect_timeout), ("--response", options.response_timeout)):
        yield _Use(f"{flag}-timeout", bool(seconds), timed, "every chosen stage has its own")
    sustained = any(stage.scenario == SUSTAINED_MEMORY for stage in stages)
    yield _Use("--memory-limit", bool(options.memory_limit), sustained, f"no chosen stage is of {SUSTAINED_MEMORY!r}")
