"""Exact neighbour search: the one place where distances to all indexed samples are formed.

Euclidean, squared Euclidean and cosine distance are searched by certified bounds, as fast as one
float32 matrix product and exact to the last neighbour; all other metrics, from blocks of
scikit-learn's distances.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse
from sklearn.metrics import pairwise_distances_chunked

from sksim._search._certified import (
    BoundedSearch,
    SymmetricSearch,
    mask_own,
)
from sksim._search._points import Points
from sksim._search._selection import smallest_entries
from sksim._search._trees import TreeSearch
from sksim.utils._blocks import row_blocks
from sksim.utils._kernels import compiled, push_pairs

__all__ = ["candidate_distances", "exact_neighbors"]

# Powers of two beyond which a sum of squares may leave the range of float64.
_SAFE_EXPONENT = 400
_FAST_METRICS = {"euclidean": "euclidean", "l2": "euclidean"}
_FAST_METRICS |= {"sqeuclidean": "sqeuclidean", "cosine": "cosine"}


def _smallest(D: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest entries of each row in increasing order, ties in the order of the columns."""
    if np.isnan(D).any():
        raise ValueError("Distances must be finite, got NaN from the metric.")
    return smallest_entries(D, n_neighbors)


def _search_directly(points: Points, n_neighbors: int, exclude_self: bool):
    """Few indexed samples, or nearly all of them asked for: every distance from differences."""
    every = np.arange(points.Y.shape[0])

    def block(rows):
        own = np.arange(rows.start, rows.stop)
        return points.distances(own, np.broadcast_to(every, (own.size, every.size)))

    return _search_blocks(block, points.X.shape[0], every.size, n_neighbors, exclude_self)


def _search_blocks(block, n_rows: int, n_columns: int, n_neighbors: int, exclude_self: bool):
    """Search in blocks of a distance matrix, which may be overwritten."""
    distances = np.empty((n_rows, n_neighbors))
    indices = np.empty(distances.shape, dtype=np.intp)
    for rows in row_blocks(n_rows, 32 * n_columns):
        D = block(rows)
        if exclude_self:
            mask_own(D, rows.start)
        distances[rows], indices[rows] = _smallest(D, n_neighbors)
    return distances, indices


def _certified_search(points: Points, n_neighbors: int, exclude_self: bool, n_threads: int):
    """The search that suits the shape; all of them give the same result."""
    if TreeSearch.is_worthwhile(points):
        return TreeSearch(points, n_neighbors, exclude_self)
    if SymmetricSearch.is_worthwhile(points, n_neighbors, n_threads):
        push = compiled(push_pairs)
        if push is not None:
            return SymmetricSearch(points, n_neighbors, exclude_self, push)
    return BoundedSearch(points, n_neighbors, exclude_self)


def _search_points(X, Y, n_neighbors: int, metric: str, exclude_self: bool, n_jobs):
    points, exponent = _points(X, Y, metric)
    if Y.shape[0] < 2 * (n_neighbors + 8):
        distances, indices = _search_directly(points, n_neighbors, exclude_self)
    else:
        n_threads = effective_n_jobs(n_jobs)
        search = _certified_search(points, n_neighbors, exclude_self, n_threads)
        search.run(n_threads)
        distances, indices = search.distances, search.indices
    return _unscaled(distances, exponent), indices


def _unscaled(distances, exponent):
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(distances, exponent)


def _search_pairwise(X, Y, n_neighbors, metric, metric_params, exclude_self, n_jobs):
    """Search with any metric of scikit-learn, from blocks of the distance matrix."""

    def reduce_func(D, start):
        D = np.asarray(D, dtype=np.float64)
        if exclude_self:
            mask_own(D, start)
        return _smallest(D, n_neighbors)

    blocks = pairwise_distances_chunked(
        X,
        None if Y is X else Y,
        reduce_func=reduce_func,
        metric=metric,
        n_jobs=n_jobs,
        **(metric_params or {}),
    )
    return tuple(np.concatenate(parts) for parts in zip(*blocks))


def _fast_metric(X, Y, metric, metric_params) -> str | None:
    """Metric of the search by certified products, None for all other searches."""
    if sparse.issparse(X) != sparse.issparse(Y):
        return None
    if metric == "minkowski" and (metric_params or {"p": 2}) == {"p": 2}:
        return "euclidean"
    return _FAST_METRICS.get(metric) if isinstance(metric, str) and not metric_params else None


def _as_points(A):
    """Array or canonical CSR of float32 or float64."""
    if sparse.issparse(A):
        A = sparse.csr_array(A, dtype=np.float64)
        if not A.has_canonical_format:
            A = A.copy()
            A.sum_duplicates()
        return A
    A = np.ascontiguousarray(A)
    return A if A.dtype in (np.float32, np.float64) else A.astype(np.float64)


