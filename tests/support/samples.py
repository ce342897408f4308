"""psutil logs made by hand, as the analysis reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from _hookswarm.records.clock import boot_id
from _hookswarm.records.machine import COLUMNS as MACHINE_COLUMNS
from _hookswarm.records.resources import COLUMNS, ResourceHeader
from tests.support.journals import ANCHOR, SECOND, START

Sample = Mapping[str, float | None]
MB = 1 << 20


def sample(at_ns: int = START, **fields: float | None) -> Sample:
    """A process at ease: 100 MB, of which 90 are its own, unless told otherwise."""
    return dict.fromkeys(COLUMNS, 1) | {"at_ns": at_ns, "rss": 100 * MB, "uss": 90 * MB, "fd_limit": 1024} | fields


def write_log(
    folder: Path,
    samples: Sequence[Sample],
    role: str = "sender",
    process: str = "7",
    anchor: int = ANCHOR,
    boot: str = "",
) -> Path:
    """A log as `records` writes it, of this boot unless told otherwise."""
    path = folder / f"resources-{role}-{process}.csv"
    lines = [",".join("" if one[name] is None else str(one[name]) for name in COLUMNS) for one in samples]
    header = ResourceHeader(role, process, anchor, boot=boot or boot_id() or "boot").encode()
    path.write_bytes(header + "".join(f"{line}\n" for line in lines).encode())
    return path


def machine_log(seconds: int, **per_second: float) -> pd.DataFrame:
    """A sample a second, in which some counters grow evenly and the others stand still."""
    at = np.arange(seconds + 1)
    columns: dict[str, object] = dict.fromkeys(MACHINE_COLUMNS, 5.0) | {
        name: 5 + by * at for name, by in per_second.items()
    }
    return pd.DataFrame(columns | {"at_ns": START + at * SECOND, "cores": 2, "memory_bytes": 1 << 30})
