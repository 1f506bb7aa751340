"""Exact neighbour search: the one place where distances to all indexed samples are formed.

For Euclidean, squared Euclidean and cosine distance the search takes three steps, block by
block of the queries.

1. One float32 matrix product gives a *rigorous lower bound* of each distance. With the points
   centred on the mean of Y (and, for cosine, brought to unit length first),
   ``|x - y|^2 = |x|^2 + 2 (|y|^2 / 2 - x.y)``, and for every order of summation the rounding
   error of ``|y|^2 / 2 - x.y`` is at most ``alpha (|x| |y| + |y|^2 / 2)``, ``alpha`` a small
   multiple of ``n_features`` times the unit roundoff. The norm and the error are two more columns
   of the product: ``[x, |x|, 1] . [-y, -alpha |y|, (1 - alpha) |y|^2 / 2]``.
2. The few smallest bounds of each row are its candidates; their distances are formed again in
   float64 from the differences of the original points.
3. If the bound of every other sample is above the last distance kept, the row is finished:
   nothing else can be nearer. Otherwise every sample whose bound is not above it is formed again.

The result therefore equals a float64 search over all differences, whatever the blocks, the
threads and the other queries are; equal points are at distance exactly zero.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse
from sklearn import get_config
from sklearn.metrics import pairwise_distances_chunked
from threadpoolctl import threadpool_limits

from sksim.utils._blocks import row_blocks
from sksim.utils._points import Points, lower_bounds

__all__ = ["candidate_distances", "exact_neighbors"]

# Candidates beyond n_neighbors: rows whose distances lie closer than the bounds are tight
# are completed one by one, more candidates make that rarer.
_N_SPARE = 4
_MAX_GROUP_SIZE = 64
# Blocks of bounds: large enough for the product, small beside the data.
_BLOCK_MIB = 40
_MIN_BLOCK_ROWS, _MAX_BLOCK_ROWS = 128, 1024
# Powers of two beyond which a sum of squares may leave the range of float64.
_SAFE_EXPONENT = 400
_FAST_METRICS = {"euclidean": "euclidean", "l2": "euclidean"}
_FAST_METRICS |= {"sqeuclidean": "sqeuclidean", "cosine": "cosine"}


def _sorted_by_distance(distances, indices) -> tuple[np.ndarray, np.ndarray]:
    """Each row in increasing order, ties in the order of the index."""
    order = np.lexsort((indices, distances), axis=-1)
    return np.take_along_axis(distances, order, -1), np.take_along_axis(indices, order, -1)


def _smallest(D: np.ndarray, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest entries of each row in increasing order, ties in the order of the columns."""
    if np.isnan(D).any():
        raise ValueError("Distances must be finite, got NaN from the metric.")
    last = np.partition(D, n_neighbors - 1, axis=1)[:, [n_neighbors - 1]]
    kept = last > D
    ties = last == D
    kept |= ties & (np.cumsum(ties, axis=1) <= n_neighbors - kept.sum(axis=1, keepdims=True))
    indices = np.nonzero(kept)[1].reshape(-1, n_neighbors)
    return _sorted_by_distance(np.take_along_axis(D, indices, axis=1), indices)


def _mask_own(D: np.ndarray, start: int) -> None:
    """Put the samples themselves, for rows that begin at ``start``, out of reach."""
    rows = np.arange(D.shape[0])
    D[rows, start + rows] = np.inf


