"""Exact empirical mutual proximity of listed candidates, counted over all indexed samples.

The samples that are not farther than d from both a query q and its candidate x are a union:
``|B(q) | B(x)| = |B(q)| + |B(x)| - |B(q) & B(x)|`` with ``B(z)`` the samples within d of z. As d
is the distance to a candidate, ``B(q)`` is a beginning of the list of q; so is what ``B(x)`` has in
common with it. Only ``|B(x)|`` needs a pass over all samples, a matrix product; no matrix of all
distances is kept.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn import get_config

from sksim._search._points import DenseBounds, Points
from sksim.utils._blocks import row_blocks
from sksim.utils._typing import FloatArray, IntArray

__all__ = ["empirical_candidate_proximity"]

_EPS = np.finfo(np.float64).eps
_BLOCK_MIB = 64


def _blocks(n_rows: int, row_bytes: int):
    limit = min(_BLOCK_MIB, get_config()["working_memory"])
    return row_blocks(n_rows, row_bytes, working_memory=limit)


def _is_within(points: Points, rows, columns, limits) -> np.ndarray:
    """Whether each pair of points is within its limit, by the exact distance."""
    return points.distances(rows, columns[:, None])[:, 0] <= limits


class _Lists:
    """Lists of candidates: how many of each list are within the distance to each entry."""

    def __init__(
        self, points: Points, among: Points, distances: FloatArray, indices: IntArray
    ) -> None:
        self.points, self.among = points, among
        self.distances, self.indices = distances, indices
        self.tolerance = 8 * (points.X.shape[1] + 16) * _EPS

    def counts(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """For each entry x: listed samples within d of q, and those within d of x as well."""
        d = self.distances[rows]
        is_listed = d[:, None, :] <= d[:, :, None]
        return is_listed.sum(axis=2), (is_listed & self._near(rows, is_listed)).sum(axis=2)

    def _near(self, rows: slice, is_listed) -> np.ndarray:
        """Whether entry j is within d(q, x) of entry x: ``|j - q|^2 <= 2 (x - q).(j - q)``."""
        listed = self.indices[rows]
        offsets = self.points.indexed(listed) - self.points.queries(rows)[:, None, :]
        squares = np.einsum("qxf,qxf->qx", offsets, offsets)
        gaps = 2 * (offsets @ offsets.transpose(0, 2, 1)) - squares[:, None, :]
        doubt = np.abs(gaps) <= self.tolerance * (squares[:, None, :] + squares[:, :, None])
        has_bias = (self.points.y_bias[listed] > 0) | (self.points.x_bias[rows, None] > 0)
        doubt |= has_bias[:, None, :] | has_bias[:, :, None]
        near = gaps >= 0
        q, x, j = np.nonzero(doubt & is_listed)
        limits = self.distances[rows][q, x]
        near[q, x, j] = _is_within(self.among, listed[q, x], listed[q, j], limits)
        return near


class _Ranks:
    """Number of indexed samples within a limit of an indexed sample."""

    def __init__(self, among: Points) -> None:
        self.among = among
        self.bounds = DenseBounds(among, among.Y.shape[0], dtype=np.float64)
        bias = self.bounds.squared_scale * among.y_bias
        self.reach = np.sqrt(self.bounds.norms**2 + bias)
        self.largest = self.reach.max()

    def count(self, samples: np.ndarray, limits: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Count for each pair of a sample and a limit; samples in increasing order.

        ``ends`` are the samples whose distances the limits are, so within them; -1 if unknown.
        """
        counts = np.empty(limits.size, dtype=np.intp)
        unique, first = np.unique(samples, return_index=True)
        first = np.append(first, samples.size)
        buffer = None
        for rows in _blocks(unique.size, 8 * self.among.Y.shape[0]):
            block = unique[rows]
            if buffer is None:
                buffer = np.empty((block.size, self.among.Y.shape[0]))
            bounds = buffer[: block.size]
            norms = np.repeat(
                self.bounds(block, bounds), np.diff(first[rows.start : rows.stop + 1])
            )
            pairs = slice(first[rows.start], first[rows.stop])
            # Bounds up to which a sample is certainly, and at most, within each limit.
            upper = self.bounds.limits(samples[pairs], norms, limits[pairs])
            margin = 4 * self.bounds.alpha * (self.reach[samples[pairs]] + self.largest) ** 2
            lower = upper - margin
            for i, x in enumerate(block):
                part = slice(first[rows.start + i], first[rows.start + i + 1])
                here = slice(part.start - pairs.start, part.stop - pairs.start)
                band = lower[here], upper[here]
                counts[part] = self._count_row(x, bounds[i], *band, limits[part], ends[part])
        return counts

    def _count_row(self, x: int, bounds, lower, upper, limits, ends) -> np.ndarray:
        near = bounds[~(bounds > upper.max())]
        near.sort()
        certain = np.searchsorted(near, lower, side="right")
        n_doubt = np.searchsorted(near, upper, side="right") - certain
        of_end = bounds[ends]
        is_end = (ends >= 0) & (of_end > lower) & (of_end <= upper)
        for i in np.flatnonzero(n_doubt != is_end):
            doubt = np.flatnonzero((bounds > lower[i]) & (bounds <= upper[i]))
            doubt = doubt[doubt != ends[i]]
            within = _is_within(self.among, np.full(doubt.size, x), doubt, limits[i])
            certain[i] += np.count_nonzero(within)
        return certain + is_end


