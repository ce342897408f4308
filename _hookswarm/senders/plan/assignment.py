"""Which webhook an event of a stage goes to, and its place among that webhook's events: the same in every process."""

from typing import Protocol

import numpy as np

from _hookswarm.senders.plan.arrivals import BLOCK
from _hookswarm.senders.plan.stages import Stage

_STREAM = 0x5EED
"""Keeps these draws apart from those of the schedule, which has the same seed."""


class Assignment(Protocol):
    """Spreads a stage's events over its webhooks, in every process alike."""

    def event(self, n: int, /) -> tuple[int, int]:
        """Webhook and sequence of the stage's n-th event. Asked in ascending order of `n`."""


def assignment(stage: Stage, seed: tuple[int, ...]) -> Assignment:
    """How a stage's events are spread over its webhooks."""
    return Popularity(stage.webhooks, stage.zipf, seed) if stage.zipf else InTurn(stage.webhooks)


class InTurn:
    """Every webhook gets as many events as every other."""

    def __init__(self, webhooks: int) -> None:
        self._webhooks = webhooks

    def event(self, n: int) -> tuple[int, int]:
        sequence, webhook = divmod(n, self._webhooks)
        return webhook, sequence


class Popularity:
    """Zipf's law: webhook k (from 0) gets events with a probability that goes as 1 / (k + 1) ^ exponent."""

    def __init__(self, webhooks: int, exponent: float, seed: tuple[int, ...]) -> None:
        weights = (np.arange(webhooks) + 1.0) ** -exponent
        self._shares = np.cumsum(weights / weights.sum())
        self._random = np.random.default_rng((*seed, _STREAM))
        self._counts = np.zeros(webhooks, np.int64)
        self._end = 0
        self._block: list[tuple[int, int]] = []

    def event(self, n: int) -> tuple[int, int]:
        while n >= self._end:
            self._draw()
        return self._block[n - self._end]  # counted from the block's end

    def _draw(self) -> None:
        drawn = np.minimum(
            np.searchsorted(self._shares, self._random.random(BLOCK), side="right"), len(self._counts) - 1
        )
        order = np.argsort(drawn, kind="stable")
        ranked = drawn[order]
        # The place of each draw among the block's draws of its webhook.
        first = np.searchsorted(ranked, ranked)
        place = np.empty(BLOCK, np.int64)
        place[order] = np.arange(BLOCK) - first
        sequence = self._counts[drawn] + place
        self._counts += np.bincount(drawn, minlength=len(self._counts))
        self._block = list(zip(drawn.tolist(), sequence.tolist(), strict=True))
        self._end += BLOCK
