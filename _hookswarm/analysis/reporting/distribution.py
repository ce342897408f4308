"""Strategies and failovers on screen: a table for each comparison, and one of all failovers. Fits 100 columns."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.schema.distribution import Strategies
from _hookswarm.analysis.schema.failover import Failover
from _hookswarm.analysis.schema.report import Section
from _hookswarm.common.wording import first_of

STRATEGY = ("p99 ms", "in time a second", "errors", "tries", "Jain", "to the degraded")
FAILOVER = ("lasted s", "detected s", "in time from s", "gap s", "p99 ms", "not in time")
MOST_NAMED = 2
"""More regions that one fault befell are counted, not named."""


def show_distribution(section: Section, out: Console) -> None:
    """Print the rankings and the failovers that are in none; nothing of a test that does not ask."""
    compared = section.strategies or []
    for one in compared:
        _show_ranking(one, out)
    ranked = {stage for one in compared for stage in one.stages}
    _show_failovers([found for found in section.failovers or [] if found.stage not in ranked], out)


def _show_ranking(compared: Strategies, out: Console) -> None:
    table = _table(f"{compared.scenario}: rank, strategy", STRATEGY)
    members = Counter(one.rank for one in compared.strategies)
    for one in compared.strategies:
        table.add_row(
            Text(printable(f"{one.rank}{'=' if members[one.rank] > 1 else ' '} {one.strategy}")),
            "never" if one.objective_ms is None else f"{one.objective_ms:,.0f}",
            _told(one.goodput_per_s, ",.0f"),
            _told(one.error_rate, ".1%"),
            _told(one.amplification, ".2f"),
            _told(one.jain, ".2f"),
            _told(one.degraded_share, ".0%"),
        )
    out.print(table)
    if compared.left_out:
        out.print(Text(printable(f"left out, a receiver of ours was out: {first_of(compared.left_out, MOST_NAMED)}")))
    if max(members.values()) > 1:
        out.print("=: cannot be told apart; longer stages or more repeats tell more", style="dim")


def _show_failovers(failovers: Sequence[Failover], out: Console) -> None:
    if not failovers:
        return
    table = _table("failover", ("of", *FAILOVER))
    for found in failovers:
        table.add_row(
            Text(printable(found.stage.removeprefix("failover "))),
            _befell(found.regions),
            f"{found.lasted_s:.2f}",
            _detected(found),
            _recovered(found),
            f"{max((one.longest_gap_s for one in found.by_origin), default=0):.2f}",
            _told(found.p99_during_ms, ",.0f"),
            f"{found.failed + found.late:,}",
        )
    out.print(table)
    for line in _differing(failovers):
        out.print(Text(printable(line)))


def _differing(failovers: Sequence[Failover]) -> Iterator[str]:
    """What senders and receivers saw, where it is not the same."""
    for found in failovers:
        if found.receivers and found.receivers.views_differ:
            yield f"{found.stage}: {found.receivers.views_differ}"


def _befell(regions: Sequence[str]) -> Text:
    return Text("\n".join(map(printable, regions)) if len(regions) <= MOST_NAMED else f"{len(regions)} regions")


def _detected(found: Failover) -> str:
    """By the first origin and by the last; a dash where none was bound to, as behind a load balancer."""
    times = sorted(one.detected_s for one in found.by_origin if one.detected_s is not None)
    if not times:
        return "never" if any(one.within_bound is False for one in found.by_origin) else "-"
    return " to ".join(dict.fromkeys(f"{at:.2f}" for at in (times[0], times[-1])))


def _recovered(found: Failover) -> str:
    if found.recovered_s is not None:
        return f"{found.recovered_s:.2f}"
    return "metastable" if found.metastable else "never"


def _table(first: str, columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(printable(first)), overflow="fold")
    for column in columns:
        table.add_column(column, justify="left" if column == "of" else "right", no_wrap=True)
    return table


def _told(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
