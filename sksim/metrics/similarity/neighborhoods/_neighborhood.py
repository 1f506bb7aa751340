"""Nearest neighbours of the samples in a representation, as the neighbour measures share them."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from sklearn.neighbors import VALID_METRICS

from sksim._search._exact import exact_neighbors
from sksim.metrics._array_formulas import array_center, array_directions
from sksim.metrics._linalg import directions
from sksim.metrics._measure import SHAPE_MAPS
from sksim.metrics._steps import ArraySteps, Steps
from sksim.utils._array_api import namespace_of, to_numpy
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, StrOptions

__all__ = [
    "DIRECTION_MAPS",
    "NEIGHBOR_CONSTRAINTS",
    "array_largest_products",
    "array_neighbor_indices",
    "chance_overlap",
    "complement",
    "neighbor_indices",
    "neighbor_steps",
    "neighbor_weights",
    "overlap_counts",
    "overlap_mask",
    "relabel",
]

#: What leaves the neighbours by angle as they are.
DIRECTION_MAPS = SHAPE_MAPS - {"translation"}

#: Parameters that the neighbour measures have in common.
NEIGHBOR_CONSTRAINTS = {
    "X": ["array-like"],
    "Y": ["array-like"],
    "n_neighbors": [Interval(Integral, 1, None, closed="left")],
    "metric": [StrOptions({"precomputed"}.union(*VALID_METRICS.values())), callable],
}


def neighbor_indices(X: np.ndarray, *, n_neighbors: int, metric="cosine") -> np.ndarray:
    """Neighbours of each sample, nearest first, itself left out: shape (n_neighbors, n).

    One row holds the r-th neighbours of all samples, so that comparing two representations runs
    along the memory. Equal distances: the smaller index first.
    """
    if isinstance(metric, str) and metric == "cosine":
        directions(X, "A representation")
    if isinstance(metric, str) and metric == "precomputed" and X.shape[0] != X.shape[1]:
        raise ValueError(
            "With metric='precomputed' X and Y must be square matrices of distances, got shape "
            f"{X.shape}."
        )
    _, indices = exact_neighbors(X, n_neighbors=n_neighbors, metric=metric, exclude_self=True)
    return np.ascontiguousarray(indices.T, dtype=np.int32)


def array_neighbor_indices(X: Any, *, n_neighbors: int, metric: str) -> np.ndarray:
    """``neighbor_indices`` of an array of another library: found there, listed here."""
    xp, n = namespace_of(X), X.shape[0]
    if n_neighbors >= n:
        raise ValueError(
            "n_neighbors must be between 1 and the number of samples that a sample can have as "
            f"neighbours, {n - 1}, got {n_neighbors}."
        )
    if metric == "cosine":
        return array_largest_products(array_directions(X, "A representation"), n_neighbors)
    rows = array_center(X).values
    return array_largest_products(rows, n_neighbors, less=xp.sum(rows * rows, axis=1) / 2.0)


def array_largest_products(
    rows: Any, n_neighbors: int, *, less: Any = None, with_self: bool = False
) -> np.ndarray:
    """Samples j of largest inner product with each sample, less ``less[j]``: (n_neighbors, n).

    Products that differ by rounding only may change places.
    """
    xp, n = namespace_of(rows), rows.shape[0]
    lists = []
    for block in row_blocks(n, 32.0 * n):
        distances = -(rows[block, :] @ rows.T)
        if less is not None:
            distances = less + distances
        if not with_self:
            here = xp.arange(block.start, block.stop, device=rows.device)
            itself = here[:, None] == xp.arange(n, device=rows.device)
            distances = xp.where(itself, xp.full_like(distances, xp.inf), distances)
        nearest = xp.argsort(distances, axis=1, stable=True)[:, :n_neighbors]
        lists.append(to_numpy(nearest).T)
    return np.ascontiguousarray(np.concatenate(lists, axis=1), dtype=np.int32)


def _relabel_lists(neighbors: np.ndarray, order: Any) -> np.ndarray:
    return relabel(neighbors, to_numpy(order))


def relabel(neighbors: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Neighbours of the samples in another order, without searching again."""
    new_label = np.empty(order.size, dtype=neighbors.dtype)
    new_label[order] = np.arange(order.size, dtype=neighbors.dtype)
    return new_label[neighbors[:, order]]


def overlap_mask(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which of the neighbours in x are neighbours in y too, (k, n)."""
    shared = np.zeros(x.shape, dtype=bool)
    equal = np.empty_like(shared)
    for row in y:
        np.equal(x, row, out=equal)
        shared |= equal
    return shared


def overlap_counts(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Number of neighbours that each sample has in both representations."""
    return np.count_nonzero(overlap_mask(x, y), axis=0)


def neighbor_weights(
    neighbors: np.ndarray, weights: np.ndarray | None = None, mask: np.ndarray | None = None
) -> csr_array:
    """The neighbours (k, n) of the samples as a sparse matrix (n, n), of ones or weights (k, n).

    Those that the mask leaves out have the weight zero.
    """
    n_neighbors, n_samples = neighbors.shape
    if weights is None:
        weights = np.ones(neighbors.shape, dtype=np.int8)
    if mask is not None:
        weights = np.where(mask, weights, 0.0)
    starts = np.arange(n_samples + 1) * n_neighbors
    # Copies, which products sort in place.
    entries = weights.T.flatten(), neighbors.T.flatten(), starts
    return csr_array(entries, shape=(n_samples, n_samples))


def chance_overlap(n_samples: int, *, n_neighbors: int) -> float:
    """Expected share of common neighbours of unrelated representations."""
    return n_neighbors / (n_samples - 1)


def complement(similarity: float) -> float:
    """One minus a similarity."""
    return 1.0 - similarity


def neighbor_steps(compare: Callable, *, n_neighbors: int, metric="cosine") -> Steps:
    """Steps of a measure that sees nothing but the two lists of neighbours."""
    prepare, array_prepare = (
        functools.partial(function, n_neighbors=n_neighbors, metric=metric)
        for function in (neighbor_indices, array_neighbor_indices)
    )
    in_place = isinstance(metric, str) and metric in ("cosine", "euclidean", "sqeuclidean")
    arrays = ArraySteps(array_prepare, compare, _relabel_lists) if in_place else None
    return Steps(prepare, compare, relabel, arrays)
