"""How far events arrived out of their order: counted exactly, per webhook."""

from typing import NamedTuple

import numpy as np

from _hookswarm.analysis.reading.rows import Ints, Keys, Mask


class Disorder(NamedTuple):
    """Counts over all webhooks; no webhook's events are compared with another's."""

    reordered: int
    """Events that came after a later one of their webhook."""
    inversions: int
    """Pairs of a webhook's events in the wrong order."""
    displacement: int
    """The largest distance between an event's place by sequence and by arrival, within its webhook."""


def disorder_of(webhook: Keys, seen: Ints) -> Disorder:
    """Of events sorted by webhook and sequence, `seen` at these times. The same instant is no disorder."""
    if not np.any((seen[1:] < seen[:-1]) & (webhook[1:] == webhook[:-1])):
        return Disorder(0, 0, 0)
    # The events by their arrivals, webhook after webhook: a permutation that mixes no two webhooks.
    order: Ints = np.lexsort((seen, webhook))
    place = np.arange(len(order))
    latest = np.maximum.accumulate(order)
    return Disorder(
        reordered=int(np.count_nonzero(order < latest)),
        inversions=_inversions(_tangled(order, latest == place)),
        displacement=int(np.abs(order - place).max()),
    )


def overtaken(webhook: Keys, seen: Ints) -> Mask:
    """Which of these events came after a later one of their webhook."""
    order: Ints = np.lexsort((seen, webhook))
    found = np.empty(len(order), np.bool_)
    found[order] = order < np.maximum.accumulate(order)
    return found


def overtaken_by_later(webhook: Ints, began: Ints, ended: Ints, seen: Ints) -> Mask:
    """Which of these came after one of their webhook that began when they had ended: all three are times."""
    order: Ints = np.lexsort((began, webhook))
    if not len(order):
        return np.zeros(0, np.bool_)
    _, rank = np.unique(webhook, return_inverse=True)
    origin = min(int(began.min()), int(seen.min()))
    span = max(int(began.max()), int(seen.max())) - origin + 2
    # One axis for all webhooks, one after the other: what is of another one is never the earlier.
    line = rank * span
    starts = (line + began - origin)[order]
    earliest = np.minimum.accumulate((line + seen - origin)[order][::-1])[::-1]
    later = np.searchsorted(starts, line + np.minimum(ended - origin, span - 1), side="right")
    found: Mask = np.append(earliest, np.iinfo(np.int64).max)[later] < line + seen - origin
    return found


def _tangled(order: Ints, whole: Mask) -> Ints:
    """The permutation without the events that all others stand on the right side of.

    `whole` marks the places up to which the permutation holds nothing that belongs after: there it falls apart.
    """
    alone = whole & np.concatenate(([True], whole[:-1]))
    names = np.cumsum(~alone) - 1
    return names[order[~alone]]


def _inversions(values: Ints) -> int:
    """Pairs out of order in a permutation of 0..n-1: a merge sort that merges all runs of a width at once."""
    size = 1 << (len(values) - 1).bit_length()
    runs = np.concatenate([values, np.arange(len(values), size)])
    count, width = 0, 1
    while width < size:
        runs = runs.reshape(-1, 2 * width)
        order = np.argsort(runs, axis=1, kind="stable")
        # What a value of the left run has before it in the merged run, but its own run's, should come after it.
        count += int(np.nonzero(order < width)[1].sum()) - len(runs) * (width * (width - 1) // 2)
        runs = np.take_along_axis(runs, order, axis=1)
        width *= 2
    return count
