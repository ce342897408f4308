"""The Universal Scalability Law, X(N) = g N / (1 + a (N - 1) + b N (N - 1)), fitted to measured throughputs.

Gunther, Guerrilla Capacity Planning, 2007. Plain least squares, as all published fits are.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.scaling import lack_of_fit
from _hookswarm.analysis.schema.scalability import CurvePoint, Estimate, Peak, Usl

Floats = npt.NDArray[np.float64]

LEVELS = 4
"""Distinct N without which there are no more data than coefficients."""
CURVE = 31
"""Points of the law that are told."""
RESAMPLES = 1_000
CONFIDENCE = 0.95
SEED = 2007
MOST = 1 - 1e-9
"""A point's leverage is held below 1, where its residual says nothing of its noise."""


def fit_usl(n: Sequence[float], throughput: Sequence[float]) -> Usl:
    """The law that describes `throughput` at load `n`, repeats among them, with 95 % intervals.

    The intervals are the wider of two. Student's t is right where the noise is alike everywhere. The wild bootstrap-t
    (Liu, Annals of Statistics 16, 1988; linearised, as in Kline and Santos, Journal of Econometric Methods 1, 2012;
    with MacKinnon and White's HC3 errors) is right where it grows with throughput, as a busy machine makes it.
    Neither alone covers the true coefficients 95 times of 100 in both cases, and the percentile bootstrap of three
    repeats in none; the wider of the two does (docs/scalability.md has the figures).
    """
    x, y = np.asarray(n, np.float64), np.asarray(throughput, np.float64)
    levels = len(np.unique(x))
    if levels < LEVELS:
        return _skipped(f"only {levels} of the {LEVELS} sizes that a fit needs", len(x))
    if not (y > 0).all():
        return _skipped("a stage delivered nothing", len(x))
    found = _fit(x, y)
    errors = _Errors(x, y, found)
    alpha, beta, gamma = (
        Estimate(value=float(value), low=max(0.0, float(value - by)), high=float(value + by))
        for value, by in zip(found, (errors.half_width(row) for row in np.eye(3)), strict=True)
    )
    alpha = alpha.model_copy(update={"high": min(alpha.high, 1.0)})
    peak = _peak(x, found, errors) if beta.low > 0 else None
    ok, residuals = lack_of_fit.judge_fit(x, y, usl_throughput(x, *found))
    return Usl(
        skipped=None,
        points=len(x),
        alpha=alpha,
        beta=beta,
        gamma=gamma,
        peak=peak,
        curve=_curve(x, found, errors),
        shape=_shape(float(x.max()), alpha, beta, gamma, peak),
        residuals_ok=ok,
        residuals=residuals,
    )


def usl_throughput(n: Floats, a: float, b: float, g: float) -> Floats:
    """The law at each size n: a is contention, b coherency, and g the throughput at 1, a second."""
    return g * n / (1 + a * (n - 1) + b * n * (n - 1))


def _slopes(n: Floats, a: float, b: float, g: float) -> Floats:
    """The derivatives of the law by a, b and g, a row for each n."""
    divisor = 1 + a * (n - 1) + b * n * (n - 1)
    x = g * n / divisor
    return np.stack([-x * (n - 1) / divisor, -x * n * (n - 1) / divisor, n / divisor], axis=-1)


def _fit(n: Floats, y: Floats) -> Floats:
    from scipy.optimize import curve_fit  # slow to import: only for those who fit

    # N / X is linear in 1 / g, a / g and b / g: a start from which the fit needs few steps.
    terms = np.stack([np.ones_like(n), n - 1, n * (n - 1)], axis=-1)
    c0, c1, c2 = np.linalg.lstsq(terms * (y / n)[:, None], np.ones_like(n), rcond=None)[0]
    start = [np.clip(c1 / c0, 1e-6, 0.99), max(c2 / c0, 1e-9), 1 / c0] if c0 > 0 else [0.1, 1e-3, (y / n).max()]
    bounds = ([0, 0, 0], [1, np.inf, np.inf])
    values, _ = curve_fit(
        usl_throughput, n, y, p0=start, jac=_slopes, bounds=bounds, x_scale="jac", xtol=1e-12, ftol=1e-12
    )
    return np.asarray(values, np.float64)


