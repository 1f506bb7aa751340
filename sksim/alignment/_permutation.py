"""Alignment by matching features one to one."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Self

import numpy as np
from scipy.optimize import linear_sum_assignment

from sksim.alignment._base import AffineAligner
from sksim.metrics._linalg import check_pairs_of_features
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike

__all__ = ["PermutationAligner"]


class PermutationAligner(AffineAligner):
    r"""Match the features of one representation with those of another, one to one.

    With the centred training pair :math:`X_c` (n, d), :math:`Y_c` (n, m):

    .. math:: P = \arg\min_P \lVert X_c P - Y_c \rVert_F

    over the (d, m) matrices of zeros and ones with at most one 1 in each row and column, min(d, m)
    in all. For d <= m this is the largest :math:`\operatorname{tr}(P^T X_c^T Y_c)`; of more source
    features than that, those are used that leave the least residual. A target feature that is
    left without a partner is set to its mean.

    .. versionadded:: 0.1

    Attributes
    ----------
    permutation_ : ndarray of shape (n_target_features,)
        For each target feature the source feature that it is matched with, -1 for none.
    coef_ : ndarray of shape (n_target_features, n_features)
        The map :math:`P^T`.
    inverse_coef_ : ndarray of shape (n_features, n_target_features)
        Its pseudo-inverse, P.
    x_mean_ : ndarray of shape (n_features,)
        Mean of the source representation.
    y_mean_ : ndarray of shape (n_target_features,)
        Mean of the target representation.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    Raises
    ------
    MemoryError
        If, in ``fit``, the matrix of all pairs of features does not fit into the memory available.

    See Also
    --------
    ProcrustesAligner : Rotations, of which the permutations are a part.
    sksim.metrics.permutation_distance : The distance that is left, if d <= m.

    Notes
    -----
    Time O(n d m + d m min(d, m)) with the Hungarian method, memory O(n (d + m) + d m).

    References
    ----------
    .. [1] Y. Li, J. Yosinski, J. Clune, H. Lipson and J. Hopcroft (2016). Convergent learning: do
           different neural networks learn the same representations? International Conference on
           Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.alignment import PermutationAligner
    >>> X = np.random.RandomState(0).randn(50, 3)
    >>> Y = X[:, [2, 0, 1]] + 5.0
    >>> aligner = PermutationAligner().fit(X, Y)
    >>> aligner.permutation_
    array([2, 0, 1])
    """

    _parameter_constraints: dict = {}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Find the matching.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The source representation.
        y : array-like of shape (n_samples, n_target_features) or (n_samples,)
            The target representation of the same samples.

        Returns
        -------
        self : PermutationAligner
            The fitted aligner.
        """
        X, Y = self._check_regression_pair(X, y)
        self.x_mean_, self.y_mean_ = X.mean(axis=0), Y.mean(axis=0)
        X, Y = X - self.x_mean_, Y - self.y_mean_
        # A pair of columns takes ||y_j||^2 - ||x_i - y_j||^2 off the residual, twice this.
        check_pairs_of_features(X, Y)
        gain = X.T @ Y - np.einsum("ij,ij->j", X, X)[:, None] / 2
        sources, targets = linear_sum_assignment(gain, maximize=True)
        self.permutation_ = np.full(Y.shape[1], -1)
        self.permutation_[targets] = sources
        self.coef_ = np.zeros((Y.shape[1], X.shape[1]))
        self.coef_[targets, sources] = 1.0
        self.inverse_coef_ = self.coef_.T.copy()
        return self
