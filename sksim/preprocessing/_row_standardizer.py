"""Standardising each vector by its own mean and deviation."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils import Tags

from sksim.preprocessing._base import VectorTransformer
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike, FloatArray
from sksim.utils._unit_rows import unit_rows

__all__ = ["RowStandardizer"]


def _standardize(rows: np.ndarray) -> np.ndarray:
    """Rows less their mean over their deviation, which no common factor of a row changes."""
    centered = rows - rows.mean(axis=1, keepdims=True)
    deviation = np.sqrt(np.mean(centered**2, axis=1, keepdims=True))
    # A constant vector leaves rounding noise about its mean.
    noise = 10 * np.finfo(np.float64).eps * np.abs(rows).max(axis=1, keepdims=True)
    is_constant = deviation <= noise
    return np.where(is_constant, 0.0, centered) / np.where(is_constant, 1.0, deviation)


class RowStandardizer(OneToOneFeatureMixin, VectorTransformer):
    r"""Give each vector the mean 0 and the standard deviation 1 over its own entries.

    .. math:: x \mapsto \frac{x - \bar x}{s(x)}, \qquad
        \bar x = \frac{1}{D}\sum_j x_j, \quad s(x)^2 = \frac{1}{D}\sum_j (x_j - \bar x)^2.

    All vectors then have the length :math:`\sqrt{D}` and are orthogonal to the vector of ones.

    .. versionadded:: 0.1

    Attributes
    ----------
    n_features_in_ : int
        Number of features D.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if the input was a data frame.

    See Also
    --------
    Centering : Subtracts the mean over the samples, not over the features.
    sklearn.preprocessing.StandardScaler : Standardises features, not samples.

    Notes
    -----
    Stateless: nothing is learnt from the training rows. A constant vector becomes zeros.
    Costs O(n D) time and memory, one copy of X.

    References
    ----------
    .. [1] N. Fei, Y. Gao, Z. Lu and T. Xiang (2021). Z-score normalization, hubness, and few-shot
           learning. IEEE/CVF International Conference on Computer Vision.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.preprocessing import RowStandardizer
    >>> RowStandardizer().fit_transform(np.array([[1.0, 3.0], [5.0, 5.0]]))
    array([[-1.,  1.],
           [ 0.,  0.]])
    """

    _parameter_constraints: dict = {}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the input; nothing is learnt.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training vectors.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The transformer.
        """
        self._check_training_rows(X)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Standardise each vector.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Vectors.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
            Standardised vectors.
        """
        X = self._check_rows(X)
        return _standardize(unit_rows(X)).astype(X.dtype, copy=False)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags
