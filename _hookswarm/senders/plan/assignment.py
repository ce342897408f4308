"""Which webhook an event of a stage goes to, and its place among that webhook's events: the same in every process."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from _hookswarm.senders.plan.arrivals import BLOCK
from _hookswarm.senders.plan.stages import Stage

Weights = npt.NDArray[np.float64]
_STREAM = 0x5EED
"""Keeps these draws apart from those of the schedule, which has the same seed."""


class Assignment(Protocol):
    """Spreads a stage's events over its webhooks, in every process alike."""

    def event(self, n: int, /) -> tuple[int, int]:
        """Webhook and sequence of the stage's n-th event. Asked in ascending order of `n`."""


def assignment(stage: Stage, seed: tuple[int, ...], weights: Weights | None = None) -> Assignment:
    """How a stage's events are spread over its webhooks. `weights` of these webhooks, or of more, go before its law."""
    if weights is not None:
        return Popularity(weights[: stage.webhooks], seed)
    if stage.zipf:
        return Popularity(zipf(stage.webhooks, stage.zipf), seed)
    return InTurn(stage.webhooks)


def zipf(webhooks: int, exponent: float) -> Weights:
    """Zipf's law: webhook k (from 0) weighs 1 / (k + 1) ^ exponent."""
    weights: Weights = np.arange(1, webhooks + 1, dtype=np.float64) ** -np.float64(exponent)
    return weights


class InTurn:
    """Every webhook gets as many events as every other."""

    def __init__(self, webhooks: int) -> None:
        self._webhooks = webhooks

    def event(self, n: int) -> tuple[int, int]:
        sequence, webhook = divmod(n, self._webhooks)
        return webhook, sequence


class Popularity:
    """Webhooks get events with probabilities that go as their weights."""

    def __init__(self, weights: Weights, seed: tuple[int, ...]) -> None:
        self._shares = np.cumsum(weights / weights.sum())
        self._random = np.random.default_rng((*seed, _STREAM))
        self._counts = np.zeros(len(weights), np.int64)
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
