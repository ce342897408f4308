"""All that a locustfile needs: `from senders.locustfile import …`. Importing it registers Locust's events."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from protocol.errors import ConfigError
from protocol.faults import Delay, Faults
from protocol.regions import DEFAULT_TABLE, Region, load_regions
from records.exit_codes import Exit
from senders import plugin
from senders.arrivals import Closed, Constant, Poisson
from senders.retry import Budget, Jitter, RetryAfter, RetryLaw
from senders.stages import Stage, sweep
from senders.user import StagesShape, WebhookSender, sender_classes


def senders() -> dict[str, type[WebhookSender]]:
    """The user classes of this run's regions. Locust reads classes before options, so `--regions` is peeked at."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--regions", default=os.environ.get("LOCUST_REGIONS", ""))
    parser.add_argument("--target", default=os.environ.get("LOCUST_TARGET", ""))
    known, _ = parser.parse_known_args()
    if known.target:
        return sender_classes([Region(name="target", url="http://127.0.0.1/")])
    try:
        return sender_classes(load_regions(Path(known.regions) if known.regions else DEFAULT_TABLE))
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(Exit.USAGE)


__all__ = [
    "Budget", "Closed", "Constant", "Delay", "Faults", "Jitter", "Poisson", "RetryAfter", "RetryLaw", "Stage",
    "StagesShape", "plugin", "senders", "sweep",
]  # fmt: skip
