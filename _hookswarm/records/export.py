"""Journals as tables for other tools: one Parquet or CSV file each for attempts and arrivals."""

from pathlib import Path

import pandas as pd

from _hookswarm.records.journal import JournalError
from _hookswarm.records.manifest import Manifest
from _hookswarm.records.reading import JournalView, read_journal
from _hookswarm.records.rows import Flag

KINDS = ("attempts", "arrivals")


def read_journals(folder: Path, kind: str) -> list[JournalView]:
    """Every journal of a kind in a run's folder, in the order of their names."""
    try:
        return [read_journal(path) for path in sorted(folder.glob(f"{kind}-*.journal"))]
    except JournalError as error:
        raise JournalError(f"{error}: move it out of the folder, or name another run") from None


def journal_table(folder: Path, kind: str) -> pd.DataFrame:
    """All rows of a kind, with names in the place of codes; times are Unix nanoseconds."""
    manifest = Manifest.load(folder)
    parts = []
    for view in read_journals(folder, kind):
        frame = pd.DataFrame(view.rows)
        frame.insert(0, "process", view.header.process)
        if kind == "arrivals":
            frame.insert(1, "region", view.header.region)
        parts.append(frame)
    if not parts:
        return pd.DataFrame()
    frame = pd.concat(parts, ignore_index=True)
    names = [str(stage["name"]) for stage in manifest.stages]
    regions = [region.name for region in manifest.regions]
    foreign = (frame["flags"] & int(Flag.FOREIGN)) != 0  # such an arrival has no codes: theirs are zeros
    for column, labels in (
        ("stage", names),
        ("origin", regions),
        ("target", regions),
        ("strategy", manifest.strategies),
    ):
        frame[column] = frame[column].map(dict(enumerate(labels))).mask(foreign)
    frame["outcome"] = frame["outcome"].map(manifest.outcomes) if kind == "attempts" else None
    return frame


def export(folder: Path, form: str, out: Path) -> list[Path]:
    """Write `attempts.<form>` and `arrivals.<form>` into `out`; returns what was written."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in KINDS:
        path = out / f"{kind}.{form}"
        frame = journal_table(folder, kind)
        if form == "parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_csv(path, index=False)
        written.append(path)
    return written
