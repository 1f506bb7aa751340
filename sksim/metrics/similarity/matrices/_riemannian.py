"""Affine-invariant Riemannian distance of covariances or Gram matrices."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_center, array_root
from sksim.metrics._linalg import center, same_values
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    identity,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.metrics.similarity.matrices._array_pairs import permute_matrix
from sksim.utils._array_api import constant, namespace_of
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["riemannian_distance"]


class _Matrix(NamedTuple):
    """The positive definite matrix ``unit**2 * values``; the unit keeps it in range."""

    values: Any
    unit: float


def _with_ridge(values: Any, identity: Any, scale: float, reg: float) -> _Matrix:
    """The matrix ``scale**2 * values + reg * identity``."""
    unit = max(scale, math.sqrt(reg))
    return _Matrix((scale / unit) ** 2 * values + reg / unit / unit * identity, unit)


def _prepare_covariance(X: np.ndarray, *, reg: float) -> _Matrix:
    values, scale = center(X.astype(np.float64, copy=False))
    S = values.T @ values / (X.shape[0] - 1)
    return _with_ridge(S, np.eye(S.shape[0]), scale, reg)


def _prepare_gram(X: np.ndarray, *, reg: float) -> _Matrix:
    values, scale = center(X.astype(np.float64, copy=False))
    S = values @ values.T / X.shape[1]
    return _with_ridge(S, np.eye(S.shape[0]), scale, reg)


def _check_same_widths(x: _Matrix, y: _Matrix) -> None:
    if x.values.shape != y.values.shape:
        raise ValueError(
            'X and Y must have as many features for matrix="covariance", got '
            f'{x.values.shape[0]} and {y.values.shape[0]}. matrix="gram" compares any widths.'
        )


def _check_positive(smallest: float, largest: float, size: int) -> None:
    if smallest <= size * np.finfo(np.float64).eps * largest:
        raise ValueError(
            "The matrices must be positive definite, but one is singular: use more samples than "
            "features, or a positive reg."
        )


def _compare(x: _Matrix, y: _Matrix) -> float:
    _check_same_widths(x, y)
    try:
        eigenvalues = linalg.eigvalsh(x.values, y.values)
    except linalg.LinAlgError:
        eigenvalues = np.zeros(1)
    _check_positive(eigenvalues.min(), np.abs(eigenvalues).max(), x.values.shape[0])
    if x.unit == y.unit and same_values(x.values, y.values):
        return 0.0
    logarithms = np.log(eigenvalues) + 2.0 * (math.log(x.unit) - math.log(y.unit))
    return float(linalg.norm(logarithms))


def _permute_covariance(y: _Matrix, order: np.ndarray) -> _Matrix:
    return y


def _permute_gram(y: _Matrix, order: np.ndarray) -> _Matrix:
    return y._replace(values=y.values[np.ix_(order, order)])


def _array_prepare(X: Any, *, matrix: str, reg: float) -> _Matrix:
    xp, (values, scale) = namespace_of(X), array_center(X)
    n, d = values.shape
    S = values.T @ values / (n - 1) if matrix == "covariance" else values @ values.T / d
    return _with_ridge(S, xp.eye(S.shape[0], dtype=S.dtype, device=S.device), scale, reg)


def _array_eigenvalues(x: _Matrix, y: _Matrix) -> Any:
    """Those of L^{-1} X L^{-T} with Y = L L^T, which are those of the pair."""
    xp = namespace_of(x.values)
    L = xp.linalg.cholesky(y.values)
    half = xp.linalg.solve(L, x.values)
    whitened = xp.linalg.solve(L, half.T)
    return xp.linalg.eigvalsh((whitened + whitened.T) / 2.0)


def _array_compare(x: _Matrix, y: _Matrix) -> Any:
    _check_same_widths(x, y)
    xp, size = namespace_of(x.values), x.values.shape[0]
    for matrix in (x, y):
        own = xp.linalg.eigvalsh(constant(matrix.values))
        _check_positive(float(own[0]), float(own[-1]), size)
    eigenvalues = _array_eigenvalues(x, y)
    _check_positive(float(constant(eigenvalues[0])), float(constant(eigenvalues[-1])), size)
    logarithms = xp.log(eigenvalues) + 2.0 * (math.log(x.unit) - math.log(y.unit))
    return array_root(xp.sum(logarithms**2))


def _array_permute_gram(y: _Matrix, order: Any) -> _Matrix:
    return y._replace(values=permute_matrix(y.values, order))


def _steps(*, matrix="covariance", reg=0.0) -> Steps:
    prepare, permute, array_permute = (
        (_prepare_covariance, _permute_covariance, _permute_covariance)
        if matrix == "covariance"
        else (_prepare_gram, _permute_gram, _array_permute_gram)
    )
    arrays = ArraySteps(
        functools.partial(_array_prepare, matrix=matrix, reg=reg),
        _array_compare,
        array_permute,
        "gradient" if reg > 0 else "library",  # with a ridge no matrix is singular
    )
    return Steps(functools.partial(prepare, reg=reg), _compare, permute, arrays)


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
