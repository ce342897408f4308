"""What ties the project to Locust's events; a locustfile imports it through `senders.locustfile`."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from _hookswarm.common.errors import ConfigError
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.master.ending import INTERRUPT, SIGTERM
from _hookswarm.senders.master.locust_stats import sharpen_percentiles
from _hookswarm.senders.master.master import Master
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.plan import Plan, make_plan
from _hookswarm.senders.plan.settings import Settings, check_options
from _hookswarm.senders.user import StagesShape, WebhookSender
from _hookswarm.senders.web.web import extend_web_ui
from _hookswarm.senders.worker.forks import grown, guard_forks
from _hookswarm.senders.worker.worker import SendingProcess


@events.init_command_line_parser.add_listener
def _add_options(parser: ArgumentParser, **_: Any) -> None:
    add_options(parser)
    guard_forks()  # with --processes Locust forks next


@events.init.add_listener
def _set_up(environment: Environment, **_: Any) -> None:
    parent = grown()
    shape, runner, options = environment.shape_class, environment.runner, environment.parsed_options
    if not isinstance(shape, StagesShape) or options is None:
        return

    def chosen(given: Namespace) -> tuple[Settings, Plan]:
        """What the options ask for; raises ConfigError."""
        wanted = check_options(given)
        return wanted, make_plan(shape.quick_stages if wanted.quick else shape.stages, wanted)

    try:
        settings, plan = chosen(options)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(Exit.USAGE)

    def chosen_anew(given: Namespace) -> tuple[Settings, Plan]:
        """The same for one more run; its senders are there already."""
        now = chosen(given)
        if [region.name for region in now[0].regions] != [region.name for region in settings.regions]:
            raise ConfigError(["other regions need other senders: name them when you start Locust"])
        return now

    sharpen_percentiles()
    process = master = None
    if isinstance(runner, LocalRunner | WorkerRunner):
        process = SendingProcess(environment, settings, parent)
        WebhookSender.process.set(process)
        if isinstance(runner, WorkerRunner):
            environment.events.quitting.add_listener(process.quit)
    if isinstance(runner, LocalRunner | MasterRunner):
        master = shape.master = Master(environment, settings, shape.test, plan)
        environment.events.test_stopping.add_listener(master.stop)
        environment.events.quitting.add_listener(master.stop)  # before Locust looks for its exit code
        if environment.web_ui:
            extend_web_ui(environment.web_ui, master, options, chosen_anew)

    _listen(gevent.getcurrent(), master, options.headless)

    def start(**_: Any) -> None:
        """The start form may have changed the options: they are checked again for every run."""
        fault, now = "", (settings, plan)
        try:
            now = chosen_anew(options)
        except ConfigError as error:
            fault = str(error)
        if process and not fault:
            process.configure(now[0])
        if master:
            master.start(*now, fault)

    environment.events.test_start.add_listener(start)
    if master and settings.allow_worker_loss:
        # Else Locust leaves the users of a lost worker out, and the next stage waits for them in vain.
        options.enable_rebalancing = True


def _listen(main: gevent.Greenlet, master: Master | None, headless: bool) -> None:
    """Let signals end Locust in order, and the run say which it was."""
    hub = gevent.get_hub()

    def end() -> None:
        """Ends Locust's main greenlet, and not whichever worker happens to run: its delivery would vanish."""
        hub.loop.run_callback(main.throw, KeyboardInterrupt)

    def interrupted() -> None:
        if master:
            master.note(INTERRUPT)
        end()

    def terminated() -> None:
        """Locust itself listens to it as well, but headless not before its run is over."""
        assert master
        master.note(SIGTERM)
        if headless and not master.ending:
            end()

    gevent.signal_handler(signal.SIGINT, interrupted)
    if master:
        gevent.signal_handler(signal.SIGTERM, terminated)