def _exponents(A, axis):
    """Power of two of the largest entry, of all or of each row."""
    return np.frexp(np.maximum(A.max(axis=axis), -A.min(axis=axis)))[1]


def _points(X, Y, metric: str) -> tuple[Points, int]:
    """Points at a scale where squares neither overflow nor vanish, and the distances' exponent.

    Scales are powers of two, so nothing is rounded. Cosine has one for each row.
    """
    if sparse.issparse(X) or (X.dtype == np.float32 and Y.dtype == np.float32):
        return Points(X, Y, metric), 0
    axis = 1 if metric == "cosine" else None
    exponents = _exponents(X, axis), _exponents(Y, axis)
    if max(np.abs(part).max() for part in exponents) <= _SAFE_EXPONENT:
        return Points(X, Y, metric), 0
    if metric != "cosine":
        exponents = 2 * (np.maximum(*exponents),)
    x_exponents, y_exponents = (part[..., None] for part in exponents)
    scaled = np.ldexp(Y, -y_exponents)
    points = Points(scaled if X is Y else np.ldexp(X, -x_exponents), scaled, metric)
    factor = {"cosine": 0, "euclidean": 1, "sqeuclidean": 2}[metric]
    return points, factor * int(x_exponents.max())


def exact_neighbors(
    X,
    Y=None,
    *,
    n_neighbors: int,
    metric="euclidean",
    metric_params: dict | None = None,
    exclude_self: bool = False,
    n_jobs: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Exact nearest neighbours of the rows of X among the rows of Y.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries, validated by the caller. A distance matrix (n_queries, n_indexed) for
        ``metric="precomputed"``.
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
        Indexed samples; None means X.
    n_neighbors : int
        Number of neighbours, the sample itself not counted.
    metric : str or callable, default="euclidean"
        Any metric of scikit-learn.
    metric_params : dict, default=None
        Its parameters.
    exclude_self : bool, default=False
        Leave out the indexed sample with the query's own row number.
    n_jobs : int, default=None
        Number of threads. The result does not depend on it.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_neighbors)
        Distances in increasing order, ties in the order of the index. Always float64: for
        Euclidean, squared Euclidean and cosine distance they are formed in float64 from the
        differences of the points, whatever the dtype of X and Y, and depend on the two points
        only; equal points are at distance exactly zero.
    indices : ndarray of shape (n_queries, n_neighbors)
        Rows of Y.

    Notes
    -----
    Euclidean, squared Euclidean and cosine distance, both inputs dense or both sparse: time
    O(n_queries n_indexed n_features) in one matrix product, in float32 for dense input; memory
    one float32 copy of Y and a block of about 40 MiB a thread, never above the working memory.
    Up to six features, Euclidean: a k-d tree in place of the product.
    Other metrics go through :func:`sklearn.metrics.pairwise_distances_chunked`.
    """
    X = _as_points(X)
    Y = X if Y is None else _as_points(Y)
    n_indexed = X.shape[1] if metric == "precomputed" else Y.shape[0]
    if not 1 <= n_neighbors <= n_indexed - bool(exclude_self):
        raise ValueError(
            f"n_neighbors must be between 1 and the number of indexed samples that a query can "
            f"have as neighbours, {n_indexed - bool(exclude_self)}, got {n_neighbors}."
        )
    if metric == "precomputed":
        found = _search_blocks(
            lambda rows: X[rows].astype(np.float64), *X.shape, n_neighbors, exclude_self
        )
    elif (fast := _fast_metric(X, Y, metric, metric_params)) is None:
        found = _search_pairwise(X, Y, n_neighbors, metric, metric_params, exclude_self, n_jobs)
    else:
        found = _search_points(X, Y, n_neighbors, fast, exclude_self, n_jobs)
    if not np.isfinite(found[0]).all():
        raise ValueError(f"Distances must be finite, got inf or NaN with metric={metric!r}.")
    return found


def candidate_distances(X, Y, indices: np.ndarray, *, metric: str = "euclidean") -> np.ndarray:
    """Exact distances of each query to its candidates.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_queries, n_features)
        Queries.
    Y : {array-like, sparse matrix} of shape (n_indexed, n_features)
        Indexed samples.
    indices : ndarray of shape (n_queries, n_candidates)
        Rows of Y, at least zero.
    metric : {"euclidean", "l2", "sqeuclidean", "cosine"}, default="euclidean"
        The metric.

    Returns
    -------
    distances : ndarray of shape (n_queries, n_candidates)
        The values that ``exact_neighbors`` gives for the same pairs, in the order of the
        candidates.
    """
    X, Y = _as_points(X), _as_points(Y)
    points, exponent = _points(X, Y, _FAST_METRICS[metric])
    return _unscaled(points.distances(np.arange(X.shape[0]), indices), exponent)