def _own_samples(X, Y, distances, indices) -> np.ndarray:
    """An indexed sample equal to each query: itself if X is Y, -1 if none is listed."""
    if X is Y:
        return np.arange(X.shape[0])
    own = np.full(X.shape[0], -1)
    zero = np.flatnonzero(distances[:, 0] == 0)
    for part in _blocks(zero.size, 2 * X[:1].nbytes):
        rows = zero[part]
        first = indices[rows, 0]
        own[rows] = np.where((X[rows] == Y[first]).all(axis=1), first, -1)
    return own


def empirical_candidate_proximity(
    X: FloatArray,
    Y: FloatArray,
    distances: FloatArray,
    indices: IntArray,
    *,
    metric: str = "euclidean",
    n_excluded: int = 0,
) -> FloatArray:
    r"""Exact empirical mutual proximity of each query and its candidates.

    .. math::

        MP(q, x) = 1 - |\{j: d_{qj} > d_{qx},\, d_{xj} > d_{qx}\}| / (n - n_{excluded})

    with j over all n indexed samples, as :func:`empirical_mutual_proximity` for complete matrices.

    Parameters
    ----------
    X : ndarray of shape (n_queries, n_features)
        Queries; the same object as Y if they are the indexed samples.
    Y : ndarray of shape (n_indexed, n_features)
        Indexed samples.
    distances : ndarray of shape (n_queries, n_candidates)
        Exact distances of the nearest indexed samples, in increasing order, as
        :func:`exact_neighbors` returns them. If X is Y, the sample itself is not among them.
    indices : ndarray of shape (n_queries, n_candidates)
        These samples. All samples nearer than the last candidate must be there; samples that
        are exactly as far as the last one, but not listed, count as farther from the query.
    metric : {"euclidean", "sqeuclidean", "cosine"}, default="euclidean"
        The metric of the distances.
    n_excluded : int, default=0
        Samples that the divisor leaves out.

    Returns
    -------
    proximity : ndarray of shape (n_queries, n_candidates)
        The values, in [0, 1], beside the candidates.

    Notes
    -----
    Time of one float64 product of Y with itself, and O(n_queries n_candidates^2 n_features);
    memory O(n_queries n_candidates) and blocks within the working memory.
    """
    n_indexed = Y.shape[0]
    points = Points(X, Y, metric)
    among = points if X is Y else Points(Y, Y, metric)
    lists = _Lists(points, among, distances, indices)
    union = np.empty(distances.shape)
    for rows in _blocks(
        X.shape[0], distances.shape[1] * (24 * X.shape[1] + 40 * distances.shape[1])
    ):
        of_query, of_both = lists.counts(rows)
        # The query itself, if indexed, is within d of both: it adds to either and to the overlap.
        union[rows] = of_query - of_both
    order = np.argsort(indices, axis=None, kind="stable")
    ranks = np.empty(order.size, dtype=np.intp)
    ends = _own_samples(X, Y, distances, indices)[order // indices.shape[1]]
    ranks[order] = _Ranks(among).count(indices.ravel()[order], distances.ravel()[order], ends)
    union += ranks.reshape(union.shape)
    return 1 - (n_indexed - union) / (n_indexed - n_excluded)