def _group_size(n_indexed: int, n_candidates: int) -> int:
    """Size that balances the pass over the group minima with the one over the best groups."""
    size = round(0.7 * np.sqrt(n_indexed / (n_candidates + 1)))
    return int(min(max(size, 1), _MAX_GROUP_SIZE, n_indexed // (n_candidates + 1)))


def _candidates(bounds: np.ndarray, group_size: int, n_candidates: int):
    """Columns of the smallest bounds of each row, and the smallest bound of all others.

    The ``c`` smallest entries of a row lie in the ``c`` groups with the smallest minima.
    """
    n_rows, width = bounds.shape
    n_groups = width // group_size
    minima = bounds.reshape(n_rows, group_size, n_groups).min(axis=1)
    groups = np.argpartition(minima, n_candidates, axis=1)[:, : n_candidates + 1]
    columns = groups[:, None, :] + n_groups * np.arange(group_size)[:, None]
    columns = columns.reshape(n_rows, -1)
    values = bounds.ravel().take(columns + width * np.arange(n_rows)[:, None], mode="clip")
    order = np.argpartition(values, n_candidates, axis=1)[:, : n_candidates + 1]
    others = np.take_along_axis(values, order[:, -1:], axis=1)[:, 0]
    return np.take_along_axis(columns, order[:, :-1], axis=1), others


def _nearest_of(points: Points, row: int, columns: np.ndarray, n_neighbors: int):
    """Nearest of the columns, which are in increasing order, formed in growing steps.

    The search ends once enough columns are at the least distance that the row can have, as
    among many equal points.
    """
    distances, start, step = np.empty(0), 0, 8 * n_neighbors
    while start < columns.size:
        part = points.distances(np.array([row]), columns[None, start : start + step])[0]
        distances = np.concatenate([distances, part])
        if np.count_nonzero(distances <= points.least_distance(row)) >= n_neighbors:
            break
        start, step = start + step, 4 * step
    order = np.argsort(distances, kind="stable")[:n_neighbors]
    return distances[order], columns[order]


class _CertifiedSearch:
    """Search by lower bounds, exact distances of the candidates and a certificate."""

    def __init__(self, points: Points, n_neighbors: int, exclude_self: bool):
        self.points, self.n_neighbors, self.exclude_self = points, n_neighbors, exclude_self
        self.n_indexed = points.Y.shape[0]
        self.group_size = _group_size(self.n_indexed, n_neighbors + _N_SPARE)
        self.width = -(-self.n_indexed // self.group_size) * self.group_size
        self.bounds = lower_bounds(points, self.width)

    def blocks(self, n_parts: int) -> list[slice]:
        """Row blocks within the working memory, larger ones only to keep the product fast."""
        row_bytes = self.width * self.bounds.dtype().itemsize
        limit = max(_BLOCK_MIB, _MIN_BLOCK_ROWS * row_bytes / 2**20)
        limit = min(limit, get_config()["working_memory"] / n_parts)
        n_rows = self.points.X.shape[0]
        return list(row_blocks(n_rows, row_bytes, max_rows=_MAX_BLOCK_ROWS, working_memory=limit))

    def run(self, blocks: list[slice], distances: np.ndarray, indices: np.ndarray) -> None:
        """Search the blocks one after another, all in one buffer."""
        buffer = np.empty((blocks[0].stop - blocks[0].start, self.width), self.bounds.dtype)
        for rows in blocks:
            found = self._search_block(rows, buffer[: rows.stop - rows.start])
            distances[rows], indices[rows] = found

    def _search_block(self, rows: slice, bounds: np.ndarray):
        norms = self.bounds(rows, bounds)
        if self.exclude_self:
            _mask_own(bounds, rows.start)
        columns, others = _candidates(bounds, self.group_size, self.n_neighbors + _N_SPARE)
        distances = self.points.distances(np.arange(rows.start, rows.stop), columns)
        found = _sorted_by_distance(distances, columns)
        distances, indices = (part[:, : self.n_neighbors] for part in found)
        limits = self.bounds.limits(rows, norms, distances[:, -1])
        for i in np.flatnonzero(~(others > limits)):
            columns = self._not_farther(rows.start + i, bounds[i], limits[i])
            distances[i], indices[i] = _nearest_of(
                self.points, rows.start + i, columns, self.n_neighbors
            )
        return distances, indices

    def _not_farther(self, row: int, bounds: np.ndarray, limit: float) -> np.ndarray:
        """Columns that may be as near as the limit."""
        is_open = ~(bounds[: self.n_indexed] > limit)
        if self.exclude_self:
            is_open[row] = False
        return np.flatnonzero(is_open)


def _search_in_threads(search: _CertifiedSearch, distances, indices, n_jobs) -> None:
    n_threads = effective_n_jobs(n_jobs)
    blocks = search.blocks(n_threads)
    if n_threads == 1:
        return search.run(blocks, distances, indices)
    parts = [blocks[i::n_threads] for i in range(min(n_threads, len(blocks)))]
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(lambda part: search.run(part, distances, indices), parts))


def _search_directly(points: Points, distances, indices, exclude_self: bool) -> None:
    """Few indexed samples, or nearly all of them asked for: every distance from differences."""
    n_neighbors, n_indexed = distances.shape[1], points.Y.shape[0]
    for rows in row_blocks(points.X.shape[0], 32 * n_indexed):
        own = np.arange(rows.start, rows.stop)
        D = points.distances(own, np.broadcast_to(np.arange(n_indexed), (own.size, n_indexed)))
        if exclude_self:
            _mask_own(D, rows.start)
        distances[rows], indices[rows] = _smallest(D, n_neighbors)


def _search_points(X, Y, n_neighbors: int, metric: str, exclude_self: bool, n_jobs):
    points, exponent = _points(X, Y, metric)
    shape = (X.shape[0], n_neighbors)
    distances, indices = np.empty(shape), np.empty(shape, dtype=np.intp)
    if points.Y.shape[0] < 2 * (n_neighbors + _N_SPARE + 1):
        _search_directly(points, distances, indices, exclude_self)
    else:
        search = _CertifiedSearch(points, n_neighbors, exclude_self)
        _search_in_threads(search, distances, indices, n_jobs)
    return _unscaled(distances, exponent), indices


def _unscaled(distances, exponent):
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(distances, exponent)


def _search_matrix(D, n_neighbors: int, exclude_self: bool):
    """Search in a distance matrix."""
    shape = (D.shape[0], n_neighbors)
    distances, indices = np.empty(shape), np.empty(shape, dtype=np.intp)
    for rows in row_blocks(D.shape[0], 32 * D.shape[1]):
        block = D[rows].astype(np.float64)
        if exclude_self:
            _mask_own(block, rows.start)
        distances[rows], indices[rows] = _smallest(block, n_neighbors)
    return distances, indices


def _search_pairwise(X, Y, n_neighbors, metric, metric_params, exclude_self, n_jobs):
    """Search with any metric of scikit-learn, from blocks of the distance matrix."""

    def reduce_func(D, start):
        D = np.asarray(D, dtype=np.float64)
        if exclude_self:
            _mask_own(D, start)
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
        found = _search_matrix(X, n_neighbors, exclude_self)
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
