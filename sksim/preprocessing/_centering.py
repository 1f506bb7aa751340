"""Centring, plain or weighted towards the hubs."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real
from typing import Any, Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin

from sksim.metrics._array_formulas import array_unit_rows
from sksim.preprocessing._base import VectorTransformer
from sksim.utils._array_api import namespace_of, widest_float
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray
from sksim.utils._unit_rows import unit_rows

__all__ = ["Centering"]


def _check_powers(smallest: float, weighting: float) -> None:
    if smallest < 0 and not float(weighting).is_integer():
        raise ValueError(
            "weighting must be a whole number where a mean cosine is negative, "
            f"got {weighting} and a smallest mean cosine of {smallest:g}."
        )


def _check_weights(total: float, absolute: float) -> None:
    if not abs(total) > np.finfo(np.float64).eps * absolute:
        raise ValueError(
            "weighting needs rows whose weights do not cancel, got mean cosines whose powers sum "
            f"to {total:g}. Use weighting=None."
        )


def _hub_weights(X: np.ndarray, weighting: float) -> np.ndarray:
    """Weights proportional to a power of the mean similarity, summing to 1."""
    unit = unit_rows(X)
    similarity = unit @ unit.mean(axis=0)  # the mean cosine of each row with all rows
    _check_powers(similarity.min(), weighting)
    weights = similarity**weighting
    _check_weights(weights.sum(), np.abs(weights).sum())
    return weights / weights.sum()


def _array_hub_weights(X: Any, weighting: float) -> Any:
    xp = namespace_of(X)
    unit = array_unit_rows(X)
    similarity = unit @ xp.mean(unit, axis=0)
    _check_powers(float(xp.min(similarity)), weighting)
    weights = similarity**weighting
    _check_weights(float(xp.sum(weights)), float(xp.sum(xp.abs(weights))))
    return weights / xp.sum(weights)


def _array_mean(X: Any, weighting: float | None) -> Any:
    """``_refined_mean`` for arrays of other libraries."""
    xp, X = namespace_of(X), widest_float(X)
    if weighting:
        weights = _array_hub_weights(X, weighting)
    else:
        weights = xp.full_like(X[:, 0], 1 / X.shape[0])
    mean = weights @ X
    return mean + weights @ (X - mean)


def _array_without_noise(centered: Any, center: Any) -> Any:
    xp = namespace_of(centered)
    noise = 4 * xp.finfo(center.dtype).eps * xp.max(xp.abs(center))
    is_center = xp.max(xp.abs(centered), axis=1, keepdims=True) <= noise
    return xp.where(is_center, xp.zeros_like(centered), centered)


def _refined_mean(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of the rows, exact for equal rows: the mean of what a first mean leaves is added."""
    mean = np.zeros(X.shape[1])
    for _ in range(2):
        blocks = row_blocks(X.shape[0], 16 * X.shape[1])
        mean += sum(weights[rows] @ (X[rows] - mean) for rows in blocks)
    return mean


def _without_noise(centered: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Centred rows, zero where no entry is more than a rounding error of the centre."""
    noise = 4 * np.finfo(np.float64).eps * np.abs(center).max()
    is_center = np.abs(centered).max(axis=1, keepdims=True) <= noise
    return np.where(is_center, 0.0, centered)


class Centering(OneToOneFeatureMixin, VectorTransformer):
    r"""Subtract the mean of the training rows, then scale rows to unit length.

    .. math:: x \mapsto \frac{x - c}{\|x - c\|}, \qquad c = \sum_i w_i x_i.

    Hubs of inner-product and cosine similarities lie near the mean; after centring no sample is
    nearer to the mean than another. Plain centring has equal weights. Weighted centring moves c
    towards the hubs, :math:`w_i \propto (\sum_j \cos(x_i, x_j))^\gamma`.

    .. versionadded:: 0.1

    Parameters
    ----------
    weighting : float, default=None
        The exponent :math:`\gamma \ge 0`. None and 0 are plain centring.
    normalize : bool, default=True
        Whether to scale each row to unit Euclidean length. Rows that equal the mean, up to
        rounding, become zeros.

    Attributes
    ----------
    center_ : ndarray of shape (n_features,)
        The (weighted) mean c.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if the input was a data frame.

    See Also
    --------
    AllButTheTop : Removes the main directions too.
    NormalScoreTransformer : Changes the distribution of each feature.
    sksim.hubness.LocalizedCentering : Subtracts the similarity to the local mean.

    Notes
    -----
    Without ``normalize`` Euclidean distances do not change. Costs O(n D) time and
    memory, one copy of X.

    References
    ----------
    .. [1] I. Suzuki, K. Hara, M. Shimbo, M. Saerens and K. Fukumizu (2013). Centering similarity
           measures to reduce hubs. Conference on Empirical Methods in Natural Language Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.preprocessing import Centering
    >>> X = np.array([[3.0, 1.0], [1.0, 1.0]])
    >>> Centering().fit_transform(X)
    array([[ 1.,  0.],
           [-1.,  0.]])
    """

    _fitted_array = "center_"

    _parameter_constraints: dict = {
        "weighting": [Interval(Real, 0, None, closed="left"), None],
        "normalize": ["boolean"],
    }

    def __init__(self, *, weighting: float | None = None, normalize: bool = True) -> None:
        self.weighting = weighting
        self.normalize = normalize

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Fit the mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training vectors.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        X = self._check_training_rows(X)
        if namespace_of(X) is not None:
            self.center_ = _array_mean(X, self.weighting)
            return self
        equal = np.full(X.shape[0], 1 / X.shape[0])
        weights = _hub_weights(X, self.weighting) if self.weighting else equal
        self.center_ = _refined_mean(X, weights)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Subtract the mean and scale rows to unit length.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Vectors.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            Centred vectors.
        """
        X = self._check_rows(X)
        if (xp := namespace_of(X)) is not None:
            centered = widest_float(X) - self.center_
            if self.normalize:
                centered = array_unit_rows(_array_without_noise(centered, self.center_))
            return xp.astype(centered, X.dtype, copy=False)
        centered = X - self.center_
        if self.normalize:
            centered = unit_rows(_without_noise(centered, self.center_))
        return centered.astype(X.dtype, copy=False)
