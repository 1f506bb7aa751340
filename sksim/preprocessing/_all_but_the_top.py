"""All-but-the-top: remove the mean and the main directions."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.linalg import eigh
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.extmath import svd_flip

from sksim.preprocessing._base import VectorTransformer
from sksim.utils._array_api import namespace_of, widest_float
from sksim.utils._sklearn import Interval, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["AllButTheTop"]


def _main_directions(centered: np.ndarray, n_components: int) -> np.ndarray:
    """Eigenvectors of the largest eigenvalues of the covariance, as rows, with fixed signs."""
    n_features = centered.shape[1]
    top = [n_features - n_components, n_features - 1]
    scaled = centered / (np.abs(centered).max() or 1.0)  # so that squares stay in range
    _, vectors = eigh(scaled.T @ scaled, subset_by_index=top)
    return svd_flip(None, vectors.T[::-1].copy(), u_based_decision=False)[1]


def _array_mean_and_directions(X: Any, n_components: int) -> tuple[Any, Any]:
    """Mean and main directions of an array of another library."""
    xp, X = namespace_of(X), widest_float(X)
    mean = xp.mean(X, axis=0)
    if n_components == 0:
        return mean, X[:0, :]
    centered = X - mean
    scaled = centered / (float(xp.max(xp.abs(centered))) or 1.0)
    _, vectors = xp.linalg.eigh(scaled.T @ scaled)
    top = xp.flip(vectors[:, vectors.shape[1] - n_components :], axis=1).T
    return mean, svd_flip(None, top, u_based_decision=False)[1]


class AllButTheTop(OneToOneFeatureMixin, VectorTransformer):
    r"""Subtract the mean and project out the directions of largest variance.

    .. math:: x \mapsto (I - V V^T)(x - \bar x),

    with V the first ``n_components`` principal directions of the training rows. In word and
    sentence embeddings these carry frequency rather than meaning, and make vectors similar that
    are not.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=1
        Number of directions to remove. The authors suggest D / 100 for D features. With 0 only
        the mean is removed.

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean of the training rows.
    components_ : ndarray of shape (n_components, n_features)
        The removed directions, of unit length, the strongest first.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if the input was a data frame.

    See Also
    --------
    Centering : Removes the mean only.
    sklearn.decomposition.PCA : Keeps the directions that are removed here.

    Notes
    -----
    Costs O(n D^2 + D^3) time and O(D^2) memory.

    References
    ----------
    .. [1] J. Mu and P. Viswanath (2018). All-but-the-top: simple and effective postprocessing for
           word representations. International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.preprocessing import AllButTheTop
    >>> X = np.array([[10.0, 1.0], [-10.0, 1.0], [0.0, 2.0], [0.0, 0.0]])
    >>> AllButTheTop(n_components=1).fit_transform(X).round(3) + 0.0
    array([[ 0.,  0.],
           [ 0.,  0.],
           [ 0.,  1.],
           [ 0., -1.]])
    """

    _fitted_array = "mean_"

    _parameter_constraints: dict = {"n_components": [Interval(Integral, 0, None, closed="left")]}

    def __init__(self, n_components: int = 1) -> None:
        self.n_components = n_components

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Fit the mean and the main directions.

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
        if self.n_components > X.shape[1]:
            raise ValueError(
                f"n_components must be at most n_features = {X.shape[1]}, got {self.n_components}."
            )
        if self.n_components >= X.shape[0]:
            raise ValueError(
                f"n_components must be less than n_samples = {X.shape[0]}, got {self.n_components}."
            )
        if namespace_of(X) is not None:
            self.mean_: FloatArray
            self.components_: FloatArray
            self.mean_, self.components_ = _array_mean_and_directions(X, self.n_components)
            return self
        self.mean_ = X.mean(axis=0, dtype=np.float64)
        if self.n_components:
            self.components_ = _main_directions(X - self.mean_, self.n_components)
        else:
            self.components_ = np.empty((0, X.shape[1]))
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Subtract the mean and remove the main directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Vectors.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            What is left of the vectors.
        """
        X = self._check_rows(X)
        xp = namespace_of(X)
        centered = (X if xp is None else widest_float(X)) - self.mean_
        left = centered - centered @ self.components_.T @ self.components_
        return left.astype(X.dtype, copy=False) if xp is None else xp.astype(left, X.dtype)
