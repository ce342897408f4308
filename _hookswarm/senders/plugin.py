"""What ties the project to Locust's events; a locustfile imports it through `senders.locustfile`."""

import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import error_line
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.exchange.messages import RUN_VARIABLE
from _hookswarm.senders.master.ending import INTERRUPT, SIGTERM
from _hookswarm.senders.master.expecting import Expecting, listens_at, living_children
from _hookswarm.senders.master.locust_stats import sharpen_percentiles
from _hookswarm.senders.master.master import Master
from _hookswarm.senders.master.say import say
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.endpoint_files import File, open_file
from _hookswarm.senders.plan.made_payloads import named_functions
from _hookswarm.senders.plan.options import EXPECT_S, add_options, at_host, name_variables
from _hookswarm.senders.plan.plan import Plan, make_plan
from _hookswarm.senders.plan.serviced import addresses_of
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.tables import stages_of
from _hookswarm.senders.plan.unused import unused_options
from _hookswarm.senders.service.table import AWAITED, Service, load_service
from _hookswarm.senders.user import StagesShape, WebhookSender
from _hookswarm.senders.web.web import extend_web_ui
from _hookswarm.senders.worker.forks import grown, guard_forks
from _hookswarm.senders.worker.worker import SendingProcess


@events.init_command_line_parser.add_listener
def _add_options(parser: ArgumentParser, **_: Any) -> None:
    add_options(parser)
    name_variables(parser)
    guard_forks()  # with --processes Locust forks next


@events.init.add_listener
def _set_up(environment: Environment, **_: Any) -> None:
    parent = grown()
    shape, runner, options = environment.shape_class, environment.runner, environment.parsed_options
    if not isinstance(shape, StagesShape) or options is None:
        return

    def read(path: Path) -> File | None:
        """The file of --endpoints. A worker of another host may not have it: the master does."""
        try:
            return open_file(path)
        except ConfigError:
            if isinstance(runner, WorkerRunner):
                return None
            raise

    def find(name: str) -> Service:
        """The service of --service. A worker may not have its table, or what that takes from the environment."""
        try:
            service = load_service(name)
            addresses_of(service)
        except ConfigError:
            if isinstance(runner, WorkerRunner):
                return AWAITED
            raise
        return service

    def chosen(given: Namespace, read: Callable[[Path], File | None] = read) -> tuple[Settings, Plan]:
        """What the options ask for; raises ConfigError."""
        wanted = check_options(at_host(given), read, find)
        wanted = replace(wanted, functions=named_functions(type(shape).payloads))
        if given.endpoints and not wanted.endpoints:
            return wanted, Plan((), {})  # they are yet to come; a worker plays what it is told
        return wanted, make_plan(stages_of(type(shape), wanted), wanted)

    try:
        settings, plan = chosen(options)
    except ConfigError as error:
        print(error_line(error), file=sys.stderr)
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
        if others := [one.__name__ for one in environment.user_classes if not issubclass(one, WebhookSender)]:
            say(f"not started: {', '.join(others)}: a plan has our senders alone; let a Locust of its own run these")
        environment.events.test_stopping.add_listener(master.stop)
        environment.events.quitting.add_listener(master.stop)  # before Locust looks for its exit code
        if environment.web_ui:
            extend_web_ui(environment.web_ui, master, options, chosen_anew)

    _listen(gevent.getcurrent(), master, options.headless)
    if isinstance(runner, MasterRunner) and (options.headless or options.autostart):
        assert master
        _expect(gevent.getcurrent(), runner, master, options)

    def start(**_: Any) -> None:
        """The start form may have changed the options: they are checked again for every run."""
        fault, now = "", (settings, plan)
        options.host = environment.host  # of what the master is asked for, Locust tells workers this one apart
        try:
            now = chosen_anew(options)
        except ConfigError as error:
            fault = str(error)
        if process and not fault:
            process.configure(now[0])
            if not master:
                process.tell_signing()
            if options.endpoints and not master:
                process.have_endpoints(lambda content: chosen(options, lambda _path: BytesIO(content))[0])
        elif process and not master:
            process.refuse(fault)
        if master:
            master.start(*now, fault)
        if master and not fault and RUN_VARIABLE not in os.environ:  # else the command has told it, of all its tests
            for line in unused_options(at_host(options), [now]):
                say(line)

    environment.events.test_start.add_listener(start)
    if master and settings.allow_worker_loss:
        # Else Locust leaves the users of a lost worker out, and the next stage waits for them in vain.
        options.enable_rebalancing = True


def _expect(main: gevent.Greenlet, runner: MasterRunner, master: Master, options: Namespace) -> None:
    """Locust waits for its sending processes without a word; here it is told, and ends with 2 when they do not come."""
    limit_s, options.expect_workers_max_wait = options.expect_workers_max_wait or EXPECT_S, 0
    where = listens_at(options.master_bind_host, options.master_bind_port)
    expecting = Expecting(options.expect_workers, where, limit_s, bool(options.processes), say)

    def wait() -> None:
        if fault := expecting.wait(lambda: runner.worker_count, living_children, lambda: master.begun):
            say(fault)
            runner.quit()
            gevent.get_hub().loop.run_callback(main.throw, SystemExit(Exit.USAGE))

    gevent.spawn(wait)


def _listen(main: gevent.Greenlet, master: Master | None, headless: bool) -> None:
    """Let signals end Locust in order, and the run say which it was."""
    hub = gevent.get_hub()

    def end() -> None:
        """Ends Locust's main greenlet, and not whichever worker happens to run: its delivery would vanish."""
        waits = headless and master is not None and not master.begun  # for sending processes: Locust listens to nothing
        hub.loop.run_callback(main.throw, SystemExit(Exit.INTERRUPTED) if waits else KeyboardInterrupt)

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
