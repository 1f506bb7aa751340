"""GULP: how far the ridge predictions from two representations differ."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_center, array_square_sum, take_rows
from sksim.metrics._linalg import same_values, square_sum
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    identity,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.metrics.similarity.canonical._basis import (
    Basis,
    array_svd,
    basis_for_products,
    basis_of,
    centered_columns,
    explicit_basis,
    permute_basis,
    warn_if_degenerate,
    whitened_product,
)
from sksim.utils._array_api import namespace_of
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["gulp_distance"]

#: Below this share of the two norms the squared distance is measured without cancellation.
NEARLY_EQUAL = 1e-4


def _prepare(X: np.ndarray, *, reg: float) -> tuple[Basis, float]:
    values = centered_columns(X).values
    basis = basis_of(values / linalg.norm(values), ridge=reg)
    if reg == 0:
        warn_if_degenerate(X.shape[0], X.shape[1], basis.rank)
    return basis, square_sum(whitened_product(basis, basis))


def _exact_distance(x: Basis, y: Basis) -> float:
    """``|| B_x B_x^T - B_y B_y^T ||`` from the triangular factor of both side by side."""
    U = np.hstack([explicit_basis(x).values, explicit_basis(y).values])
    R = linalg.qr(U, mode="r", check_finite=False)[0][: len(U)]
    R_x, R_y = R[:, : x.rank], R[:, x.rank :]
    return float(linalg.norm(R_x @ R_x.T - R_y @ R_y.T))


def _compare(x: tuple[Basis, float], y: tuple[Basis, float]) -> float:
    (basis_x, own_x), (basis_y, own_y) = x, y
    if same_values(basis_x.values, basis_y.values):
        return 0.0
    squared = own_x + own_y - 2.0 * square_sum(whitened_product(basis_x, basis_y))
    if squared < NEARLY_EQUAL * (own_x + own_y):
        return _exact_distance(basis_x, basis_y)
    return math.sqrt(squared)


def _permute(y: tuple[Basis, float], order: np.ndarray) -> tuple[Basis, float]:
    basis, own = y
    return permute_basis(basis, order), own


def _apply_factors(x: list[tuple[Basis, float]], y: list[tuple[Basis, float]]) -> None:
    """``apply_factors`` for bases that come with their products."""
    for sides, others in ((x, y), (y, x)):
        n_columns = sum(basis.rank for basis, _ in others)
        for i, (basis, own) in enumerate(sides):
            sides[i] = basis_for_products(basis, n_columns), own


class _Map(NamedTuple):
    """The map ``basis @ basis.T`` (n, n) from targets to predictions, and its squared norm."""

    basis: Any
    own: Any


def _array_prepare(X: Any, *, reg: float) -> _Map:
    xp = namespace_of(X)
    values = array_center(X).values
    U, singular, _ = array_svd(values / xp.linalg.vector_norm(values))
    if reg == 0:
        warn_if_degenerate(X.shape[0], X.shape[1], singular.shape[0])
    squares = singular**2 / (singular**2 + reg)
    return _Map(U * xp.sqrt(squares), xp.sum(squares**2))


def _array_compare(x: _Map, y: _Map) -> Any:
    xp, r_x = namespace_of(x.basis), x.basis.shape[1]
    squared = x.own + y.own - 2.0 * array_square_sum(x.basis.T @ y.basis)
    if squared >= NEARLY_EQUAL * (x.own + y.own):
        return xp.sqrt(squared)
    R = xp.linalg.qr(xp.concat([x.basis, y.basis], axis=1), mode="reduced").R
    R_x, R_y = R[:, :r_x], R[:, r_x:]
    return xp.linalg.matrix_norm(R_x @ R_x.T - R_y @ R_y.T)


def _array_permute(y: _Map, order: Any) -> _Map:
    return y._replace(basis=take_rows(y.basis, order))


def _steps(*, reg) -> Steps:
    prepare, array_prepare = (
        functools.partial(function, reg=reg) for function in (_prepare, _array_prepare)
    )
    arrays = ArraySteps(array_prepare, _array_compare, _array_permute)
    return Steps(prepare, _compare, _permute, arrays, _apply_factors)


@validate_params(
    {**PAIR_CONSTRAINTS, "reg": [Interval(Real, 0, None, closed="left")]},
    prefer_skip_nested_validation=True,
)
def gulp_distance(X: ArrayLike, Y: ArrayLike, *, reg: float) -> float:
    r"""Difference of the ridge predictions from two representations (GULP).

    With :math:`X_c, Y_c` centred and scaled to total variance one, their covariances
    :math:`S_x, S_y, S_{xy}` and :math:`A = (S_x + \lambda I)^{-1}, B = (S_y + \lambda I)^{-1}`,

    .. math:: d = \big( \mathrm{tr}(S_x A S_x A) + \mathrm{tr}(S_y B S_y B)
                        - 2\, \mathrm{tr}(A S_{xy} B S_{xy}^\top) \big)^{1/2}.

    It is the norm :math:`\lVert P_x - P_y \rVert` of the difference of the two maps (n, n) from
    targets to their ridge predictions: the root of the squared differences of the predictions,
    summed over orthonormal targets.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    reg : float
        The ridge :math:`\lambda \ge 0`, relative to a total variance of one.

    Returns
    -------
    distance : float
        In [0, inf), 0 for representations that are equal up to rotation, scale and shift.

    Warns
    -----
    DegenerateSimilarityWarning
        For ``reg=0`` and no more samples than features: the distance depends on ranks only.

    See Also
    --------
    cca_score : The case without ridge depends on the canonical correlations only.

    Notes
    -----
    A metric; its square, which is also published under the name, is not: it violates the
    triangle inequality. Invariant to rotation, scale and shift, for ``reg=0`` to any invertible
    map. O(n d^2 + d^3) time for n > d, O(n^2 d) otherwise, and O(n d) memory.

    References
    ----------
    .. [1] E. Boix-Adserà, H. Lawrence, G. Stepaniants and P. Rigollet (2022). GULP: a
           prediction-based metric between representations. Advances in Neural Information
           Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import gulp_distance
    >>> X = np.random.default_rng(0).standard_normal((100, 3))
    >>> round(gulp_distance(X, X[:, :2], reg=0), 6)
    1.0
    >>> round(gulp_distance(X, 5 * X, reg=0.1), 6)
    0.0
    """
    return evaluate(_steps(reg=reg), X, Y)


for _name, _reg, _invariances in (
    ("gulp", 0.1, SHAPE_MAPS),
    ("gulp_unregularized", 0.0, SHAPE_MAPS | {"invertible"}),
):
    register(
        PairedMeasure(
            name=_name,
            function=gulp_distance,
            params={"reg": _reg},
            make_steps=_steps,
            greater_is_better=False,
            range=(0.0, math.inf),
            distance=identity,
            invariances=_invariances,
        )
    )
