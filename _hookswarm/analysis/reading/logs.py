"""The psutil logs of a run's folder, as frames."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from _hookswarm.analysis.reading.clocks import Clocks
from _hookswarm.records.machine import COLUMNS as MACHINE_COLUMNS
from _hookswarm.records.machine import LOGS as MACHINE_LOGS
from _hookswarm.records.machine import MachineHeader
from _hookswarm.records.resources import COLUMNS, LOGS, LogHeader
from _hookswarm.records.run import RunError

_SAMPLE: dict[str, type] = dict.fromkeys(COLUMNS, np.float64) | {"at_ns": np.int64, "process": str, "role": str}
"""Columns of the samples. What is a count may be unknown, so it is a float."""


def no_samples() -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in _SAMPLE.items()})


def resources(folder: Path, clock: Clocks, spoilt: list[str]) -> pd.DataFrame:
    """Samples of all processes in the order of time; what is wrong with logs that cannot be read goes to `spoilt`."""
    samples = []
    for path in sorted(folder.glob(LOGS)):
        try:
            log = _samples(path, clock)
        except RunError as error:
            spoilt.append(str(error))
        else:
            samples += [log] if len(log) else []
    return pd.concat(samples).sort_values("at_ns", kind="stable", ignore_index=True) if samples else no_samples()


def _samples(path: Path, clock: Clocks) -> pd.DataFrame:
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]  # a killed process may leave half a line
    if not whole:
        return no_samples()
    first, _, table = whole.partition(b"\n")
    try:
        header = LogHeader.decode(first)
        samples = pd.read_csv(BytesIO(table), dtype={column: _SAMPLE[column] for column in header.columns})
        # A line with a value too many would make pandas take the first column for an index.
        if tuple(samples.columns) != header.columns or not isinstance(samples.index, pd.RangeIndex):
            raise RunError(f"its columns are not {', '.join(header.columns)}")
    except (RunError, ValueError) as error:
        raise RunError(f"{path}: {error}") from None
    samples["at_ns"] += clock.shift(header)
    samples = samples.reindex(columns=list(COLUMNS))  # what older logs did not tell is unknown
    return samples.assign(process=header.process, role=header.role)


def machine(folder: Path, clock: Clocks, spoilt: list[str]) -> pd.DataFrame:
    """The first log there is: of several hosts, the one that sorts first."""
    for path in sorted(folder.glob(MACHINE_LOGS)):
        content = path.read_bytes()
        first, _, table = content[: content.rfind(b"\n") + 1].partition(b"\n")
        try:
            header = MachineHeader.decode(first)
            samples = pd.read_csv(BytesIO(table))
            if tuple(samples.columns) != header.columns or not isinstance(samples.index, pd.RangeIndex):
                raise RunError(f"its columns are not {', '.join(header.columns)}")
        except (RunError, ValueError) as error:
            spoilt.append(f"{path}: {error}")
            continue
        samples["at_ns"] += clock.shift(header)
        samples = samples.reindex(columns=list(MACHINE_COLUMNS))
        return samples.assign(cores=header.cores, memory_bytes=header.memory_bytes)
    return pd.DataFrame()
