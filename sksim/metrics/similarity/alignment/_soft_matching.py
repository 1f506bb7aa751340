"""Soft matching: optimal transport between the features of two representations."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment, linprog

from sksim.metrics._array_formulas import array_center, array_root, take_rows
from sksim.metrics._linalg import Centered, center, check_pairs_of_features
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    identity,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.utils._array_api import constant, move, namespace_of, to_numpy
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["soft_matching_distance"]

#: Up to this many copies in all, features are copied and matched one to one.
MAX_COPIES = 1024


def _prepare(X: np.ndarray) -> Centered:
    return center(X.astype(np.float64, copy=False))


def _permute(y: Centered, order: np.ndarray) -> Centered:
    return y._replace(values=y.values[order])


def _copied_plan(costs: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Optimal plan for ``size`` units of mass, size a common multiple of both widths."""
    rows = np.repeat(np.arange(costs.shape[0]), size // costs.shape[0])
    columns = np.repeat(np.arange(costs.shape[1]), size // costs.shape[1])
    left, right = linear_sum_assignment(costs[np.ix_(rows, columns)])
    return rows[left], columns[right], np.full(size, 1.0 / size)


def _linear_program_plan(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Optimal plan as the solution of the transport linear program."""
    n_rows, n_columns = costs.shape
    row_sums = sparse.kron(sparse.eye_array(n_rows), np.ones((1, n_columns)))
    column_sums = sparse.kron(np.ones((1, n_rows)), sparse.eye_array(n_columns))
    result = linprog(
        costs.ravel() / costs.max(initial=np.finfo(float).tiny),
        A_eq=sparse.vstack([row_sums, column_sums]).tocsr(),
        b_eq=np.concatenate([np.ones(n_rows), np.full(n_columns, n_rows / n_columns)]),
        method="highs",
    )
    if result.status != 0:
        raise RuntimeError(f"The optimal transport problem was not solved: {result.message}")
    plan = result.x.reshape(costs.shape) / n_rows
    rows, columns = plan.nonzero()
    return rows, columns, plan[rows, columns]


def transport_plan(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and masses of the cheapest plan between uniform marginals."""
    size = math.lcm(*costs.shape)
    return _copied_plan(costs, size) if size <= MAX_COPIES else _linear_program_plan(costs)


def _compare(x: Centered, y: Centered) -> float:
    scale = max(x.scale, y.scale)
    X, Y = x.values * (x.scale / scale), y.values * (y.scale / scale)
    squares_x, squares_y = np.einsum("ij,ij->j", X, X), np.einsum("ij,ij->j", Y, Y)
    check_pairs_of_features(X, Y)
    costs = np.maximum(squares_x[:, None] + squares_y - 2.0 * (X.T @ Y), 0.0)
    rows, columns, masses = transport_plan(costs)
    exact = np.sum((X[:, rows] - Y[:, columns]) ** 2, axis=0)
    return scale * math.sqrt(float(masses @ exact))


def _array_permute(y: Centered, order: Any) -> Centered:
    return y._replace(values=take_rows(y.values, order))


def _array_compare(x: Centered, y: Centered) -> Any:
    """The costs and the distance in place; the plan, a constant, is found on the processor."""
    xp, scale = namespace_of(x.values), max(x.scale, y.scale)
    X, Y = x.values * (x.scale / scale), y.values * (y.scale / scale)
    A, B = constant(X), constant(Y)
    costs = xp.sum(A * A, axis=0)[:, None] + xp.sum(B * B, axis=0) - 2.0 * (A.T @ B)
    rows, columns, masses = (
        move(part, like=X) for part in transport_plan(np.maximum(to_numpy(costs), 0.0))
    )
    differences = xp.take(X, rows, axis=1) - xp.take(Y, columns, axis=1)
    masses = xp.astype(masses, X.dtype)
    return scale * array_root(xp.sum(masses * differences * differences))


def _steps() -> Steps:
    arrays = ArraySteps(array_center, _array_compare, _array_permute, "gradient")
    return Steps(_prepare, _compare, _permute, arrays)


@validate_params(PAIR_CONSTRAINTS, prefer_skip_nested_validation=True)
def soft_matching_distance(X: ArrayLike, Y: ArrayLike) -> float:
    r"""Optimal transport between the features of two representations.

    .. math:: d = \Big( \min_T \sum_{ij} T_{ij} \lVert x_i - y_j \rVert^2 \Big)^{1/2}

    over the plans :math:`T \ge 0` (d_x, d_y) with row sums :math:`1 / d_x` and column sums
    :math:`1 / d_y`, with the centred features :math:`x_i, y_j` (n,).

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.

    Returns
    -------
    distance : float
        In [0, inf), in the unit of the data; 0 for the same features in another order, or each
        repeated equally often.

    Raises
    ------
    MemoryError
        If the matrix of all pairs of features does not fit into the memory available.

    See Also
    --------
    permutation_distance : One-to-one matching.
    correlation_matching_score : Matching by correlation.

    Notes
    -----
    A metric. For equal widths the :func:`permutation_distance` of kind "size_and_shape", over
    the root of the width. Not invariant to rotations or scale.

    O(n d^2) time and O(n d + d^2) memory for the costs. The plan comes from the assignment problem
    of copied features where their least common multiple is at most 1024, and otherwise from a
    linear program with d_x d_y variables, which takes minutes for more than a few hundred features.

    References
    ----------
    .. [1] M. Khosla and A. H. Williams (2024). Soft matching distance: a metric on neural
           representations that captures single-neuron tuning. UniReps: the First Workshop on
           Unifying Representations in Neural Models.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import soft_matching_distance
    >>> X = np.random.default_rng(0).standard_normal((50, 3))
    >>> round(soft_matching_distance(X, np.hstack([X, X[:, ::-1]])), 6)
    0.0
    """
    return evaluate(_steps(), X, Y)


register(
    PairedMeasure(
        name="soft_matching_distance",
        aliases=("soft_matching",),
        function=soft_matching_distance,
        make_steps=_steps,
        greater_is_better=False,
        range=(0.0, math.inf),
        distance=identity,
        invariances=frozenset({"translation", "permutation"}),
    )
)