class _Errors:
    """How far from the truth a fit may be, in any direction that its coefficients can move."""

    def __init__(self, n: Floats, y: Floats, found: Floats) -> None:
        from scipy.stats import t

        slopes = _slopes(n, *found)
        self._pull = np.linalg.pinv(slopes)  # how each point pulls at the coefficients
        residuals = y - usl_throughput(n, *found)
        leverage = np.clip(np.einsum("ij,ji->i", slopes, self._pull), 0, MOST)
        self._noise = residuals / (1 - leverage)
        freedom = len(n) - len(found)
        self._t = t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(residuals @ residuals / freedom)
        signs = np.random.default_rng(SEED).choice([-1.0, 1.0], (RESAMPLES, len(n)))
        self._resampled = signs * self._noise
        self._left = (self._resampled - self._resampled @ self._pull.T @ slopes.T) / (1 - leverage)

    def half_width(self, direction: Floats) -> float:
        """Half of the confidence interval of `direction @ coefficients`."""
        pull = direction @ self._pull
        moved = np.abs(self._resampled @ pull)
        errors = np.sqrt(self._left**2 @ pull**2)
        ratios = np.divide(moved, errors, out=np.zeros_like(moved), where=errors > 0)
        wild = np.quantile(ratios, CONFIDENCE) * np.sqrt(self._noise**2 @ pull**2)
        return float(max(wild, self._t * np.sqrt(pull @ pull)))


def _peak(n: Floats, found: Floats, errors: _Errors) -> Peak | None:
    """Where the law is highest, or None unless the whole interval lies inside of what was measured."""
    a, b, _ = found
    if a >= 1 or b <= 0:
        return None
    at = np.sqrt((1 - a) / b)
    # By the delta method, on the logarithm: what is measured is a ratio.
    by = errors.half_width(np.array([-0.5 / (1 - a), -0.5 / b, 0]))
    around = Estimate(value=float(at), low=float(at * np.exp(-by)), high=float(at * np.exp(by)))
    if around.low < n.min() or around.high > n.max():
        return None
    # The law is level at its peak: that the peak may lie elsewhere does not move its height.
    height = float(usl_throughput(at, *found))
    by = errors.half_width(_slopes(at, *found))
    return Peak(at=around, throughput_per_s=Estimate(value=height, low=height - by, high=height + by))


def _curve(n: Floats, found: Floats, errors: _Errors) -> list[CurvePoint]:
    points = []
    for at in np.linspace(n.min(), n.max(), CURVE):
        height, by = float(usl_throughput(at, *found)), errors.half_width(_slopes(at, *found))
        around = Estimate(value=round(height, 3), low=round(max(height - by, 0.0), 3), high=round(height + by, 3))
        points.append(CurvePoint(factor=round(float(at), 4), throughput_per_s=around))
    return points


def _shape(most: float, alpha: Estimate, beta: Estimate, gamma: Estimate, peak: Peak | None) -> str:
    if peak:
        return f"throughput peaks at x{peak.at.value:.1f} and falls beyond"
    none = f"no peak inside the measured range (x{most:g})"
    if beta.low > 0:
        return f"{none}: growth slows down, and each further step costs more (coherency)"
    if alpha.low > 0:
        return f"{none}: growth slows down towards a ceiling of {gamma.value / alpha.value:,.0f}/s (contention)"
    return f"{none}: growth is linear, as far as the data tell"


def _skipped(reason: str, points: int) -> Usl:
    return Usl(
        skipped=reason,
        points=points,
        alpha=None,
        beta=None,
        gamma=None,
        peak=None,
        curve=[],
        shape=reason,
        residuals_ok=None,
        residuals=reason,
    )
