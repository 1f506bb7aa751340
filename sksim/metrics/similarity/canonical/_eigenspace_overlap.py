"""Overlap of the spaces that the features span."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from typing import Any

import numpy as np
from scipy import linalg

from sksim.metrics._array_formulas import array_center, array_in_unit, array_square_sum, take_rows
from sksim.metrics._linalg import power_of_two, square_sum
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS, DegenerateSimilarityWarning
from sksim.metrics.similarity.canonical._basis import (
    Basis,
    apply_factors,
    array_rounding_of,
    array_svd,
    basis_of,
    centered_columns,
    permute_basis,
    rounding_of,
    whitened_product,
)
from sksim.utils._array_api import widest_float
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike
from sksim.utils._warnings import warn_caller

__all__ = ["eigenspace_overlap_score"]


def _prepare(X: np.ndarray, *, center: bool) -> Basis:
    if center:
        values = centered_columns(X).values
    else:
        values = X.astype(np.float64)
        values /= power_of_two(np.abs(values).max(), np.float64)
        values = values[:, linalg.norm(values, axis=0) > 0]
    basis = basis_of(values, least=rounding_of(X, values))
    _warn_if_full(X.shape, basis.rank, center)
    return basis


def _warn_if_full(shape: tuple[int, int], rank: int, center: bool) -> None:
    if rank >= shape[0] - center:
        warn_caller(
            f"The {shape[1]} features of {shape[0]} samples span every direction that there is: "
            "the overlap is the ratio of the ranks, whatever the values. Use more samples or "
            "fewer components.",
            DegenerateSimilarityWarning,
        )


def _compare(x: Basis, y: Basis) -> float:
    smaller, larger = sorted((x.rank, y.rank))
    return min(smaller, square_sum(whitened_product(x, y))) / larger


def _array_prepare(X: Any, *, center: bool) -> Any:
    """Orthonormal basis of the columns."""
    values = widest_float(X)
    values = array_center(values).values if center else array_in_unit(values).values
    U, singular, _ = array_svd(values, least=array_rounding_of(X, values))
    _warn_if_full(X.shape, singular.shape[0], center)
    return U


def _array_compare(x: Any, y: Any) -> float:
    smaller, larger = sorted((x.shape[1], y.shape[1]))
    return min(smaller, float(array_square_sum(x.T @ y))) / larger


def _steps(*, center=True) -> Steps:
    prepare, array_prepare = (
        functools.partial(function, center=center) for function in (_prepare, _array_prepare)
    )
    arrays = ArraySteps(array_prepare, _array_compare, take_rows, "precision")
    return Steps(prepare, _compare, permute_basis, arrays, apply_factors)


@validate_params({**PAIR_CONSTRAINTS, "center": ["boolean"]}, prefer_skip_nested_validation=True)
def eigenspace_overlap_score(X: ArrayLike, Y: ArrayLike, *, center: bool = True) -> float:
    r"""Overlap of the spaces that the features of two representations span.

    .. math:: s = \frac{\lVert U_X^\top U_Y \rVert^2}{\max(r_X, r_Y)}
                = \frac{\sum_i \rho_i^2}{\max(r_X, r_Y)}

    with :math:`U_X` (n, r_X), :math:`U_Y` (n, r_Y) orthonormal bases of the spaces of the columns,
    centred, :math:`r` their ranks, and :math:`\rho_i` the canonical correlations. All directions
    weigh the same. The value lies in [0, min(r) / max(r)]. Under a random pairing of the rows its
    expectation is :math:`\min(r_X, r_Y) / (n - 1)`, exactly; n in place of n - 1 uncentred, for
    rows that are exchangeable and have no common mean.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    center : bool, default=True
        Whether to subtract the means of the features. Published values come without.

    Returns
    -------
    score : float
        1 if and only if the spaces are equal.

    Warns
    -----
    DegenerateSimilarityWarning
        Where the features span everything: n - 1 dimensions, or n uncentred.

    See Also
    --------
    canonical_correlations : The cosines of the angles between the spaces.
    cca_score : Other summaries of them; "yanai" divides by the geometric mean of the ranks.

    Notes
    -----
    Made to predict the loss of a linear probe on compressed embeddings [1]_. Singular values below
    1e-10 of the largest one count as zero; dividing by the number of features instead of the rank,
    as is done elsewhere, takes a representation with dependent features away from 1 with itself.
    Unchanged by all invertible maps of either side, and, centred, by translation. Time
    O(n (d_x^2 + d_y^2)), memory O(n (d_x + d_y)).

    References
    ----------
    .. [1] A. May, J. Zhang, T. Dao and C. Ré (2019). On the downstream performance of compressed
           word embeddings. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import eigenspace_overlap_score
    >>> X = np.random.RandomState(0).randn(200, 4)
    >>> round(eigenspace_overlap_score(X, X @ np.diag([1, 2, 3, 4])), 6)
    1.0
    >>> round(eigenspace_overlap_score(X, X[:, :2]), 6)
    0.5
    """
    return evaluate(_steps(center=center), X, Y)


for _suffix, _params, _invariances in (
    ("", {}, SHAPE_MAPS | {"invertible"}),
    ("_uncentered", {"center": False}, (SHAPE_MAPS | {"invertible"}) - {"translation"}),
):
    register(
        PairedMeasure(
            name=f"eigenspace_overlap{_suffix}",
            function=eigenspace_overlap_score,
            params=_params,
            make_steps=_steps,
            invariances=_invariances,
        )
    )
