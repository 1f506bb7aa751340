"""Distance of two representations after the best one-to-one matching of their features."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from typing import Any, Literal

import numpy as np
from scipy import linalg
from scipy.optimize import linear_sum_assignment

from sksim.metrics._array_formulas import array_center, array_root, array_square_sum
from sksim.metrics._linalg import center, check_pairs_of_features
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
    identity,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.metrics.similarity.alignment._procrustes import (
    Shape,
    array_distance_of_residual,
    array_permute_shape,
    distance_of_residual,
    permute_shape,
    unit_shape,
)
from sksim.utils._array_api import constant, move, namespace_of, to_numpy
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["permutation_distance"]


def _prepare(X: np.ndarray) -> Shape:
    centered = center(X.astype(np.float64, copy=False))
    return unit_shape(centered.values, centered.scale)


def _residual(x: Shape, y: Shape) -> float:
    """Norm of the difference of the arrays of unit norm, columns matched, the rest to zero."""
    check_pairs_of_features(x.values, y.values)
    rows, columns = linear_sum_assignment(x.values.T @ y.values, maximize=True)
    matched = x.values[:, rows] - y.values[:, columns]
    left = [
        np.delete(x.values, rows, axis=1),
        np.delete(y.values, columns, axis=1),
    ]
    return math.sqrt(sum(linalg.norm(part) ** 2 for part in (matched, *left)))


def _compare(x: Shape, y: Shape, *, kind: str) -> float:
    return distance_of_residual(_residual(x, y), x, y, kind)


def _array_prepare(X: Any) -> Shape:
    values, scale = array_center(X)
    norm = namespace_of(X).linalg.vector_norm(values)
    return Shape(values / norm, scale * norm)


def _array_compare(x: Shape, y: Shape, *, kind: str) -> Any:
    """The matching, a constant, is found on the processor, the distance is formed in place."""
    xp = namespace_of(x.values)
    products = to_numpy(constant(x.values.T @ y.values))
    pairs = linear_sum_assignment(products, maximize=True)
    matched, left = [], []
    for values, columns in zip((x.values, y.values), pairs, strict=True):
        others = np.setdiff1d(np.arange(values.shape[1]), columns)
        matched.append(xp.take(values, move(columns, like=values), axis=1))
        left.append(xp.take(values, move(others, like=values), axis=1))
    squared = sum(array_square_sum(part) for part in (matched[0] - matched[1], *left))
    return array_distance_of_residual(array_root(squared), x, y, kind)


def _steps(*, kind="angular") -> Steps:
    compare, array_compare = (
        functools.partial(function, kind=kind) for function in (_compare, _array_compare)
    )
    arrays = ArraySteps(_array_prepare, array_compare, array_permute_shape, "gradient")
    return Steps(_prepare, compare, permute_shape, arrays)


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "kind": [StrOptions({"angular", "size_and_shape"})],
    },
    prefer_skip_nested_validation=True,
)
def permutation_distance(
    X: ArrayLike, Y: ArrayLike, *, kind: Literal["angular", "size_and_shape"] = "angular"
) -> float:
    r"""Distance of two representations after the best one-to-one matching of their features.

    With :math:`m = \max_P \langle X_c P, Y_c \rangle` over permutation matrices :math:`P`, the
    narrower side padded by zeros, ``"angular"`` is
    :math:`\arccos(m / (\lVert X_c \rVert \lVert Y_c \rVert))` in radians, and
    ``"size_and_shape"`` is :math:`\sqrt{\lVert X_c \rVert^2 + \lVert Y_c \rVert^2 - 2 m}`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    kind : {"angular", "size_and_shape"}, default="angular"
        The form of the distance.

    Returns
    -------
    distance : float
        In [0, pi] or [0, inf); 0 for the same features in another order, up to shift and, for
        ``"angular"``, scale.

    Raises
    ------
    MemoryError
        If the matrix of all pairs of features does not fit into the memory available.

    See Also
    --------
    procrustes_distance : Over all rotations, hence never larger.
    soft_matching_distance : For different numbers of features.

    Notes
    -----
    A metric. Not invariant to rotations: it asks whether the single features are the same.
    O(n d^2 + d^3) time and O(n d + d^2) memory, in float64.

    References
    ----------
    .. [1] A. H. Williams, E. Kunz, S. Kornblith and S. W. Linderman (2021). Generalized shape
           metrics on neural representations. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import permutation_distance
    >>> X = np.random.default_rng(0).standard_normal((50, 4))
    >>> round(permutation_distance(X, 2 * X[:, [3, 0, 2, 1]]), 6)
    0.0
    """
    return evaluate(_steps(kind=kind), X, Y)


_INVARIANCES = SHAPE_MAPS - {"orthogonal"}

register(
    PairedMeasure(
        name="permutation_distance",
        aliases=("permutation_angular",),
        function=permutation_distance,
        make_steps=_steps,
        greater_is_better=False,
        range=(0.0, math.pi),
        distance=identity,
        invariances=_INVARIANCES,
    )
)
register(
    PairedMeasure(
        name="permutation_size_and_shape",
        function=permutation_distance,
        params={"kind": "size_and_shape"},
        make_steps=_steps,
        greater_is_better=False,
        range=(0.0, math.inf),
        distance=identity,
        invariances=_INVARIANCES - {"scale"},
    )
)
