"""`clean`: what a run left at a service is taken down, by what the run's folder, or a file beside it, holds of it."""

from pathlib import Path

from _hookswarm.records.exit_codes import Exit
from _hookswarm.runner.interrupt import Insisting
from _hookswarm.senders.service.claim import Claim
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.kept import Kept, account_of, left_behind
from _hookswarm.senders.service.steps import Steps
from _hookswarm.senders.transport.certificates import client_tls

SHOWN = 10


def clean(folder: Path, ca_file: str, interrupt: Insisting) -> Exit:
    """Say how many of each were removed, and what failed.

    Raises ConfigError where the folder holds nothing of it, or where a run is on that uses it.
    """
    path = account_of(folder)
    Kept.load(path)
    claim = Claim(path)
    claim.take()
    try:
        return _clean(folder, path, ca_file, interrupt)
    finally:
        claim.end()


def _clean(folder: Path, path: Path, ca_file: str, interrupt: Insisting) -> Exit:
    kept = Kept.load(path)  # by now others may have gone on with it
    steps = Steps(kept.service, tls=client_tls(ca_file))
    keeper = Keeper(
        kept.service, kept.account, steps, lambda text: print(text, flush=True), stopped=interrupt.wanted.is_set
    )
    try:
        failed = keeper.tear_down()
    except KeyboardInterrupt:
        print(left_behind(kept.service.name, folder))
        raise
    finally:
        steps.close()
    for name, count in keeper.removed.items():
        print(f"{kept.service.name}: taken down: {name}: {count:,}")
    for text in failed[:SHOWN]:
        print(f"not taken down: {text}")
    if len(failed) > SHOWN:
        print(f"not taken down: {len(failed) - SHOWN:,} more")
    if failed:
        print(left_behind(kept.service.name, folder))
        return Exit.FAIL
    if not keeper.removed:
        print(f"{kept.service.name}: nothing was left of it there")
    path.unlink()
    return Exit.PASS
