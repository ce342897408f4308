"""What is logged of processes and of the machine while a run is on."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from _hookswarm.records.clock import Clock
from _hookswarm.senders.exchange.usage import MACHINE_SAMPLE_S, Sampler, machine_log, process_log
from _hookswarm.senders.master.say import say
from _hookswarm.senders.plan.settings import Settings


@contextmanager
def sampled(folder: Path, settings: Settings, clock: Clock, itself: bool) -> Iterator[Sampler]:
    """Log what the user's own processes and the machine take, and with `itself` this process; yields the machine's
    sampler. A process that is gone by now is said to be. Raises OSError.
    """
    with ExitStack() as samplers:
        if itself:
            log = process_log(folder, "master", clock, str(os.getpid()))
            if log:
                log.uss = False
            samplers.enter_context(closing(Sampler(log)))
        for pid, name in settings.watched:
            try:
                log = process_log(folder, f"watched-{name}", clock, str(pid), pid)
            except ProcessLookupError:
                say(f"not watched: process {pid} is gone")
            else:
                samplers.enter_context(closing(Sampler(log)))
        yield samplers.enter_context(closing(Sampler(machine_log(folder, clock), MACHINE_SAMPLE_S)))
