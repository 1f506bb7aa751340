"""Orthogonal Procrustes alignment."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Self

from scipy.linalg import norm

from sksim.alignment._base import AffineAligner
from sksim.metrics._linalg import svd
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike

__all__ = ["ProcrustesAligner"]

#: Correlations below this are rounding.
_ROUNDING = 1e-14


class ProcrustesAligner(AffineAligner):
    r"""Rotate, and optionally scale, one representation onto another.

    With the centred training pair :math:`X_c` (n, d), :math:`Y_c` (n, m):

    .. math:: Q = \arg\min_Q \lVert s X_c Q - Y_c \rVert_F = U V^T, \qquad
              X_c^T Y_c = U \Sigma V^T

    over the orthogonal matrices, with s = 1, or
    :math:`s = \operatorname{tr} \Sigma / \lVert X_c \rVert^2` if scaling is allowed. Then
    :math:`\hat y = s Q^T (x - \bar x) + \bar y`.

    For different widths this is the solution with zeros in place of the features that the narrower
    side lacks. If d < m, Q (d, m) has orthonormal rows, and no other such matrix leaves a smaller
    residual. If d > m, its columns are orthonormal, and what X has outside of their span is
    counted as lost: among such matrices Q has the largest covariance
    :math:`\operatorname{tr}(Q^T X_c^T Y_c)`, not always the smallest residual.

    .. versionadded:: 0.1

    Parameters
    ----------
    scaling : bool, default=False
        Whether to fit the scale s, too.

    Attributes
    ----------
    rotation_ : ndarray of shape (n_features, n_target_features)
        The matrix Q.
    scale_ : float
        The scale s, 1 without scaling.
    singular_values_ : ndarray of shape (min(n_features, n_target_features),)
        Singular values of :math:`X_c^T Y_c`; their sum over the norms of both sides is
        ``procrustes_score(X, Y)``.
    coef_ : ndarray of shape (n_target_features, n_features)
        The map :math:`s Q^T`.
    inverse_coef_ : ndarray of shape (n_features, n_target_features)
        Its pseudo-inverse.
    x_mean_ : ndarray of shape (n_features,)
        Mean of the source representation.
    y_mean_ : ndarray of shape (n_target_features,)
        Mean of the target representation.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    See Also
    --------
    LinearAligner : Any linear map, by regression.
    CCAAligner : Through the canonical directions that both share.
    sksim.metrics.procrustes_score : The similarity that this alignment reaches.

    Notes
    -----
    Time O(n d m + d m min(d, m)), memory O(n (d + m)). Distances within the representation stay
    as they are if m >= d, up to the scale.

    References
    ----------
    .. [1] P. H. Schönemann (1966). A generalized solution of the orthogonal Procrustes problem.
           Psychometrika 31.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.alignment import ProcrustesAligner
    >>> X = np.random.RandomState(0).randn(50, 3)
    >>> Y = X[:, [2, 0, 1]] + 5.0
    >>> aligner = ProcrustesAligner().fit(X[:40], Y[:40])
    >>> round(aligner.score(X[40:], Y[40:]), 6)
    1.0
    """

    _parameter_constraints: dict = {"scaling": ["boolean"]}

    def __init__(self, scaling: bool = False) -> None:
        self.scaling = scaling

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the rotation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The source representation.
        y : array-like of shape (n_samples, n_target_features) or (n_samples,)
            The target representation of the same samples.

        Returns
        -------
        self : ProcrustesAligner
            The fitted aligner.
        """
        X, Y = self._check_pair(X, y)
        self.x_mean_, self.y_mean_ = X.mean(axis=0), Y.mean(axis=0)
        X, Y = X - self.x_mean_, Y - self.y_mean_
        U, self.singular_values_, Vt = svd(X.T @ Y)
        self.rotation_ = U @ Vt
        self.scale_ = 1.0
        if self.scaling:
            covariance = self.singular_values_.sum()
            if covariance <= _ROUNDING * norm(X) * norm(Y):
                raise ValueError("X and y must be correlated to fit a scale, got zero covariance.")
            self.scale_ = float(covariance / norm(X) ** 2)
        self.coef_ = self.scale_ * self.rotation_.T
        self.inverse_coef_ = self.rotation_ / self.scale_
        return self
