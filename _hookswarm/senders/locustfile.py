"""All that a locustfile needs: `from senders.locustfile import …`. Importing it registers Locust's events."""

import sys
from pathlib import Path

from locust.argument_parser import get_empty_argument_parser

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import error_line
from _hookswarm.protocol.regions import DEFAULT_TABLE, Region, RegionTable, load_table
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders import plugin
from _hookswarm.senders.plan import vocabulary
from _hookswarm.senders.plan.options import name_variables
from _hookswarm.senders.plan.vocabulary import *  # noqa: F403  # one list of words, which is there
from _hookswarm.senders.user import StagesShape, WebhookSender, sender_classes


def senders() -> dict[str, type[WebhookSender]]:
    """The user classes of this run's regions. Locust reads classes before options: these are peeked at, wherever it
    takes them from.
    """
    parser = get_empty_argument_parser(add_help=False)
    parser.add_argument("--regions", default="")
    parser.add_argument("--target", default="")
    parser.add_argument("--endpoints", default="")
    parser.add_argument("-H", "--host", env_var="LOCUST_HOST")
    name_variables(parser)
    known, _ = parser.parse_known_args()
    if known.target or known.host or known.endpoints:
        return sender_classes(RegionTable(region=(Region(name="target", url="http://127.0.0.1/"),)))
    try:
        return sender_classes(load_table(Path(known.regions) if known.regions else DEFAULT_TABLE))
    except ConfigError as error:
        print(error_line(error), file=sys.stderr)
        sys.exit(Exit.USAGE)


__all__ = ["StagesShape", "plugin", "senders"]
__all__ += vocabulary.__all__
