"""Whitening under the frequencies with which the samples are used."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Self

import numpy as np
from scipy.linalg import svd
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.extmath import svd_flip
from sklearn.utils.validation import check_is_fitted

from sksim.preprocessing._base import VectorTransformer
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
        X = X[p > 0].astype(np.float64)
        p = p[p > 0]
        self.mean_ = p @ X
        weighted = np.sqrt(p)[:, None] * (X - self.mean_)
        U, scales, components = svd(weighted, full_matrices=False)
        _, components = svd_flip(U, components, u_based_decision=False)
        size = max(weighted.shape) * np.finfo(np.float64).eps * np.abs(X).max()
        varies = scales > size
        if not varies.any():
            raise ValueError("X must vary among the rows with positive weight, got equal rows.")
        self.scales_, self.components_ = scales[varies], components[varies]
        self._n_features_out = self.scales_.size
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
        whitened = (X - self.mean_) @ (self.components_ / self.scales_[:, None]).T
        return whitened.astype(X.dtype, copy=False)

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
        X = check_named_array(X, "X", dtype=[np.float64, np.float32])
        if X.shape[1] != self._n_features_out:
            raise ValueError(f"X must have {self._n_features_out} features, got {X.shape[1]}.")
        colored = X @ (self.components_ * self.scales_[:, None]) + self.mean_
        return colored.astype(X.dtype, copy=False)
