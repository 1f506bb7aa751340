"""Similarity by the singular values of the cross-correlations (PLS-SVD)."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_standardize
from sksim.metrics._linalg import standardize
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    permute_rows,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.utils._array_api import namespace_of
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["pls_svd_score"]


def _compare(x: np.ndarray, y: np.ndarray) -> float:
    singular = linalg.svdvals(x.T @ y, check_finite=False)
    return min(1.0, float(singular.sum()) / math.sqrt(x.shape[1] * y.shape[1]))


def _array_compare(x: Any, y: Any) -> Any:
    xp = namespace_of(x)
    total = xp.sum(xp.linalg.svdvals(x.T @ y))
    return xp.clip(total / math.sqrt(x.shape[1] * y.shape[1]), max=1.0)


def _steps() -> Steps:
    arrays = ArraySteps(array_standardize, _array_compare, keep="gradient")
    return Steps(standardize, _compare, permute_rows, arrays)


@validate_params(PAIR_CONSTRAINTS, prefer_skip_nested_validation=True)
def pls_svd_score(X: ArrayLike, Y: ArrayLike) -> float:
    r"""Mean of the singular values of the cross-correlation matrix.

    With every feature standardised, :math:`C = Z_x^\top Z_y / (n - 1)` of shape (d_x, d_y), and

    .. math:: m_{\mathrm{SVD}} = \frac{1}{\sqrt{d_x d_y}} \sum_i \sigma_i(C),

    for equal widths the mean covariance of the score pairs of
    :class:`sklearn.cross_decomposition.PLSSVD`. The distance that belongs to it in the theory of
    close distributions is :math:`1 - m_{\mathrm{SVD}}`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.

    Returns
    -------
    score : float
        In [0, 1]; 1 for representations that are equal up to rotation after standardisation.

    See Also
    --------
    procrustes_score : The same without standardisation of the features.
    cca_score : Invariant to all invertible maps.

    Notes
    -----
    Equal to :func:`procrustes_score` of the standardised representations; so the arc cosine of
    the score is a metric. Features that do not vary are left out. Invariant to shift, scale and
    sign of every single feature and to their order, not to rotations. O(n d^2 + d^3) time and
    O(n d + d^2) memory.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.metrics import pls_svd_score
    >>> X = [[1, 0, 2], [2, 1, 0], [0, 3, 1], [4, 1, 1], [3, 2, 5], [1, 1, 1], [0, 2, 4], [5, 0, 3]]
    >>> Y = [[2, 1, 0], [1, 0, 1], [1, 4, 2], [3, 2, 0], [5, 3, 4], [0, 1, 2], [1, 1, 5], [4, 2, 1]]
    >>> round(pls_svd_score(X, Y), 6)
    0.825601
    """
    return evaluate(_steps(), X, Y)


register(
    PairedMeasure(
        name="pls_svd",
        function=pls_svd_score,
        make_steps=_steps,
        distance=math.acos,
        invariances=SHAPE_MAPS - {"orthogonal"},
    )
)
