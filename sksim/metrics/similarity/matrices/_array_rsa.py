"""Representational similarity analysis as formulas for arrays of other libraries."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from typing import Any, NamedTuple

from sksim.metrics._array_formulas import (
    array_center,
    array_directions,
    array_root,
    array_square_sum,
)
from sksim.metrics._steps import ArraySteps
from sksim.metrics.similarity.matrices._array_pairs import (
    CenteredArray,
    array_cosine,
    array_double_centered,
    array_ranks,
    array_squared_distances,
    array_without_diagonal,
    permute_centered_array,
    permute_matrix,
)
from sksim.metrics.similarity.matrices._whitening import WHITENED
from sksim.utils._array_api import constant, namespace_of

__all__ = ["norm_array_steps", "rsa_array_steps"]


#: Comparisons that are the cosine of a linear image of the dissimilarities.
_LINEAR = ("pearson", "cosine", *WHITENED)


class _Dissimilarities(NamedTuple):
    """A dissimilarity matrix (n, n), in a unit."""

    values: Any
    unit: float


def _dissimilarities(X: Any, rdm: str) -> _Dissimilarities:
    xp = namespace_of(X)
    if rdm in ("euclidean", "sqeuclidean"):
        rows, unit = array_center(X)
        squared = array_squared_distances(rows)
        if rdm == "euclidean":
            return _Dissimilarities(array_root(squared), unit)
        return _Dissimilarities(squared, unit * unit)
    eps = float(xp.finfo(X.dtype).eps)
    if rdm == "correlation":
        rows = X - xp.mean(X, axis=1, keepdims=True)
        noise = 4 * eps * xp.max(xp.abs(constant(X)), axis=1, keepdims=True)
        is_noise = xp.max(xp.abs(constant(rows)), axis=1, keepdims=True) <= noise
        X = xp.where(is_noise, 0.0 * constant(rows), rows)
    unit_rows = array_directions(X, what="equal features" if rdm == "correlation" else "zeros")
    values = 1.0 - unit_rows @ unit_rows.T
    values = xp.where(values < 8 * eps, 0.0 * constant(values), values)
    return _Dissimilarities(array_without_diagonal(values), 1.0)


def _prepare(X: Any, *, rdm: str, compare: str) -> CenteredArray:
    """The entries that the comparison multiplies, and the sum of their squares.

    Whitened without a covariance of the conditions they are those of the double-centred matrix.
    """
    xp, n = namespace_of(X), X.shape[0]
    D = _dissimilarities(X, rdm).values
    if compare in ("spearman", "rho-a"):
        values = array_ranks(D)
    elif compare in ("pearson", "whitened_correlation"):
        values = array_without_diagonal(D - xp.sum(D) / (n * (n - 1)))
    else:
        values = D
    if compare in WHITENED:
        values = array_double_centered(values)
    own = array_square_sum(values)
    if constant(own) <= 1e-24 * array_square_sum(constant(D)):
        raise ValueError(
            "The similarity is undefined: all dissimilarities of a representation are equal."
        )
    return CenteredArray(values, own)


def _compare(x: CenteredArray, y: CenteredArray, *, compare: str) -> Any:
    cross, n = namespace_of(x.values).sum(x.values * y.values), x.values.shape[0]
    if compare == "rho-a":
        n_pairs = n * (n - 1) / 2
        return cross / ((n_pairs**2 - 1) / 12 * 2 * n_pairs)
    return array_cosine(cross, x.product, y.product)


def rsa_array_steps(rdm: Any, compare: str) -> ArraySteps | None:
    """The steps of RSA for arrays of other libraries; None for what has no formula."""
    plain = ("correlation", "cosine", "euclidean", "sqeuclidean")
    if callable(rdm) or rdm not in plain or compare not in (*_LINEAR, "spearman", "rho-a"):
        return None
    return ArraySteps(
        functools.partial(_prepare, rdm=rdm, compare=compare),
        functools.partial(_compare, compare=compare),
        permute_centered_array,
        "gradient" if compare in _LINEAR else "library",
    )


def _difference_norm(x: _Dissimilarities, y: _Dissimilarities) -> Any:
    unit = max(x.unit, y.unit)
    difference = x.values * (x.unit / unit) - y.values * (y.unit / unit)
    return unit * array_root(array_square_sum(difference) / 2)


def _permute(y: _Dissimilarities, order: Any) -> _Dissimilarities:
    return y._replace(values=permute_matrix(y.values, order))


def norm_array_steps(rdm: str) -> ArraySteps:
    """The steps of the distance of two dissimilarity matrices."""
    prepare = functools.partial(_dissimilarities, rdm=rdm)
    return ArraySteps(prepare, _difference_norm, _permute, "gradient")
