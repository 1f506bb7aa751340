"""Affine-invariant Riemannian distance of covariances or Gram matrices."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Real
from typing import Literal, NamedTuple

import numpy as np
from scipy import linalg

from sksim.metrics._linalg import center, same_values
from sksim.metrics._measure import PairedMeasure, Steps, evaluate, identity, register
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["riemannian_distance"]


class _Matrix(NamedTuple):
    """The positive definite matrix ``unit**2 * values``; the unit keeps it in range."""

    values: np.ndarray
    unit: float


def _with_ridge(values: np.ndarray, scale: float, reg: float) -> _Matrix:
    """The matrix ``scale**2 * values + reg * I``."""
    unit = max(scale, math.sqrt(reg))
    ridge = reg / unit / unit * np.eye(values.shape[0])
    return _Matrix((scale / unit) ** 2 * values + ridge, unit)


def _prepare_covariance(X: np.ndarray, *, reg: float) -> _Matrix:
    values, scale = center(X.astype(np.float64, copy=False))
    return _with_ridge(values.T @ values / (X.shape[0] - 1), scale, reg)


def _prepare_gram(X: np.ndarray, *, reg: float) -> _Matrix:
    values, scale = center(X.astype(np.float64, copy=False))
    return _with_ridge(values @ values.T / X.shape[1], scale, reg)


def _compare(x: _Matrix, y: _Matrix) -> float:
    if x.values.shape != y.values.shape:
        raise ValueError(
            'X and Y must have as many features for matrix="covariance", got '
            f'{x.values.shape[0]} and {y.values.shape[0]}. matrix="gram" compares any widths.'
        )
    try:
        eigenvalues = linalg.eigvalsh(x.values, y.values)
    except linalg.LinAlgError:
        eigenvalues = np.zeros(1)
    smallest = x.values.shape[0] * np.finfo(np.float64).eps * np.abs(eigenvalues).max()
    if eigenvalues.min() <= smallest:
        raise ValueError(
            "The matrices must be positive definite, but one is singular: use more samples than "
            "features, or a positive reg."
        )
    if x.unit == y.unit and same_values(x.values, y.values):
        return 0.0
    logarithms = np.log(eigenvalues) + 2.0 * (math.log(x.unit) - math.log(y.unit))
    return float(linalg.norm(logarithms))


def _permute_covariance(y: _Matrix, order: np.ndarray) -> _Matrix:
    return y


def _permute_gram(y: _Matrix, order: np.ndarray) -> _Matrix:
    return y._replace(values=y.values[np.ix_(order, order)])


def _steps(*, matrix="covariance", reg=0.0) -> Steps:
    if matrix == "covariance":
        prepare = functools.partial(_prepare_covariance, reg=reg)
        return Steps(prepare, _compare, _permute_covariance)
    return Steps(functools.partial(_prepare_gram, reg=reg), _compare, _permute_gram)


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "matrix": [StrOptions({"covariance", "gram"})],
        "reg": [Interval(Real, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def riemannian_distance(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    matrix: Literal["covariance", "gram"] = "covariance",
    reg: float = 0.0,
) -> float:
    r"""Affine-invariant distance of the covariances, or of the Gram matrices.

    .. math:: d = \Big( \sum_i \log^2 \lambda_i \Big)^{1/2}

    with the generalised eigenvalues :math:`\lambda_i` of :math:`(S_x + \epsilon I, S_y +
    \epsilon I)`. For ``"covariance"`` :math:`S = X_c^\top X_c / (n - 1)` (d, d), for ``"gram"``
    :math:`S = X_c X_c^\top / d` (n, n). The metric is that of positive definite matrices [1]_; it
    compares what covariances say about representations [2]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    matrix : {"covariance", "gram"}, default="covariance"
        What is compared. Covariances need equal widths and ignore which rows belong together;
        Gram matrices compare representations of any widths row by row, and need ``reg > 0``.
    reg : float, default=0.0
        The ridge :math:`\epsilon`, in the unit of the matrix.

    Returns
    -------
    distance : float
        In [0, inf).

    Raises
    ------
    ValueError
        For singular matrices, or covariances of different widths.

    See Also
    --------
    procrustes_distance : Bures distance of the Gram matrices, which needs no ridge.

    Notes
    -----
    A metric of the matrices. Covariances: invariant to shifts, and to one invertible map that is
    applied to both sides. Gram matrices: invariant to rotation and shift of either side.
    Time O(n d^2 + d^3) and memory O(n d + d^2); for Gram matrices O(n^2 d + n^3) and O(n d + n^2).

    References
    ----------
    .. [1] X. Pennec, P. Fillard and N. Ayache (2006). A Riemannian framework for tensor computing.
           International Journal of Computer Vision 66.
    .. [2] M. Shahbazi, A. Shirali, H. Aghajan and H. Nili (2021). Using distance on the Riemannian
           manifold to compare representations in brain and in models. NeuroImage 239.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import riemannian_distance
    >>> X = np.random.default_rng(0).standard_normal((50, 2))
    >>> round(riemannian_distance(X, np.e * X), 2)
    2.83
    """
    return evaluate(_steps(matrix=matrix, reg=reg), X, Y)


register(
    PairedMeasure(
        name="riemannian_distance",
        aliases=("riemannian",),
        function=riemannian_distance,
        make_steps=_steps,
        greater_is_better=False,
        range=(0.0, math.inf),
        distance=identity,
        invariances=frozenset({"translation"}),
        needs_equal_features=True,
        ignores_pairing=True,
    )
)
register(
    PairedMeasure(
        name="riemannian_gram",
        function=riemannian_distance,
        params={"matrix": "gram", "reg": 0.1},
        make_steps=_steps,
        greater_is_better=False,
        range=(0.0, math.inf),
        distance=identity,
        invariances=frozenset({"orthogonal", "translation", "permutation"}),
    )
)
