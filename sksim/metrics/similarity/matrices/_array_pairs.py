"""Matrices over pairs of samples as arrays of other libraries: whole, (n, n), on their device."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

from sksim.metrics._array_formulas import array_root, array_square_sum, take_rows
from sksim.metrics.similarity.matrices._pair_matrix import CANCELLED, check_own_product
from sksim.utils._array_api import constant, namespace_of

__all__ = [
    "CenteredArray",
    "array_centered_matrix",
    "array_cosine",
    "array_double_centered",
    "array_median_distance",
    "array_ranks",
    "array_squared_distances",
    "array_without_diagonal",
    "permute_centered_array",
    "permute_matrix",
    "unbiased_correction",
]


class CenteredArray(NamedTuple):
    """A centred matrix and its product with itself."""

    values: Any
    product: Any


def _itself(K: Any) -> Any:
    """Mask of the diagonal."""
    xp = namespace_of(K)
    return xp.eye(K.shape[0], dtype=K.dtype, device=K.device) > 0


def array_without_diagonal(K: Any) -> Any:
    """The matrix with zeros on the diagonal."""
    return namespace_of(K).where(_itself(K), 0.0 * constant(K), K)


def array_squared_distances(rows: Any) -> Any:
    """Squared Euclidean distances of centred rows; from the differences where samples coincide."""
    xp = namespace_of(rows)
    squares = xp.sum(rows * rows, axis=1)
    norms = squares[:, None] + squares
    distances = array_without_diagonal(xp.clip(norms - 2.0 * (rows @ rows.T), min=0.0))
    close = (constant(distances) <= CANCELLED * constant(norms)) & ~_itself(distances)
    if xp.any(close):
        i, j = xp.nonzero(close)
        differences = xp.take(rows, i, axis=0) - xp.take(rows, j, axis=0)
        distances[close] = xp.sum(differences * differences, axis=1)
    return distances


def _upper_values(K: Any) -> Any:
    """The entries above the diagonal, row by row."""
    labels = namespace_of(K).arange(K.shape[0], device=K.device)
    return K[labels[:, None] < labels]


def _from_upper_values(values: Any, n: int) -> Any:
    """The symmetric (n, n) matrix with these entries above the diagonal, and zeros on it."""
    xp = namespace_of(values)
    labels = xp.arange(n, device=values.device)
    i, j = (
        function(labels[:, None], xp.broadcast_to(labels, (n, n)))
        for function in (xp.minimum, xp.maximum)
    )
    place = xp.clip(i * n - i * (i + 1) // 2 + j - i - 1, max=values.shape[0] - 1)
    matrix = xp.reshape(xp.take(values, xp.reshape(place, (-1,))), (n, n))
    return array_without_diagonal(matrix)


def array_median_distance(squared: Any) -> Any:
    """Median of the distances of the pairs i < j."""
    xp = namespace_of(squared)
    ordered = xp.sort(_upper_values(squared))
    size = ordered.shape[0]
    lower, upper = ordered[(size - 1) // 2], ordered[size // 2]
    median = (array_root(lower) + array_root(upper)) / 2
    if median == 0:
        raise ValueError(
            "The median distance is zero, because most samples coincide: give gamma, which "
            "replaces the median rule."
        )
    return median


def array_double_centered(K: Any) -> Any:
    """A symmetric matrix less the means of its rows and columns."""
    xp = namespace_of(K)
    means = xp.mean(K, axis=1)
    return K - means[:, None] - means + xp.mean(means)


def array_centered_matrix(K: Any, *, unbiased: bool) -> CenteredArray:
    """A symmetric matrix, centred as U-statistics do or in rows and columns."""
    xp, n = namespace_of(K), K.shape[0]
    if unbiased:
        off = array_without_diagonal(K)
        off = array_without_diagonal(off - xp.sum(off) / (n * (n - 1)))
        sums = xp.sum(off, axis=1) / (n - 2)
        values = array_without_diagonal(off - sums[:, None] - sums + xp.sum(sums) / (n - 1))
    else:
        values = array_double_centered(K)
    product = array_square_sum(values)
    check_own_product(float(constant(product)), float(array_square_sum(constant(K))), n)
    return CenteredArray(values, product)


def array_cosine(cross: Any, own_x: Any, own_y: Any) -> Any:
    """``cross / sqrt(own_x own_y)``, held in [-1, 1] against rounding."""
    xp = namespace_of(cross)
    return xp.clip(cross / xp.sqrt(own_x) / xp.sqrt(own_y), -1.0, 1.0)


def permute_matrix(K: Any, order: Any) -> Any:
    """Rows and columns in another order."""
    return namespace_of(K).take(take_rows(K, order), order, axis=1)


def permute_centered_array(y: CenteredArray, order: Any) -> CenteredArray:
    """The permute step of measures whose state is a centred matrix."""
    return y._replace(values=permute_matrix(y.values, order))


def unbiased_correction(a: Any, b: Any) -> Any:
    """What leaving out the diagonals adds to ``||X^T Y||^2``; a and b are squared row norms."""
    xp, n = namespace_of(a), a.shape[0]
    return xp.sum(a) * xp.sum(b) / ((n - 1) * (n - 2)) - n / (n - 2) * xp.sum(a * b)


def array_ranks(K: Any) -> Any:
    """Average ranks of the pairs i < j among each other, less their mean; (n, n).

    Values that agree in 40 bits tie, whatever the order of their sums.
    """
    xp, values = namespace_of(K), _upper_values(K)
    safe = xp.where(values == 0, xp.ones_like(values), xp.abs(values))
    step = 2.0 ** (xp.floor(xp.log2(safe)) - 39.0)
    values = xp.round(values / step) * step
    order = xp.argsort(values)
    ordered = xp.take(values, order)
    first, last = (xp.searchsorted(ordered, ordered, side=side) for side in ("left", "right"))
    ranks = xp.astype(first + last - values.shape[0], K.dtype) / 2
    return _from_upper_values(xp.take(ranks, xp.argsort(order)), K.shape[0])
