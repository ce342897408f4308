"""Exact quantiles by nearest rank: each one is a value that was observed."""

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.schema.base import Quantiles

LEVELS = (0.5, 0.9, 0.95, 0.99, 0.999)


def quantiles_of(values_ms: npt.NDArray[np.float64]) -> Quantiles:
    """Quantiles of latencies in milliseconds; nulls for an empty array."""
    if not len(values_ms):
        return Quantiles(count=0, mean=None, p50=None, p90=None, p95=None, p99=None, p999=None, max=None)
    found = np.quantile(values_ms, LEVELS, method="inverted_cdf")
    p50, p90, p95, p99, p999 = (round(float(value), 4) for value in found)
    return Quantiles(
        count=len(values_ms),
        mean=round(float(values_ms.mean()), 4),
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p999=p999,
        max=round(float(values_ms.max()), 4),
    )
