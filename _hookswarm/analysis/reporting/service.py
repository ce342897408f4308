"""How a delivery service isolates, drains and comes back, in tables: what the terminal, Markdown and the page show."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from _hookswarm.analysis.schema import drains, isolation, outages, restarts
from _hookswarm.analysis.schema.report import Section


class ServiceTable(NamedTuple):
    """One table, and sentences that belong to it."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    told: Sequence[str]


def service_tables(section: Section) -> Iterator[ServiceTable]:
    """Those that have rows; none of a run that was not published to a service."""
    if not (service := section.service):
        return
    if found := service.isolation:
        told = [f"{one.stage}: {one.told}" for one in found]
        yield ServiceTable("What healthy endpoints feel", isolation.HEADER, [one.row() for one in found], told)
    if out := service.outages:
        yield ServiceTable(
            "Regions that were out",
            outages.HEADER,
            [one.row() for one in out],
            list(filter(None, (one.told() for one in out))),
        )
    if drained := service.drains:
        late = [one for one in drained if one.expire]
        worst = max(late, key=lambda one: one.drains_in_s, default=None)  # of a test, one such sentence is enough
        told = [f"{worst.stage}: {worst.told()}"] if worst else []
        yield ServiceTable("Accepted and drained", drains.HEADER, [one.row() for one in drained], told)
    if back := service.restarts:
        told = [f"{one.stage}: {text}" for one in back for text in (one.fault, one.untested) if text]
        yield ServiceTable("Restarts", restarts.HEADER, [one.row() for one in back], told)
