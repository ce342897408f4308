"""What ties the project to Locust's events; a locustfile imports it through `senders.locustfile`."""

import signal
import sys
from argparse import ArgumentParser
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from protocol.errors import ConfigError
from records.exit_codes import Exit
from senders.locust_stats import keep_three_digits
from senders.master import Master
from senders.settings import add_options, check
from senders.stages import check_plan
from senders.user import StagesShape, WebhookSender
from senders.worker import SendingProcess


@events.init_command_line_parser.add_listener
def _add_options(parser: ArgumentParser, **_: Any) -> None:
    add_options(parser)


@events.init.add_listener
def _set_up(environment: Environment, **_: Any) -> None:
    shape, runner = environment.shape_class, environment.runner
    if not isinstance(shape, StagesShape) or environment.parsed_options is None:
        return
    try:
        settings = check(environment.parsed_options)
        stages = shape.quick_stages if settings.quick else shape.stages
        check_plan(stages)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(Exit.USAGE)
    keep_three_digits()
    _interrupt_only(gevent.getcurrent())
    if isinstance(runner, LocalRunner | WorkerRunner):
        process = SendingProcess(environment, settings)
        WebhookSender.process = process
        if isinstance(runner, WorkerRunner):
            environment.events.quitting.add_listener(lambda **_: process.halt())
    if isinstance(runner, LocalRunner | MasterRunner):
        master = Master(environment, settings, shape.test, stages)
        shape.master = master
        environment.events.test_start.add_listener(master.start)
        environment.events.test_stopping.add_listener(master.stop)


def _interrupt_only(main: gevent.Greenlet) -> None:
    """Let Ctrl-C end Locust's main greenlet, and not whichever worker happens to run: its delivery would vanish."""
    hub = gevent.get_hub()
    gevent.signal_handler(signal.SIGINT, lambda: hub.loop.run_callback(main.throw, KeyboardInterrupt))
