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
from senders.locust_stats import sharpen
from senders.master import Master
from senders.plan import Plan, make_plan
from senders.settings import Settings, add_options, check
from senders.user import StagesShape, WebhookSender
from senders.web import serve
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
        settings, plan = _chosen(environment, shape)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(Exit.USAGE)
    sharpen()
    _interrupt_only(gevent.getcurrent())
    process = master = None
    if isinstance(runner, LocalRunner | WorkerRunner):
        process = SendingProcess(environment, settings)
        WebhookSender.process.set(process)
        if isinstance(runner, WorkerRunner):
            environment.events.quitting.add_listener(process.quit)
    if isinstance(runner, LocalRunner | MasterRunner):
        master = shape.master = Master(environment, settings, shape.test, plan)
        environment.events.test_stopping.add_listener(master.stop)
        if environment.web_ui:
            serve(environment.web_ui, master)

    def start(**_: Any) -> None:
        """The start form may have changed the options: they are checked again for every run."""
        fault, chosen, chosen_plan = "", settings, plan
        try:
            chosen, chosen_plan = _chosen(environment, shape)
            if [region.name for region in chosen.regions] != [region.name for region in settings.regions]:
                raise ConfigError(["other regions need other senders: name them when you start Locust"])
        except ConfigError as error:
            fault = str(error)
        if process and not fault:
            process.configure(chosen)
        if master:
            master.start(chosen, chosen_plan, fault)

    environment.events.test_start.add_listener(start)
    if master and settings.allow_worker_loss:
        # Else Locust leaves the users of a lost worker out, and the next stage waits for them in vain.
        environment.parsed_options.enable_rebalancing = True


def _chosen(environment: Environment, shape: StagesShape) -> tuple[Settings, Plan]:
    """The settings and the plan that the options ask for; raises ConfigError."""
    assert environment.parsed_options
    settings = check(environment.parsed_options)
    return settings, make_plan(shape.quick_stages if settings.quick else shape.stages, settings)


def _interrupt_only(main: gevent.Greenlet) -> None:
    """Let Ctrl-C end Locust's main greenlet, and not whichever worker happens to run: its delivery would vanish."""
    hub = gevent.get_hub()
    gevent.signal_handler(signal.SIGINT, lambda: hub.loop.run_callback(main.throw, KeyboardInterrupt))
