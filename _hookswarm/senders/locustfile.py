"""All that a locustfile needs: `from senders.locustfile import …`. Importing it registers Locust's events."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.protocol.regions import DEFAULT_TABLE, Region, RegionTable, load_table
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders import plugin
from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Constant, Poisson, Ramp, Sine
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.health import HealthLaw
from _hookswarm.senders.plan.profiles import profile
from _hookswarm.senders.plan.retry import Budget, Jitter, RetryAfter, RetryLaw, scaled_law
from _hookswarm.senders.plan.stages import Incident, Limits, Stage, WebhookClass, scaling, sweep
from _hookswarm.senders.user import StagesShape, WebhookSender, sender_classes


def senders() -> dict[str, type[WebhookSender]]:
    """The user classes of this run's regions. Locust reads classes before options, so `--regions` is peeked at."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--regions", default=os.environ.get("LOCUST_REGIONS", ""))
    parser.add_argument("--target", default=os.environ.get("LOCUST_TARGET", ""))
    known, _ = parser.parse_known_args()
    if known.target:
        return sender_classes(RegionTable(region=(Region(name="target", url="http://127.0.0.1/"),)))
    try:
        return sender_classes(load_table(Path(known.regions) if known.regions else DEFAULT_TABLE))
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(Exit.USAGE)


def law(name: str, scale: float = 1.0) -> RetryLaw:
    """The retry law of a profile, all its times multiplied by `scale`."""
    return scaled_law(profile(name).law, scale)


__all__ = [
    "Backlog", "Budget", "Bursts", "Closed", "Constant", "Delay", "Duplicate", "Faults", "HealthLaw", "Incident",
    "Jitter", "Limits", "Poisson", "Ramp", "RetryAfter", "RetryLaw", "Sine", "Stage", "StagesShape", "WebhookClass",
    "law", "plugin", "scaling", "senders", "sweep",
]  # fmt: skip
