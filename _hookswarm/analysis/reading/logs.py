"""The psutil logs of a run's folder, as frames."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from _hookswarm.analysis.reading.clocks import Clocks
from _hookswarm.records.machine import COLUMNS as MACHINE_COLUMNS
from _hookswarm.records.machine import LOGS as MACHINE_LOGS
from _hookswarm.records.machine import MachineHeader
from _hookswarm.records.manifest import RunError
from _hookswarm.records.resources import COLUMNS, LOGS, ResourceHeader

_H = TypeVar("_H", ResourceHeader, MachineHeader)

_SAMPLE: dict[str, type] = dict.fromkeys(COLUMNS, np.float64) | {
    "at_ns": np.int64, "process": str, "role": str, "memory_limit": np.float64, "memory_limit_unknown": str,
}  # fmt: skip
"""Columns of the samples, and what their log's header tells. What is a count may be unknown, so it is a float."""


def no_samples() -> pd.DataFrame:
    """No row, and every column."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in _SAMPLE.items()})


def read_resources(folder: Path, clock: Clocks, spoilt: list[str]) -> pd.DataFrame:
    """Samples of all processes in the order of time; what is wrong with logs that cannot be read goes to `spoilt`."""
    logs = []
    for header, samples in _logs(folder, LOGS, ResourceHeader, clock, spoilt):
        samples = samples.reindex(columns=list(COLUMNS))  # what older logs did not tell is unknown
        samples = samples.assign(
            process=header.process,
            role=header.role,
            memory_limit=np.nan if header.memory_limit is None else float(header.memory_limit),
            memory_limit_unknown=header.memory_limit_unknown,
        )
        logs += [samples] if len(samples) else []
    return pd.concat(logs).sort_values("at_ns", kind="stable", ignore_index=True) if logs else no_samples()


def read_machine(folder: Path, clock: Clocks, spoilt: list[str]) -> pd.DataFrame:
    """The first log that can be read: of several hosts, the one that sorts first."""
    for header, samples in _logs(folder, MACHINE_LOGS, MachineHeader, clock, spoilt):
        samples = samples.reindex(columns=list(MACHINE_COLUMNS))
        unknown = header.throttled_unknown
        return samples.assign(cores=header.cores, memory_bytes=header.memory_bytes, throttled_unknown=unknown)
    return pd.DataFrame()


def _logs(
    folder: Path, pattern: str, kind: type[_H], clock: Clocks, spoilt: list[str]
) -> Iterator[tuple[_H, pd.DataFrame]]:
    """Each log that can be read, and its samples by the senders' clock; an empty one is none."""
    for path in sorted(folder.glob(pattern)):
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]  # a killed process may leave half a line
        first, _, table = whole.partition(b"\n")
        if not first:
            continue
        try:
            header = kind.decode(first)
            samples = pd.read_csv(
                BytesIO(table), dtype={name: _SAMPLE[name] for name in header.columns if name in _SAMPLE}
            )
            # A line with a value too many would make pandas take the first column for an index.
            if tuple(samples.columns) != header.columns or not isinstance(samples.index, pd.RangeIndex):
                raise RunError(f"its columns are not {', '.join(header.columns)}")
        except (RunError, ValueError) as error:
            spoilt.append(f"{path}: {error}")
            continue
        samples["at_ns"] += clock.shift(header)
        yield header, samples
