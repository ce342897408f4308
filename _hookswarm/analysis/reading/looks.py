"""What a service's deliveries looked like, as receivers kept it: a line of JSON for each."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from _hookswarm.analysis.reading.rows import Keys

MOST = 100_000
"""Lines that are read of a run."""


class Looks(BaseModel):
    """One request. Its event is None where none of ours is in it."""

    at: int
    """When it was received, ns, by the receiver's clock."""
    run: int | None = None
    """Its tag."""
    stage: int | None = None
    webhook: int | None = None
    sequence: int | None = None
    endpoint: int | None = None
    method: str
    path: str
    ports: list[int] = []
    """The far ends of the connections that were open then; empty: nobody knows."""
    id_in: list[str] = []
    """Headers that hold the event's id."""
    headers: dict[str, str]
    """By names in lower case."""


def read_looks(folder: Path, runs: Keys, spoilt: list[str], most: int = MOST) -> Sequence[Looks]:
    """Those that are there, in the order of time; what cannot be read goes to `spoilt`, but for a torn last line.

    Events of other runs than these (by tag), which the service still had, are left out: their names are ours again.
    """
    known = {None, *runs.tolist()}
    found: list[Looks] = []
    for path in sorted(folder.glob("evidence-*.ndjson")):
        try:
            found += _lines(path, most - len(found))
        except (OSError, ValidationError, UnicodeDecodeError) as error:
            fault = "a line of it is not as it should be" if isinstance(error, ValueError) else str(error)
            spoilt.append(f"{path}: {fault}")
    return sorted((one for one in found if one.run in known), key=lambda one: one.at)


def _lines(path: Path, most: int) -> Iterator[Looks]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if most <= 0 or not line.endswith("\n"):
                return
            most -= 1
            yield Looks.model_validate_json(line)
