"""The endpoints of a run at a service: set up, or used again, and in the end taken down, or kept for the next run."""

import atexit
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from _hookswarm.common.wording import first_of
from _hookswarm.protocol.faults import Faults
from _hookswarm.protocol.regions import address_of
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.account import Account, given_values, open_account, own_secret
from _hookswarm.senders.service.claim import Claim
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.kept import (
    ACCOUNT,
    AccountFile,
    Kept,
    is_countable,
    kept_file,
    left_behind,
    ready_in,
    taken_down_by,
    why_not_again,
)
from _hookswarm.senders.service.steps import Steps
from _hookswarm.senders.service.table import Service

SHOWN = 3
KEPT_ADVICE = "with --keep-endpoints they stay there for the next run, which then begins at once"


class ServiceEndpoints:
    """One run's."""

    def __init__(
        self,
        service: Service,
        settings: Settings,
        folder: Path,
        steps: Steps,
        stopped: Callable[[], bool],
        say: Callable[[str], None],
    ) -> None:
        """Raises ConfigError for variables that are not set."""
        self._service = service
        self._settings = settings
        self._folder = folder
        self._run = self._of = folder.name
        """The run's id, and that of the run that set up what it uses."""
        self._steps = steps
        self._stopped = stopped
        self._say = say
        self._keeps = settings.keep_endpoints
        self._path = folder / ACCOUNT
        if settings.keep_endpoints:
            self._path = kept_file(settings.results, service, [region.name for region in settings.regions])
        self._claim = Claim(self._path)
        self._account: Account | None = None
        self._keeper: Keeper | None = None
        self.used_again = 0
        """How many of them an earlier run set up."""
        self.added = False
        """Whether others were."""
        self._spoilt: set[int] = set()

    def set_up(self, urls: Sequence[str]) -> Account:
        """Endpoints at these URLs, as the run is to know them; less was set up where somebody wants it to end.

        Raises StepError, ConfigError, OSError.
        """
        self._claim.take()
        atexit.register(self._say_left)
        if self._keeps and self._path.exists() and (account := self._again(Kept.load(self._path), urls)):
            return account
        return self._anew(urls)

    def set_up_anew(self, urls: Sequence[str], why: str) -> Account:
        """Others, because those that were used again are no more. Raises StepError, ConfigError, OSError."""
        self._say(f"{self._service.name}: the endpoints of run {self._of} are gone, because {why}: all are set up anew")
        self._replace()
        return self._anew(urls)

    def delivers_to_new(self, urls: Sequence[str], arrives: Callable[[Account], bool]) -> bool:
        """Set up endpoints at these URLs beside the others, ask whether it delivers to them, and take them down.

        Raises StepError, OSError, and what `arrives` does.
        """
        account = open_account(self._service, urls, self._run)
        book = AccountFile(self._folder / ACCOUNT, self._service, self._run)
        keeper = Keeper(self._service, account, self._steps, self._say, book, self._stopped)
        try:
            keeper.set_up()
            return arrives(account)
        finally:
            failed = keeper.tear_down()
            self._tell_failed(failed)
            if failed:
                self._say(left_behind(self._service.name, self._folder))
            else:
                book.remove()

    def _anew(self, urls: Sequence[str]) -> Account:
        self._of, self.used_again = self._run, 0
        return self._make(open_account(self._service, urls, self._run), len(urls))

    def _again(self, kept: Kept, urls: Sequence[str]) -> Account | None:
        """Those that were kept, with what is missing; None where they are of no use, and then they are taken down."""
        name, account, self._of = self._service.name, kept.account, kept.run
        if why := why_not_again(kept, self._service, urls):
            self._say(f"{name}: the endpoints of run {kept.run} are taken down, because {why}")
            self._keeper = Keeper(kept.service, account, self._steps, self._say)
            self._replace()
            return None
        account.run |= given_values(self._service)
        if any(step.each == "endpoint" for step in self._service.setup):
            account.trim()
        self.used_again = min(ready_in(account, self._service), len(urls))
        account.grow(urls, own_secret(self._service))
        return self._make(account, len(urls))

    def _make(self, account: Account, wanted: int) -> Account:
        advice = "" if self._keeps else KEPT_ADVICE
        book = self._book()
        self._account = account
        self._keeper = Keeper(self._service, account, self._steps, self._say, book, self._stopped, advice)
        began, there = time.monotonic(), self.used_again
        self.added = there < wanted
        self._keeper.set_up()
        if not self._stopped():
            took = f"{time.monotonic() - began:.1f} s"
            took += f", which it slowed down {self._steps.slowed} times (429)" if self._steps.slowed else ""
            told = f"{there:,} endpoint{'s' * (there > 1)} of run {self._of} used again"
            if there and wanted > there:
                told += f"; {wanted - there:,} more set up in {took}"
            elif not there:
                told = f"{wanted:,} endpoint{'s' * (wanted > 1)} set up in {took}"
            self._say(f"{self._service.name}: {told}")
        return account.first(wanted)

    def _book(self) -> AccountFile:
        ports = {region.name: address_of(region.url)[1] for region in self._settings.regions}
        return AccountFile(self._path, self._service, self._of, ports)

    @property
    def kept(self) -> str | None:
        """The name of the file, beside the run's folder, that keeps them; None: they are taken down."""
        return self._path.name if self._keeps else None

    def renew(self) -> dict[str, str]:
        """The run's values, once what publishing uses and would end was made anew; empty: there was nothing to do.

        Raises StepError, OSError.
        """
        assert self._keeper
        assert self._account
        return dict(self._account.run) if self._keeper.renew() else {}

    def lasts_s(self) -> float | None:
        """How long that is good for still; None: for ever."""
        return self._keeper.lasts_s() if self._keeper else None

    def note(self, stage: Stage) -> None:
        """Remember which of them a stage spoils for later runs: after a 410 a service may disable an endpoint."""
        if self._service.promises.gone in ("retried", "final"):
            return
        if _is_gone(stage.faults):
            self._spoilt |= {*range(stage.webhooks)}
        for own in stage.classes:
            if _is_gone(own.faults):
                self._spoilt |= {*range(own.first, own.first + own.count)}

    def end(self) -> None:
        """Take them down, or keep them; what cannot be is told, and hides no result. Raises OSError."""
        try:
            self._end()
        finally:
            self._claim.end()

    def _end(self) -> None:
        if not self._keeper:
            return
        if self._keeps and self._account and self._keep(self._keeper, self._account):
            atexit.unregister(self._say_left)
            return
        self._remove()

    def _keep(self, keeper: Keeper, account: Account) -> bool:
        """Whether there was something to be kept, and is."""
        name = self._service.name
        if not any(any(done) for done in account.done.values()):
            return False
        spoilt = sorted(place for place in self._spoilt if place < len(account.endpoints))
        if spoilt and not is_countable(self._service):
            self._say(f"{name}: not kept, because endpoints were answered 410, and it may have disabled them")
            return False
        self._tell_failed(keeper.forget(spoilt))
        self._book().save(account)
        if spoilt:
            told = first_of([str(place) for place in spoilt], SHOWN)
            self._say(f"{name}: not kept, because they were answered 410 and may be disabled: endpoints {told}")
        ready = ready_in(account, self._service)
        stay = f"{ready:,} endpoint{'s stay' if ready != 1 else ' stays'} there for the next run with --keep-endpoints"
        self._say(f"{name}: {stay}; {taken_down_by(self._path)}")
        return True

    def _replace(self) -> None:
        """Take down what others take the place of; where that fails, its file is kept under another name."""
        assert self._keeper
        failed = self._keeper.tear_down()
        self._tell_failed(failed)
        if failed:
            aside = self._path.with_name(f"{self._path.stem}-{self._of}.json")
            self._path.replace(aside)
            self._say(left_behind(self._service.name, aside))
        else:
            self._path.unlink(missing_ok=True)

    def _remove(self) -> None:
        assert self._keeper
        failed = self._keeper.tear_down()
        self._tell_failed(failed)
        if failed:
            self._say_left()
        else:
            self._path.unlink(missing_ok=True)  # it holds secrets, and nobody needs it any more
            if self._stopped():  # who ends a run wants to know that nothing of it is left
                self._say(f"{self._service.name}: all that was set up there is taken down")
        atexit.unregister(self._say_left)

    def _tell_failed(self, failed: Sequence[str]) -> None:
        for text in failed[:SHOWN]:
            self._say(f"not taken down: {text}")
        if len(failed) > SHOWN:
            self._say(f"not taken down: {len(failed) - SHOWN} more")

    def _say_left(self) -> None:
        """What to do where something is left of it; also where the process is made to end before that is known."""
        self._say(left_behind(self._service.name, self._path if self._keeps else self._path.parent))


def _is_gone(faults: Faults | None) -> bool:
    """Whether some attempts are answered 410."""
    return faults is not None and (410 in faults.status or bool(faults.fail_first and faults.fail_status == 410))
