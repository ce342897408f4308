"""The processes that were watched, in words: what each used, a row each."""

from collections.abc import Sequence

from _hookswarm.analysis.schema.curves import Watched
from _hookswarm.analysis.schema.memory import MemorySection
from _hookswarm.common.wording import and_more, figure

TITLE = "Watched processes"
HEADER: tuple[str, ...] = (
    "watched process", "CPU mean", "CPU peak", "MiB first", "MiB last", "MiB peak", "MiB read", "MiB written",
)  # fmt: skip
"""CPU is of one core."""
MIB = 1 << 20
MOST = 12
"""In a picture or a summary."""


def row(one: Watched) -> tuple[str, ...]:
    """In the order of the header."""
    sizes = (
        one.memory_first_bytes, one.memory_last_bytes, one.memory_peak_bytes, one.read_bytes, one.write_bytes,
    )  # fmt: skip
    shares = (f"{share:.0%}" for share in (one.cpu_share, one.cpu_peak_share))
    return f"{one.name} {one.process}", *shares, *(figure(None if size is None else size / MIB) for size in sizes)


def first_rows(watched: Sequence[Watched]) -> list[tuple[str, ...]]:
    """Of the busiest, and how many more there are: a summary is no report."""
    more = and_more(len(watched) - MOST).strip()
    return [*map(row, watched[:MOST]), *([(more, *[""] * (len(HEADER) - 1))] if more else [])]


def trend(one: Watched, memory: MemorySection | None) -> str:
    """What the stages that sustain a load tell of its memory: `sustained memory: flat`; empty where there is none."""
    told = [
        f"{found.stage}: {found.verdict}"
        for found in (memory.trends if memory else [])
        if (found.role, found.process) == (one.curve.role, one.process)
    ]
    return "; ".join(told)
