"""The data plane: the process tree that serves the app, `python -m _hookswarm.receiver.dataplane`.

Its configuration comes from the supervisor in $HOOKSWARM_RECEIVER, the secret from where it always comes.
"""

import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from _hookswarm.protocol.credentials import signing_secrets
from _hookswarm.protocol.handshakes import Answerer
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.receiver import children
from _hookswarm.receiver.app import Receiver
from _hookswarm.receiver.books import Books
from _hookswarm.receiver.config import CONFIG_VARIABLE, ReceiverConfig, Server
from _hookswarm.receiver.sampling import Sampler
from _hookswarm.receiver.state import StateReader
from _hookswarm.records.clock import Clock
from _hookswarm.records.garbage import spare_start_up

KEEP_INTERVAL_S = 0.05
"""How often a process does its housekeeping: also the longest that `--durability memory` holds a row."""


def create_app(sleep: Callable[[float], object] = time.sleep) -> Receiver:
    """The app of one process, with its housekeeping thread; Granian calls this in each worker."""
    config = ReceiverConfig.model_validate_json(os.environ[CONFIG_VARIABLE])
    clock = Clock()
    provider = load_provider(config.provider)
    keys = [secret.key for secret in signing_secrets(provider)]
    books = Books(config, StateReader(config), clock)
    books.keep()
    granian = multiprocessing.parent_process()
    parent = granian.pid if granian else os.getppid()
    if granian and parent:
        children.die_with(parent)  # in an outage it may be stopped, and its keeper with it
    threading.Thread(
        target=_keep_forever, args=(books, Sampler(config, clock), parent), daemon=True, name="keeper"
    ).start()
    # Granian's workers run no atexit handlers: what memory holds at a clean stop would be lost.
    multiprocessing.util.Finalize(None, books.keep, exitpriority=1)
    spare_start_up()
    return Receiver(Verifier(provider, keys), Answerer(provider, keys), books, config.max_body, clock, sleep)


def _keep_forever(books: Books, sampler: Sampler, parent: int | None) -> None:
    said: set[str] = set()
    while os.getppid() == parent:
        time.sleep(KEEP_INTERVAL_S)
        for chore in (books.keep, lambda: sampler.follow(books.run, books.rests)):
            try:
                chore()
            except OSError as error:  # a full disk: whoever sends sees it by 507
                if str(error) not in said:
                    said.add(str(error))
                    print(f"receiver: {error}", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)  # orphaned: whoever could stop us is gone


def _serve_data_plane(config: ReceiverConfig) -> None:
    """Serve until SIGTERM."""
    if config.server is Server.GEVENT:
        _serve_gevent(config)
    else:
        _serve_granian(config)


def _serve_granian(config: ReceiverConfig) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "_hookswarm.receiver.dataplane:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=config.host,
        port=config.port,
        workers=config.workers,
        blocking_threads=config.threads,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=2,
        backpressure=config.backlog,
    )
    server.backlog = config.backlog  # its own argument takes 128 at least
    server.serve()


def _serve_gevent(config: ReceiverConfig) -> None:
    import gevent

    from _hookswarm.receiver.quiet import quiet_server

    server = quiet_server((config.host, config.port), create_app(gevent.sleep), config.backlog)
    gevent.signal_handler(signal.SIGTERM, server.stop)
    server.serve_forever()


if __name__ == "__main__":
    _serve_data_plane(ReceiverConfig.model_validate_json(os.environ[CONFIG_VARIABLE]))
