"""Alignment by regression."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, Self

from sklearn.base import clone

from sksim.alignment._base import BaseAligner
from sksim.metrics._ridge import relative_ridge
from sksim.utils._sklearn import HasMethods, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["LinearAligner"]


class LinearAligner(BaseAligner):
    r"""Map one representation onto another by regression.

    .. math:: \hat y = W^T x + b, \qquad
              (W, b) = \arg\min \sum_i \lVert W^T x_i + b - y_i \rVert^2
              + \alpha \lVert W \rVert_F^2

    by default with the penalty :math:`\alpha` chosen by leave-one-out cross-validation
    (:class:`~sklearn.linear_model.RidgeCV`) among 0.1, 1 and 10 times the mean variance of a
    feature of X, so that the map does not depend on the unit of either representation. Its
    held-out score is the linear predictivity of the target from the source.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : estimator object, default=None
        A regressor for several targets, which is cloned; None means ``RidgeCV`` with relative
        penalties.

    Attributes
    ----------
    estimator_ : estimator object
        The fitted regressor.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    See Also
    --------
    ProcrustesAligner : Rotation only, which has an inverse.
    CCAAligner : Regression through a few shared directions.
    sksim.metrics.linear_predictivity_score : The held-out score as one number.

    Notes
    -----
    Time and memory are those of the regressor; ``RidgeCV`` takes O(n d min(n, d) + n d m). There
    is no ``inverse_transform``: fit another aligner in the other direction.

    References
    ----------
    .. [1] D. L. K. Yamins, H. Hong, C. F. Cadieu, E. A. Solomon, D. Seibert and J. J. DiCarlo
           (2014). Performance-optimized hierarchical models predict neural responses in higher
           visual cortex. Proceedings of the National Academy of Sciences 111.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import cross_val_score
    >>> from sksim.alignment import LinearAligner
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(60, 4)
    >>> Y = X @ rng.randn(4, 6) + 0.1 * rng.randn(60, 6)
    >>> bool(cross_val_score(LinearAligner(), X, Y, cv=3).min() > 0.98)
    True
    """

    _parameter_constraints: dict = {"estimator": [HasMethods(["fit", "predict"]), None]}

    def __init__(self, estimator: Any = None) -> None:
        self.estimator = estimator

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Fit the regressor.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The source representation.
        y : array-like of shape (n_samples, n_target_features) or (n_samples,)
            The target representation of the same samples.

        Returns
        -------
        self : LinearAligner
            The fitted aligner.
        """
        X, Y = self._check_regression_pair(X, y)
        estimator = relative_ridge(X) if self.estimator is None else clone(self.estimator)
        self.estimator_ = estimator.fit(X, Y)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Map samples into the frame of the target representation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples in the source representation.

        Returns
        -------
        Y : ndarray of shape (n_samples, n_target_features)
            The samples in the frame of the target representation.
        """
        X = self._check_rows(X)
        predicted = self.estimator_.predict(X).reshape(X.shape[0], self._n_features_out)
        return predicted.astype(X.dtype, copy=False)
