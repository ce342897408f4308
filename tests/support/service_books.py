"""Runs through the tests' own delivery service, beside that service's own books."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reading.rows import Mask
from _hookswarm.analysis.schema.report import Section, Stage
from _hookswarm.analysis.verdicts.default_checks import ERROR_RATE
from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.senders.plan import stages as plan
from tests.support.delivery_services import DeliveryService, delivery_service
from tests.support.receivers import running_receiver
from tests.support.runs import BUSY, analyse, codes, end_group, regions_file, run_folder, start_locust
from tests.support.through_service import write_table

GROUP = 20
"""Endpoints of a tenant."""


def service_table(folder: Path, url: str, fan_out: str = "endpoint", more: str = "") -> Path:
    """The table of the tests' own service at this address: `own.toml`."""
    shared = GROUP if fan_out == "group" else 0
    return write_table(folder, url, waits="1, 3, 9", tenant_of=shared, more=f"drain_s = 3\n{more}")


@dataclass
class Running:
    """A run that goes on."""

    service: DeliveryService
    folder: Path
    receiver: str
    """Where its endpoints are: the beginning of their URLs."""
    books: dict[str, Any] = field(default_factory=dict)
    """The service's own, at its end."""

    def told(self) -> "Told":
        """What is told of it, once it has ended."""
        run = run_folder(self.folder)
        section, code = analyse(run)
        seen: list[PlayedStage] = []
        stages.stage_figures(load_run(run), seen.append)
        return Told(section, code, seen, self.books)


@dataclass
class Told:
    """What a run says of the service, and what the service says of itself."""

    section: Section
    exit_code: int
    played: Sequence[PlayedStage]
    books: dict[str, Any]

    @property
    def stage(self) -> Stage:
        """The only one."""
        (stage,) = self.section.stages
        return stage

    def failed(self) -> set[str]:
        """Default checks that did; the error rate of a busy machine says nothing."""
        unsaid = {ERROR_RATE} if codes(self.section) & BUSY else set()
        return {one.check for one in self.section.default_checks or () if one.status == "fail"} - unsaid

    def reasons(self) -> set[str]:
        """Codes of the verdict, but for those of a machine that others keep busy."""
        return codes(self.section) - BUSY

    def passed(self) -> bool:
        """It passes, or others kept the machine busy, and nothing else is wrong."""
        return self.exit_code == 0 or bool(codes(self.section) & BUSY and not self.reasons() and not self.failed())

    def events(self, mask: Mask) -> Counter[str]:
        """The ids of some of the published events of the only stage: once for each endpoint."""
        (stage,) = self.played
        assert stage.published
        rows = stage.published.attempts.rows[stage.published.attempts.first][mask]
        return Counter(_id(row) for row in rows)

    def ids(self, name: str) -> Counter[str]:
        """The ids of the events that the service counts as this."""
        return Counter(event for event, _ in self.books["ids"][name])


def _id(row: Any) -> str:
    event = EventId(*(int(row[name]) for name in ("run", "stage", "webhook", "sequence")))
    return format_event_id(event).decode()


@contextmanager
def publishing(
    folder: Path,
    played: Sequence[plan.Stage],
    *faults: str,
    options: Sequence[str] = (),
    timeout_s: float = 90,
    fan_out: str = "endpoint",
    more: str = "",
    rate: float = 400,
) -> Iterator[Running]:
    """A run through a service with these faults, from when it is started; awaited at the end.

    `rate` is that of the stages, which are told it so that none is calibrated; no event is published ahead of them.
    """
    with running_receiver(folder) as receiver, delivery_service(folder, *faults) as service:
        table = service_table(folder, service.url, fan_out, more)
        regions = regions_file(folder, receiver)
        through = ("--service", str(table), "--regions", str(regions), "--no-probe", "--rate", str(rate))
        process = start_locust(folder, played, *through, *options, test="load")
        running = Running(service, folder, receiver.url.removesuffix(urlsplit(receiver.url).path))
        try:
            yield running
            process.wait(timeout_s)
            running.books = service.rest()
        finally:
            end_group(process)
