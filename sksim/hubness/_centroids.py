"""Squared Euclidean distances to centroids, from vectors or from a complete distance matrix.

Both sources answer the same questions: the squares of distances, and the squared distance of each
row to the mean of its nearest indexed samples or of all of them.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import row_norms, safe_sparse_dot

from sksim.hubness._base import Space, missing_vectors_error
from sksim.hubness._distances import Distances, ListDistances, StoredDistances
from sksim.metrics._array_formulas import array_unit_rows
from sksim.utils._array_api import any_namespace, beside
from sksim.utils._blocks import row_blocks
from sksim.utils._typing import FloatArray
from sksim.utils._unit_rows import unit_rows
from sksim.utils._warnings import warn_caller

__all__ = [
    "CentroidSources",
    "DistanceTable",
    "EuclideanVectors",
    "breach_of_triangle",
    "centroid_sources",
]


def _square(d: Any) -> Any:
    return d * d


# What makes each distance a squared Euclidean one: cosine distances those of unit vectors.
_SQUARES: dict[Any, Any] = {
    None: _square,
    "precomputed": _square,
    "euclidean": _square,
    "sqeuclidean": lambda d: +d,
    "cosine": lambda d: 2 * d,
}

# Share of the largest distance below which a breach of the triangle inequality may be rounding:
# float32 products of vectors give distances with errors up to the root of 1e-7 of that.
_BREACH = 1e-3

# Blocks of rows that stay in the processor's cache.
_CACHE_MIB = 1


class _Source:
    """What both sources have in common: the metric of the distances and their squares."""

    def __init__(self, metric: Any, name: str) -> None:
        self.metric = metric
        self.name = name

    def squares(self, values: Any) -> Any:
        """Squared Euclidean distances from those of the metric."""
        if callable(self.metric) or self.metric not in _SQUARES:
            raise ValueError(
                f"{self.name} needs squared Euclidean distances: metric must be 'euclidean', "
                f"'sqeuclidean' or 'cosine', got {self.metric!r}."
            )
        return self._checked(self.squares_of_checked(values))

    def squares_of_checked(self, values: FloatArray) -> FloatArray:
        """The same where the largest distance, or what is made of the squares, is checked."""
        with np.errstate(over="ignore"):
            return _SQUARES[self.metric](values)

    def _checked(self, squares: Any) -> Any:
        xp = any_namespace(squares)
        if bool(xp.any(squares == xp.inf)):
            raise ValueError(
                f"{self.name} squares the distances, which must be less than 1e154 for that."
            )
        return squares


def _squared_lengths(difference: Any) -> Any:
    if sparse.issparse(difference):
        return row_norms(sparse.csr_array(difference), squared=True)
    if isinstance(difference, np.matrix):
        difference = np.asarray(difference)
    return any_namespace(difference).linalg.vecdot(difference, difference)


class EuclideanVectors(_Source):
    """Vectors among which squared Euclidean distances are those of the graph.

    They stay as they are, in a file perhaps: rows are made float64, and for the cosine distance of
    unit length, when they are needed. Distances on a device draw all of them there.
    """

    def __init__(self, X: Any, metric: Any, name: str) -> None:
        super().__init__(metric, name)
        self.X = X
        self._sent: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_sent": None}

    def _prepared(self, Z):
        if not (isinstance(Z, np.ndarray) or sparse.issparse(Z)):
            xp = any_namespace(Z)
            Z = xp.astype(Z, xp.float64, copy=False)
            return array_unit_rows(Z) if self.metric == "cosine" else Z
        Z = Z.astype(np.float64, copy=False)
        return unit_rows(Z) if self.metric == "cosine" else Z

    def _blocks(self, Z) -> Iterator[tuple[slice, Any]]:
        """Slices of rows within the working memory, and these rows."""
        if Z is None:
            raise missing_vectors_error(self.name, "those of the queries too")
        for rows in row_blocks(Z.shape[0], 24 * Z.shape[1]):
            yield rows, self._prepared(Z[rows])

    @cached_property
    def _center(self) -> np.ndarray:
        totals = [np.asarray(block.sum(axis=0)).reshape(1, -1) for _, block in self._blocks(self.X)]
        return sum(totals, np.zeros((1, self.X.shape[1]))) / self.X.shape[0]

    def _averages(self, lists: Any) -> Any:
        """Mean of the listed rows of X, for each list; negative indices are missing."""
        is_listed = lists >= 0
        if not isinstance(lists, np.ndarray):
            return self._averages_on_device(lists, is_listed)
        counts = is_listed.sum(axis=1)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        weights = np.repeat(1 / np.maximum(counts, 1), counts)
        shape = (lists.shape[0], self.X.shape[0])
        average = sparse.csr_array((weights, lists[is_listed], indptr), shape=shape)
        listed = np.unique(average.indices)
        return safe_sparse_dot(average[:, listed], self._prepared(self.X[listed]))

    def _averages_on_device(self, lists: Any, is_listed: Any) -> Any:
        """The same by gathering the rows, where there is no sparse product."""
        xp = any_namespace(lists)
        if self._sent is None:
            self._sent = beside(np.asarray(self.X), lists)
        columns = xp.reshape(xp.where(is_listed, lists, 0), (-1,))
        gathered = self._prepared(xp.take(self._sent, columns, axis=0))
        weights = xp.astype(is_listed, gathered.dtype)
        gathered = xp.reshape(gathered, (*lists.shape, -1)) * weights[:, :, None]
        return xp.sum(gathered, axis=1) / xp.clip(xp.sum(weights, axis=1), 1, None)[:, None]

    def to_local_centroid(self, Z: Any, distances: Distances, n_neighbors: int) -> Any:
        """Squared distance of each row of Z to the mean of its nearest neighbours."""
        if Z is None:
            raise missing_vectors_error(self.name, "those of the queries too")
        lists = distances.nearest(n_neighbors)[1]
        xp = any_namespace(lists)
        parts = []
        # Beside each row its centroid and, at most, as many vectors as it has neighbours.
        for rows in row_blocks(Z.shape[0], 8 * (3 + n_neighbors) * Z.shape[1]):
            row_vectors = self._prepared(beside(Z[rows], lists))
            parts.append(_squared_lengths(row_vectors - self._averages(lists[rows, :])))
        return self._checked(xp.where(distances.counts > 0, xp.concat(parts), xp.nan))

    def to_centroid(self, Z: Any, distances: Distances) -> FloatArray:
        """Squared distance of each row of Z to the mean of all vectors."""
        squared = np.empty(distances.shape[0])
        for rows, block in self._blocks(Z):
            block = block.toarray() if sparse.issparse(block) else block
            squared[rows] = _squared_lengths(block - self._center)
        return self._checked(squared)


class DistanceTable(_Source):
    """All distances among the indexed samples, in the place of their vectors.

    The squared distance to the mean of k points is the mean squared distance to them less half
    the mean squared distance among them.
    """

    def __init__(self, distances: StoredDistances, metric: Any, name: str) -> None:
        super().__init__(metric, name)
        table = distances.toarray()
        own = np.flatnonzero(np.isinf(np.diagonal(table)))
        if own.size:
            table = table.copy() if table is distances.values else table  # the caller's
            table[own, own] = 0.0
        self.table = table
        is_euclidean = _SQUARES[metric] is _square
        lengths = table if is_euclidean else np.sqrt(self.squares(table))
        triple = breach_of_triangle(lengths)
        if triple is not None:
            i, k, j = triple
            direct, first, second = lengths[[i, i, k], [j, k, j]]
            warn_caller(
                f"{name} needs Euclidean distances, but these break the triangle inequality: from "
                f"sample {i} to {j} it is {direct:g}, by way of sample {k} {first:g} + {second:g}. "
                "No vectors have such distances, so the secondary distances mean nothing."
            )

    @cached_property
    def _mean(self) -> float:
        blocks = row_blocks(len(self.table), 16 * len(self.table), working_memory=_CACHE_MIB)
        total = sum(float(self.squares_of_checked(self.table[rows]).sum()) for rows in blocks)
        return total / self.table.size

    def to_local_centroid(self, Z: Any, distances: Distances, n_neighbors: int) -> FloatArray:
        """Squared distance of each row to the mean of its nearest neighbours."""
        nearest, indices = distances.nearest(n_neighbors)
        squared = np.empty(distances.shape[0])
        for rows in row_blocks(squared.size, 8 * max(indices.shape[1], 1) ** 2):
            listed = indices[rows]
            stored = listed >= 0
            count = np.maximum(stored.sum(axis=1), 1)
            among = self.squares(self.table[listed[:, :, None], listed[:, None, :]])
            among = among * (stored[:, :, None] & stored[:, None, :])
            to_them = self.squares(np.where(stored, nearest[rows], 0.0)).sum(axis=1)
            squared[rows] = to_them / count - among.sum(axis=(1, 2)) / (2 * count**2)
        return self._checked(np.where(distances.counts > 0, squared, np.nan))

    def to_centroid(self, Z: Any, distances: Distances) -> FloatArray:
        """Squared distance of each row to the mean of all indexed samples."""
        short = np.flatnonzero(distances.counts < distances.shape[1] - 1)
        if short.size:
            raise ValueError(
                f"{self.name} without vectors needs each row's distances to all indexed samples, "
                f"got {distances.counts[short[0]]} of {distances.shape[1]} in row {short[0]}."
            )
        to_all = np.empty(distances.shape[0])
        for rows, _, block in distances.blocks():
            to_all[rows] = block.row_sum(self.squares_of_checked(block.values))
        return self._checked(to_all / distances.shape[1] - self._mean / 2)


def breach_of_triangle(D: FloatArray) -> tuple[int, int, int] | None:
    """Samples i, k, j with ``d(i, j) > d(i, k) + d(k, j)`` beyond rounding, None if none is found.

    Each pair is compared by way of the nearest neighbour of the one, where a breach is most likely
    to show (the bound ``|d(i, j) - d(k, j)| <= d(i, k)`` is tightest), and of a random sample: two
    passes over the matrix of distances. Nothing is looked for where the diagonal is not
    zero: these are no distances of samples among themselves.
    """
    n_samples = D.shape[0]
    rounding = _BREACH * D.max()
    if np.diagonal(D).max() > rounding:
        return None
    random_ways = np.random.RandomState(0).permutation(n_samples)
    for rows in row_blocks(n_samples, 32 * n_samples, working_memory=_CACHE_MIB):
        to_others = D[rows].copy()
        own = np.arange(rows.start, rows.stop)
        to_others[own - rows.start, own] = np.inf
        for ways in (to_others.argmin(axis=1), random_ways[rows]):
            excess = D[ways]
            np.subtract(D[rows], excess, out=excess)
            furthest = excess.max(axis=1) - D[own, ways]
            i = furthest.argmax()
            if furthest[i] > rounding:
                return int(own[i]), int(ways[i]), int(excess[i].argmax())
    return None


class CentroidSources(NamedTuple):
    """Sources of the centroids of queries, in the indexed samples, and of those, in the bank."""

    indexed: EuclideanVectors | DistanceTable
    bank: EuclideanVectors | DistanceTable


def centroid_sources(distances: Distances, space: Space, name: str) -> CentroidSources:
    """Sources of centroids: vectors, or all distances among the samples."""

    def source(X):
        if X is not None:
            return EuclideanVectors(X, space.metric, name)
        n_rows, n_columns = distances.shape
        if not distances.is_complete or n_rows != n_columns or space.bank is not None:
            raise missing_vectors_error(name, "for its centroids")
        assert not isinstance(distances, ListDistances)  # which are not complete
        return DistanceTable(distances, space.metric, name)

    indexed = source(space.vectors)
    values = distances.values
    # Refuses other metrics.
    indexed.squares(values if 0 in values.shape else any_namespace(values).max(values))
    return CentroidSources(indexed, indexed if space.bank is None else source(space.bank))
