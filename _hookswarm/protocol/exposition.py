"""Metrics as Prometheus reads them: made when somebody asks, of what is counted anyway."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector


def exposition(metrics: Iterable[Metric]) -> tuple[bytes, str]:
    """Their text, and its content type."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(metrics))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Told(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics
