"""Distances to near neighbours, and the dimension that they tell of around each sample."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.neighbors import VALID_METRICS

from sksim._search._exact import exact_neighbors
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, StrOptions

__all__ = [
    "LOCAL_DIMENSION_CONSTRAINTS",
    "Neighbors",
    "local_dimension",
    "neighbors_among_distinct",
    "neighbors_of_distinct",
]

#: Parameters that the measures of local dimension have in common.
LOCAL_DIMENSION_CONSTRAINTS = {
    "method": [StrOptions({"mle", "mom"})],
    "n_neighbors": [Interval(Integral, 2, None, closed="left")],
    "metric": [StrOptions(set().union(*VALID_METRICS.values()) - {"precomputed"}), callable],
}


class Neighbors(NamedTuple):
    """Sorted positive distances (n, n_neighbors), and the neighbours' rows in the indexed array."""

    distances: np.ndarray
    indices: np.ndarray


def _any_repeated(X: np.ndarray) -> bool:
    """Whether two rows may be equal: whether sums of their bits, each times its own number, are.

    Integers wrap, so that the sums of equal rows are equal exactly. Others are by an accident of
    probability n^2 / 2^65, which costs time alone.
    """
    bits = np.ascontiguousarray(X).view(f"u{X.itemsize}")
    factors = np.random.RandomState(0).randint(2**64, size=X.shape[1], dtype=np.uint64)
    sums = np.concatenate(
        [np.einsum("ij,j->i", bits[rows], factors) for rows in row_blocks(len(X), 8.0 * X.shape[1])]
    )
    sums.sort()
    return bool((sums[1:] == sums[:-1]).any())


def _distinct(X: np.ndarray, n_neighbors: int, name: str):
    """Different rows, the first row of each, and the number of each row's; zeros have one sign."""
    X = X + 0.0
    distinct, first = X, np.arange(len(X))
    of_row = first
    if _any_repeated(X):
        distinct, first, of_row = np.unique(X, axis=0, return_index=True, return_inverse=True)
    if distinct.shape[0] <= n_neighbors:
        raise ValueError(
            f"{name} must have more than {n_neighbors} different rows to find {n_neighbors} "
            f"neighbours of each, got {distinct.shape[0]}."
        )
    return distinct, first, of_row.ravel()


def _refuse_zeros(distances: np.ndarray, metric: Any) -> None:
    at_zero = np.flatnonzero(distances[:, 0] == 0)
    if at_zero.size:
        raise ValueError(
            f"{at_zero.size} samples have another row at distance 0 with metric={metric!r}: take "
            "one row of those that this metric does not tell apart."
        )


def neighbors_of_distinct(
    X: np.ndarray, n_neighbors: int, metric: Any = "euclidean"
) -> tuple[Neighbors, np.ndarray]:
    """Neighbours of each different row of X, itself left out, and the number of each row's.

    A repeated row counts once, as a neighbour too.
    """
    distinct, first, of_row = _distinct(X, n_neighbors, "X")
    distances, indices = exact_neighbors(
        distinct, n_neighbors=n_neighbors, metric=metric, exclude_self=True
    )
    _refuse_zeros(distances, metric)
    return Neighbors(distances, first[indices]), of_row


def neighbors_among_distinct(
    X: np.ndarray, Y: np.ndarray, n_neighbors: int, metric: Any = "euclidean"
) -> Neighbors:
    """Neighbours of each row of X among the different rows of Y, equal ones left out."""
    distinct, first, _ = _distinct(Y, n_neighbors, "Y")
    distances, indices = exact_neighbors(X, distinct, n_neighbors=n_neighbors + 1, metric=metric)
    columns = np.arange(n_neighbors) + (distances[:, :1] == 0)
    distances = np.take_along_axis(distances, columns, axis=1)
    _refuse_zeros(distances, metric)
    return Neighbors(distances, first[np.take_along_axis(indices, columns, axis=1)])


def local_dimension(distances: Any, method: str, xp: Any = np) -> Any:
    """Dimension from each row of sorted distances; infinite where they are all equal.

    With array namespace xp also of other libraries, whose gradients flow.
    """
    farthest, nearer = distances[:, -1:], distances[:, :-1]
    if method == "mle":
        gaps, numerator = xp.log(farthest / nearer), 1.0
    else:  # the mean distance over its gap to the last one, formed without cancellation
        gaps, numerator = farthest - nearer, xp.mean(nearer, axis=1)
    with np.errstate(divide="ignore"):
        return numerator / xp.mean(gaps, axis=1)
