"""Alignment through canonical correlations."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real
from typing import NamedTuple, Self

import numpy as np
from scipy.linalg import pinv

from sksim.alignment._base import AffineAligner
from sksim.metrics._linalg import svd
from sksim.utils._sklearn import Interval, _fit_context
from sksim.utils._typing import ArrayLike

__all__ = ["CCAAligner"]

#: Singular values below this share of the largest one are taken for zero.
_RTOL = 1e-10


class _Whitening(NamedTuple):
    """Principal axes of a centred representation, and how to whiten it with shrinkage.

    ``variates`` (n, r) are the whitened samples, ``axes`` (d, r), ``lengths`` (r,): whitening
    divides the coordinate on each axis by its length, colouring multiplies by it.
    """

    variates: np.ndarray
    axes: np.ndarray
    lengths: np.ndarray


def _whiten(centered: np.ndarray, shrinkage: float) -> _Whitening:
    U, singular, Vt = svd(centered)
    rank = int((singular > _RTOL * singular[0]).sum())
    U, squares, axes = U[:, :rank], singular[:rank] ** 2, Vt[:rank].T
    ridge = shrinkage / (1.0 - shrinkage) * squares.sum() / centered.shape[1]
    lengths = np.sqrt(squares + ridge)
    return _Whitening(U * (singular[:rank] / lengths), axes, lengths)


class CCAAligner(AffineAligner):
    r"""Map one representation onto another through the canonical directions that they share.

    With the centred training pair :math:`X_c` (n, d), :math:`Y_c` (n, m), the scatter matrices
    with a ridge :math:`C_x = X_c^T X_c + \frac{\kappa}{1 - \kappa}
    \frac{\operatorname{tr} X_c^T X_c}{d} I` and :math:`C_y` alike, and the singular value
    decomposition

    .. math:: C_x^{-1/2} X_c^T Y_c C_y^{-1/2} = A \operatorname{diag}(\rho) B^T,

    the first :math:`\texttt{n\_components}` canonical variates [1]_ of X predict those of Y [2]_:

    .. math:: \hat y = \bar y
              + C_y^{1/2} B \operatorname{diag}(\rho) A^T C_x^{-1/2} (x - \bar x).

    With all components this is least squares (:math:`\kappa = 0`) or ridge regression of Y on X;
    fewer components leave out the directions that the two do not share.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=None
        Number of canonical directions; None takes all.
    shrinkage : float, default=0.0
        The share :math:`\kappa` in [0, 1) by which each scatter matrix is drawn towards a multiple
        of the identity. Use some where the samples are not many more than the features: without
        it the leading directions are those where noise happens to agree.

    Attributes
    ----------
    canonical_correlations_ : ndarray of shape (n_components,)
        The :math:`\rho` of the directions in use, in decreasing order, in [0, 1]; with all
        directions their mean is ``cca_score(X, Y)`` of the same shrinkage.
    coef_ : ndarray of shape (n_target_features, n_features)
        The map.
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
    ProcrustesAligner : Rotation only.
    LinearAligner : Regression with any estimator.
    sksim.metrics.cca_score : The similarity of the same canonical correlations.

    Notes
    -----
    Time O(n (d^2 + m^2)), memory O(n (d + m)). Directions without variance are left out. In
    contrast to ``sklearn.cross_decomposition.CCA`` all directions come from one singular value
    decomposition, and ``transform`` returns one array, in the frame of the target. Without
    shrinkage and with n <= d all correlations are 1, whatever the pair is: with all components the
    map meets it exactly, with fewer ones the choice among them is arbitrary. Judge the map on
    other samples.

    References
    ----------
    .. [1] H. Hotelling (1936). Relations between two sets of variates. Biometrika 28.
    .. [2] L. Breiman and J. H. Friedman (1997). Predicting multivariate responses in multiple
           linear regression. Journal of the Royal Statistical Society B 59.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.alignment import CCAAligner
    >>> rng = np.random.RandomState(0)
    >>> shared = rng.randn(200, 2)
    >>> X = np.hstack([shared, rng.randn(200, 3)]) @ rng.randn(5, 5)
    >>> Y = np.hstack([shared, rng.randn(200, 2)]) @ rng.randn(4, 4)
    >>> aligner = CCAAligner(n_components=2).fit(X, Y)
    >>> aligner.canonical_correlations_.round(3)
    array([1., 1.])
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "shrinkage": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(self, n_components: int | None = None, shrinkage: float = 0.0) -> None:
        self.n_components = n_components
        self.shrinkage = shrinkage

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the canonical directions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The source representation.
        y : array-like of shape (n_samples, n_target_features) or (n_samples,)
            The target representation of the same samples.

        Returns
        -------
        self : CCAAligner
            The fitted aligner.
        """
        X, Y = self._check_regression_pair(X, y)
        largest = min(X.shape[0] - 1, X.shape[1], Y.shape[1])
        if self.n_components is not None and self.n_components > largest:
            raise ValueError(
                f"n_components must be at most {largest}, the least of n_samples - 1, n_features "
                f"and n_target_features, got {self.n_components}."
            )
        self.x_mean_, self.y_mean_ = X.mean(axis=0), Y.mean(axis=0)
        of_x = _whiten(X - self.x_mean_, self.shrinkage)
        of_y = _whiten(Y - self.y_mean_, self.shrinkage)
        A, correlations, Bt = svd(of_x.variates.T @ of_y.variates)
        kept = slice(self.n_components)
        self.canonical_correlations_ = correlations[kept]
        whiten = (of_x.axes / of_x.lengths) @ A[:, kept]
        color = Bt[kept] * of_y.lengths @ of_y.axes.T
        self.coef_ = ((whiten * self.canonical_correlations_) @ color).T
        self.inverse_coef_ = pinv(self.coef_, rtol=_RTOL)
        return self
