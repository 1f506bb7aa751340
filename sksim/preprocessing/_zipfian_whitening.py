"""Whitening under the frequencies with which the samples are used."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, Self

import numpy as np
from scipy.linalg import svd
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.extmath import svd_flip
from sklearn.utils.validation import check_is_fitted

from sksim.metrics._array_formulas import array_count
from sksim.preprocessing._base import VectorTransformer
from sksim.utils._array_api import constant, float_types, move, namespace_of, widest_float
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["ZipfianWhitening"]


def _probabilities(sample_weight: ArrayLike | None, n_samples: int) -> np.ndarray:
    """Weights scaled to sum to one; equal ones if there are none."""
    if sample_weight is None:
        return np.full(n_samples, 1.0 / n_samples)
    p = check_named_array(sample_weight, "sample_weight", ensure_2d=False, dtype=np.float64)
    if p.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape ({n_samples},), one weight a row, got {p.shape}."
        )
    if p.min() < 0 or p.sum() == 0:
        raise ValueError(
            "sample_weight must be non-negative and not zero in all rows, got values from "
            f"{p.min():g} to {p.max():g}."
        )
    return p / p.sum()


def _axes(X: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean under p, and standard deviations and directions of the axes that vary."""
    X, p = X[p > 0].astype(np.float64), p[p > 0]
    mean = p @ X
    weighted = np.sqrt(p)[:, None] * (X - mean)
    U, scales, components = svd(weighted, full_matrices=False)
    _, components = svd_flip(U, components, u_based_decision=False)
    size = max(weighted.shape) * np.finfo(np.float64).eps * np.abs(X).max()
    varies = scales > size
    return mean, scales[varies], components[varies]


def _array_axes(X: Any, p: np.ndarray) -> tuple[Any, Any, Any]:
    """``_axes`` for arrays of other libraries."""
    xp, X = namespace_of(X), widest_float(X)
    X = xp.take(X, move(np.flatnonzero(p), like=X), axis=0)
    weights = xp.astype(move(p[p > 0], like=X), X.dtype, copy=False)
    mean = weights @ X
    weighted = xp.sqrt(weights)[:, None] * (X - mean)
    U, scales, components = xp.linalg.svd(weighted, full_matrices=False)
    _, components = svd_flip(U, components, u_based_decision=False)
    size = max(weighted.shape) * xp.finfo(X.dtype).eps * xp.max(xp.abs(X))
    rank = array_count(scales > size)
    return mean, scales[:rank], components[:rank, :]


class ZipfianWhitening(ClassNamePrefixFeaturesOutMixin, VectorTransformer):
    r"""Centre and whiten embeddings under the frequencies of the items that they stand for.

    With the probabilities p of the n items, for words their unigram frequencies:

    .. math:: \mu = \sum_i p_i x_i, \qquad
              \operatorname{diag}(\sqrt p) (X - 1 \mu^T) = U S V^T, \qquad
              z = S^{-1} V^T (x - \mu)

    so that under p the mean of z is zero and its covariance the identity. With equal
    probabilities, which most whitening takes without saying so, rare items outvote the frequent
    ones.

    .. versionadded:: 0.1

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        The mean :math:`\mu`.
    components_ : ndarray of shape (n_components, n_features)
        The matrix V^T, principal axes.
    scales_ : ndarray of shape (n_components,)
        The diagonal of S, the standard deviations along the axes under p.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    See Also
    --------
    AllButTheTop : Removes the leading directions only.
    sklearn.decomposition.PCA : ``whiten=True`` is the same with equal probabilities.

    Notes
    -----
    Axes without variance, within rounding error, are left out. Time O(n d min(n, d)), memory
    O(n d). Weights are equivalent to repeating rows. Set the request for ``sample_weight`` where
    metadata routing is enabled, or fit in a pipeline with
    ``zipfianwhitening__sample_weight=p``.

    References
    ----------
    .. [1] S. Yokoi, H. Bao, H. Kurita and H. Shimodaira (2024). Zipfian whitening. Advances in
           Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.preprocessing import ZipfianWhitening
    >>> X = np.random.RandomState(0).randn(100, 3) @ np.array([[2, 1, 0], [0, 1, 0], [0, 3, 5]])
    >>> p = 1 / np.arange(1, 101)
    >>> Z = ZipfianWhitening().fit(X, sample_weight=p).transform(X)
    >>> abs(np.cov(Z, rowvar=False, aweights=p, ddof=0)).round(6)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """

    _parameter_constraints: dict = {}

    _fitted_array = "mean_"

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Find the mean and the axes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Frequencies p, not negative; they need not sum to one. None takes all as equal.

        Returns
        -------
        self : ZipfianWhitening
            The fitted transformer.
        """
        X = self._check_training_rows(X, ensure_min_samples=2)
        p = _probabilities(sample_weight, X.shape[0])
        axes = _axes if namespace_of(X) is None else _array_axes
        self.mean_: FloatArray
        self.scales_: FloatArray
        self.components_: FloatArray
        self.mean_, self.scales_, self.components_ = axes(X, p)
        self._n_features_out = self.scales_.shape[0]
        if self._n_features_out == 0:
            raise ValueError("X must vary among the rows with positive weight, got equal rows.")
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Centre and whiten.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            Whitened samples.
        """
        X = self._check_rows(X)
        xp = namespace_of(X)
        centered = (X if xp is None else widest_float(X)) - self.mean_
        whitened = centered @ (self.components_ / self.scales_[:, None]).T
        return whitened.astype(X.dtype, copy=False) if xp is None else xp.astype(whitened, X.dtype)

    def inverse_transform(self, X: ArrayLike) -> FloatArray:
        """Undo the whitening, up to the axes without variance.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Whitened samples.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Samples in the original space.
        """
        check_is_fitted(self)
        xp = namespace_of(X)
        floats = [np.float64, np.float32] if xp is None else float_types(X)
        X = check_named_array(constant(X), "X", dtype=floats, keep_library=xp is not None)
        self._check_library(X, "inverse_transform")
        if X.shape[1] != self._n_features_out:
            raise ValueError(f"X must have {self._n_features_out} features, got {X.shape[1]}.")
        whitened = X if xp is None else widest_float(X)
        colored = whitened @ (self.components_ * self.scales_[:, None]) + self.mean_
        return colored.astype(X.dtype, copy=False) if xp is None else xp.astype(colored, X.dtype)
