"""docs/services.md: its results are made of the files that docs/services/ keeps."""

from collections.abc import Sequence
from pathlib import Path

from _hookswarm.senders.service.table import load_service
from benchmarks.services.kept import FOLDER, Kept, all_kept
from benchmarks.services.rows import ROWS, cell_of, once
from benchmarks.services.runs import CHECKOUT, DEFAULT, RUNS, Own, services

PAGE = CHECKOUT / "docs" / "services.md"
MARK = "<!-- the results -->"
"""What stands before and after the part that is made."""
EMPTY = "Nothing was measured yet."


def renewed(text: str, folder: Path = FOLDER) -> str:
    """The page with its results as the files have them."""
    before, _, after = text.split(MARK)
    return f"{before}{MARK}\n\n{results(all_kept(folder))}\n\n{MARK}{after}"


def results(kept: Sequence[Kept]) -> str:
    """A table for each service, a column for each of its configurations."""
    known = services()
    parts = [_service(known[name], [one for one in kept if one.service == name]) for name in known]
    return "\n\n".join(filter(None, parts)) or EMPTY


def _service(own: Own, kept: Sequence[Kept]) -> str:
    """Empty where nothing is kept of it."""
    kept = sorted((one for one in kept if one.runs), key=lambda one: list(own.configurations).index(one.configuration))
    if not kept:
        return ""
    lines = [f"### {load_service(own.name).source.partition(',')[0]}", "", f"Stores: {own.stores}.", ""]
    lines += [f"- `{one.configuration}`: {own.configurations[one.configuration]}. {_when(one)}" for one in kept]
    columns = [one.configuration for one in kept]
    lines += ["", f"| question | {' | '.join(columns)} | repeat it with |", f"|---|{'---|' * len(columns)}---|"]
    for row in ROWS:
        cells = " | ".join(_escaped(cell_of(row, one)) for one in kept)
        lines.append(f"| {row.asked} | {cells} | `{repeats_with(own.name, row.run)}` |")
    return "\n".join([*lines, *_refusals(own.name, kept)])


def _refusals(service: str, kept: Sequence[Kept]) -> list[str]:
    """What was wrong, what it answered, and what we say of it."""
    found = [refusal for one in kept for refusal in one.refusals]
    if not found:
        return []
    told = f"What is wrong, published to it (`python -m benchmarks.services {service} --refusals`):"
    lines = ["", told, "", "| what is wrong | it answers | hookswarm says |", "|---|---|---|"]
    return [*lines, *(f"| {one.wrong} | `{_escaped(one.answer)}` | {_escaped(one.told)} |" for one in found)]


def repeats_with(service: str, run: str, configuration: str = DEFAULT) -> str:
    """The command that repeats a run."""
    return f"python -m benchmarks.services {service} {configuration} --run {run} --again"


def _when(kept: Kept) -> str:
    dates = sorted({f"{one.started_at:%Y-%m-%d}" for one in kept.runs})
    void = [one for one in kept.runs if one.void]
    counts = ", ".join(f"{name} {n}" for name in RUNS if (n := len(list(kept.played(name)))))
    told = f"{' to '.join({dates[0]: 0, dates[-1]: 0})}, {once(one.machine for one in kept.runs)}; repeats: {counts}"
    return f"{told}; void and not counted: {len(void)}." if void else f"{told}."


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
