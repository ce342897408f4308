"""Where the regions are and what each can take, by the codes that journals hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.records.manifest import Manifest
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import BALANCED, CODES

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]


UNKNOWN = "unknown, behind a balancer"
"""The target of an attempt that a balancer was sent and no region saw."""


class Geography:
    """NaN is what nobody said: of regions that the manifest does not know, or without a table of round trips."""

    def __init__(self, manifest: Manifest, near: bool = False) -> None:
        """`near`: of stages in which the table's distances were not modelled."""
        self._names = [region.name for region in manifest.regions]
        self.weight = np.full(CODES, np.nan)
        """By target."""
        self.weight[: len(self._names)] = [region.weight for region in manifest.regions]
        self.rtt_ms = np.full((CODES, CODES), np.nan)
        """By origin and target."""
        for origin, row in enumerate(manifest.links.rtt_ms if manifest.links and not near else ()):
            self.rtt_ms[origin, : len(row)] = row
        self.above_nearest_ms = self.rtt_ms - np.fmin.reduce(self.rtt_ms, axis=1)[:, None]
        """By origin and target, how much farther that is than the nearest."""
        another = ~np.eye(CODES, dtype=np.bool_)
        self.crosses = np.where(np.isnan(self.above_nearest_ms), another, self.above_nearest_ms > 0)
        """By origin and target, whether that is farther than the nearest; without a table, whether they differ."""

    def __len__(self) -> int:
        return len(self._names)

    def name(self, code: int) -> str:
        """What reports call a target; of a code that the manifest does not know, its number."""
        if code >= BALANCED:
            return UNKNOWN
        return self._names[code] if code < len(self._names) else f"region {code}"


class Geographies:
    """Of all stages of a run."""

    def __init__(self, manifest: Manifest) -> None:
        self._far, self._near = Geography(manifest), Geography(manifest, near=True)

    def of(self, plan: Mapping[str, Any]) -> Geography:
        """The one of a planned stage: without round trips if its `links` are off."""
        return self._far if plan.get("links", True) else self._near


@dataclass(frozen=True)
class Trips:
    """From where to where attempts went, and how many: an entry for each way. The length is the number of attempts."""

    origin: Codes
    target: Codes
    count: Ints

    def where(self, mask: Mask) -> "Trips":
        """Some of the ways."""
        return Trips(self.origin[mask], self.target[mask], self.count[mask])

    def __len__(self) -> int:
        return int(self.count.sum())

    def by_target(self) -> Ints:
        """Attempts by the target's code."""
        found = np.zeros(CODES, np.int64)
        np.add.at(found, self.target, self.count)
        return found

    def cross_region_share(self, geography: Geography) -> float | None:
        """Attempts to a region farther than the nearest, of all; None where there are none."""
        crossed = self.count @ geography.crosses[self.origin, self.target]
        return round(float(crossed) / len(self), 6) if len(self) else None

    def rtt_above_nearest_ms(self, geography: Geography) -> float | None:
        """The mean over the attempts whose round trip is known; None where none is."""
        above = geography.above_nearest_ms[self.origin, self.target]
        told = ~np.isnan(above)
        trips = int(self.count[told].sum())
        return round(float(self.count[told] @ above[told]) / trips, 4) if trips else None


def trips_of(rows: Rows) -> Trips:
    """The ways of the attempts that were sent."""
    sent = was_sent(rows)
    codes, count = np.unique(rows["origin"][sent].astype(np.uint16) * CODES + rows["target"][sent], return_counts=True)
    return Trips((codes // CODES).astype(np.uint8), (codes % CODES).astype(np.uint8), count)


def known_together(parts: Sequence[Trips]) -> Trips:
    """One after the other: a way may be in it more than once."""
    return Trips(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Trips)))


def known_rtt_ms(value: float | np.floating) -> float | None:
    """None for NaN, which stands for unknown in a `Geography`."""
    return None if np.isnan(value) else float(value)
