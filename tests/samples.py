"""psutil logs made by hand, as the analysis reads them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from records.clock import boot_id
from records.resources import COLUMNS, LogHeader
from tests.journals import ANCHOR, START

Sample = Mapping[str, float | None]
MB = 1 << 20


def sample(at_ns: int = START, **fields: float | None) -> Sample:
    """A process at ease: 100 MB, of which 90 are its own, unless told otherwise."""
    return dict.fromkeys(COLUMNS, 1) | {"at_ns": at_ns, "rss": 100 * MB, "uss": 90 * MB} | fields


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
    header = LogHeader(role, process, anchor, boot=boot or boot_id() or "boot").encode()
    path.write_bytes(header + "".join(f"{line}\n" for line in lines).encode())
    return path
