"""How fast the spectrum of one representation falls."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.linalg import svdvals

from sksim.metrics._array_formulas import array_center, array_count
from sksim.metrics._linalg import center
from sksim.metrics._measure import SHAPE_MAPS, QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation
from sksim.metrics.quality._spectral import of_array
from sksim.utils._array_api import any_namespace, constant, namespace_of
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["check_ranks", "covariance_spectrum", "log_log_slope", "spectral_slope"]


def _array_spectral_slope(x: Any, *, ranks: Sequence[int]) -> Any:
    first, last = check_ranks(ranks)
    centered = array_center(x, name="X").values
    xp = namespace_of(centered)
    eigenvalues = xp.linalg.svdvals(centered) ** 2
    noise = _noise(constant(eigenvalues), centered.shape, float(xp.finfo(x.dtype).eps))
    eigenvalues = eigenvalues[: array_count(eigenvalues > noise)]
    return _checked_slope(eigenvalues, first, last)


@validate_params({"X": ["array-like"], "ranks": [list, tuple]}, prefer_skip_nested_validation=True)
@of_array(_array_spectral_slope)
def spectral_slope(X: ArrayLike, *, ranks: Sequence[int] = (10, 100)) -> float:
    r"""Exponent of the power law by which the eigenvalues of the covariance fall.

    .. math:: \lambda_r \propto r^{-\alpha}, \qquad
              \alpha = - \frac{\sum_r (\log r - m) \log \lambda_r}{\sum_r (\log r - m)^2}

    by least squares over the ranks r from the first to the last one that are given, with
    :math:`\lambda_1 \ge \lambda_2 \ge \dots` the eigenvalues and m the mean of :math:`\log r`. The
    value is non-negative, 0 for equal eigenvalues.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    ranks : tuple (first, last), default=(10, 100)
        First and last rank of the fit, counted from 1.

    Returns
    -------
    slope : float
        The exponent :math:`\alpha`.

    Raises
    ------
    ValueError
        If the ranks are not two rising integers, the representation has fewer eigenvalues that
        are not zero, or its rows are all equal.

    See Also
    --------
    participation_ratio : Number of directions that carry the variance.
    effective_rank : By the entropy of the singular values.

    Notes
    -----
    The first eigenvalues are left out since they belong to single directions, the last ones since
    they are biased low where n is not much larger than d. That a power law is a fair
    description is for a plot to show. Unchanged by rotation, scale and translation. Time
    O(n d min(n, d)), memory O(n d).

    Exponents near 1 were found in visual cortex [1]_, and steeper ones in the middle layers of
    language models than in the outer ones [2]_; both are findings about these, not properties of
    the number. In an encoder of sentences the slope rises up to the last layer but one, and the
    last is the flattest.

    References
    ----------
    .. [1] C. Stringer, M. Pachitariu, N. Steinmetz, M. Carandini and K. D. Harris (2019).
           High-dimensional geometry of population responses in visual cortex. Nature 571.
    .. [2] Y. Li, E. J. Michaud, D. D. Baek, J. Engels, X. Sun and M. Tegmark (2025). The geometry
           of concepts: sparse autoencoder feature structure. Entropy 27.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import spectral_slope
    >>> X = np.random.RandomState(0).randn(2000, 200) * np.arange(1, 201) ** -0.5
    >>> round(spectral_slope(X), 2)
    1.01
    """
    first, last = check_ranks(ranks)
    return float(_checked_slope(covariance_spectrum(X), first, last))


def _checked_slope(eigenvalues: Any, first: int, last: int) -> Any:
    if last > eigenvalues.shape[0]:
        raise ValueError(
            f"ranks={(first, last)} must end at most at the {eigenvalues.shape[0]} eigenvalues "
            "that are not zero."
        )
    return log_log_slope(eigenvalues, first, last)


def check_ranks(ranks: Sequence[int]) -> tuple[int, int]:
    """First and last rank, two rising integers from 1 on."""
    whole = [rank for rank in ranks if isinstance(rank, int | np.integer)]
    if len(ranks) != 2 or len(whole) != 2 or not 1 <= ranks[0] < ranks[1]:
        raise ValueError(f"ranks must be two rising integers from 1 on, got {tuple(ranks)}.")
    return int(ranks[0]), int(ranks[1])


def _noise(eigenvalues: Any, shape: tuple[int, ...], eps: float) -> Any:
    """Eigenvalue up to which they are rounding."""
    return eigenvalues[0] * max(shape) * eps


def covariance_spectrum(X: ArrayLike) -> np.ndarray:
    """Eigenvalues of the covariance but for a factor, without those that are rounding."""
    centered = center(check_representation(X).astype(np.float64), name="X").values
    eigenvalues = np.square(svdvals(centered, check_finite=False))
    noise = _noise(eigenvalues, centered.shape, float(np.finfo(np.float64).eps))
    return eigenvalues[eigenvalues > noise]


def log_log_slope(eigenvalues: Any, first: int, last: int) -> Any:
    """Minus the slope of the logarithms over the ranks from the first to the last."""
    xp = any_namespace(eigenvalues)
    ranks = xp.arange(first, last + 1, dtype=eigenvalues.dtype, device=eigenvalues.device)
    logs = xp.log(ranks)
    deviations = logs - xp.mean(logs)
    logs_of_values = xp.log(eigenvalues[first - 1 : last])
    slope = xp.sum(deviations * logs_of_values) / xp.sum(deviations * deviations)
    return xp.clip(-slope, 0.0, None)  # eigenvalues that rise are equal but for rounding


register(
    QualityMeasure(
        name="spectral_slope_first",
        function=spectral_slope,
        params={"ranks": (1, 3)},
        greater_is_better=None,
        range=(0.0, np.inf),
        invariances=SHAPE_MAPS | {"row_order", "duplication"},
        min_samples=4,
        min_features=3,
    )
)
