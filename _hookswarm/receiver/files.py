"""What a receiver wrote of a run, for whoever collects it over the control API."""

import re
from collections.abc import Iterator
from pathlib import Path

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
KINDS = ("arrivals", "fsyncs", "bodies", "evidence", "resources-receiver", "resources-supervisor")
CHUNK = 1 << 20


def files_of_run(results: Path, run: str, region: str) -> list[tuple[str, int]]:
    """Names and sizes of the files of a region's receiver in a run's folder; of one that is not there, none."""
    if not SAFE.fullmatch(run):
        return []
    # Whole: the name of one region may be the beginning of another's.
    own = re.compile(rf"({'|'.join(KINDS)})-{re.escape(region)}-[0-9]+(\.[0-9]+)?\.(journal|ndjson|csv)")
    found = (path for path in (results / run).glob("*") if own.fullmatch(path.name))
    return sorted((path.name, path.stat().st_size) for path in found if path.is_file())


def read_part(path: Path, size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file, which may be growing."""
    with path.open("rb") as file:
        while size > 0 and (chunk := file.read(min(CHUNK, size))):
            size -= len(chunk)
            yield chunk
