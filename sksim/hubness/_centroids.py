"""Squared Euclidean distances to centroids, from vectors or from a complete distance matrix."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from functools import cached_property

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import row_norms, safe_sparse_dot

from sksim.utils._blocks import row_blocks
from sksim.utils._unit_rows import unit_rows

__all__ = ["DistanceTable", "EuclideanVectors", "check_squares", "squared_distances"]

# What makes each distance a squared Euclidean one: cosine distances those of unit vectors.
_SQUARES = {
    None: np.square,
    "precomputed": np.square,
    "euclidean": np.square,
    "sqeuclidean": np.positive,
    "cosine": lambda d: 2 * d,
}


def check_squares(squares, name: str):
    """Squared distances; raise if some are beyond float64."""
    if np.isinf(squares).any():
        raise ValueError(f"{name} squares the distances, which must be less than 1e154 for that.")
    return squares


def squared_distances(values, metric, name: str):
    """Squared Euclidean distances of a metric that has them."""
    if callable(metric) or metric not in _SQUARES:
        raise ValueError(
            f"{name} needs squared Euclidean distances: metric must be 'euclidean', 'sqeuclidean' "
            f"or 'cosine', got {metric!r}."
        )
    with np.errstate(over="ignore"):
        return check_squares(_SQUARES[metric](values), name)


def _neighbor_average(indices, n_indexed: int):
    """Sparse matrix that averages the listed rows; negative indices are missing."""
    listed = indices >= 0
    counts = listed.sum(axis=1)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    weights = np.repeat(1 / np.maximum(counts, 1), counts)
    shape = (indices.shape[0], n_indexed)
    return sparse.csr_array((weights, indices[listed], indptr), shape=shape)


def _squared_lengths(difference) -> np.ndarray:
    if sparse.issparse(difference):
        return row_norms(sparse.csr_array(difference), squared=True)
    difference = np.asarray(difference)
    return np.einsum("ij,ij->i", difference, difference)


class EuclideanVectors:
    """Vectors among which squared Euclidean distances are those of the graph.

    They stay as they are, in a file perhaps: rows are made float64, and for the cosine distance of
    unit length, when they are needed.
    """

    def __init__(self, X, metric):
        self.metric = metric
        self.X = X

    def _prepare(self, Z):
        Z = Z.astype(np.float64, copy=False)
        return unit_rows(Z) if self.metric == "cosine" else Z

    def _blocks(self, Z):
        """Slices of rows within the working memory, and these rows."""
        for rows in row_blocks(Z.shape[0], 24 * Z.shape[1]):
            yield rows, self._prepare(Z[rows])

    @cached_property
    def _center(self) -> np.ndarray:
        total = sum(np.asarray(block.sum(axis=0)) for _, block in self._blocks(self.X))
        return total.reshape(1, -1) / self.X.shape[0]

    def _averages(self, indices):
        """Mean of the listed rows of X, for each list."""
        average = _neighbor_average(indices, self.X.shape[0])
        listed = np.unique(average.indices)
        return safe_sparse_dot(average[:, listed], self._prepare(self.X[listed]))

    def to_local_centroid(self, Z, distances, n_neighbors: int) -> np.ndarray:
        """Squared distance of each row of Z to the mean of its nearest neighbours."""
        lists = distances.nearest(n_neighbors)[1]
        squared = np.empty(Z.shape[0])
        # Beside each row its centroid and, at most, as many vectors as it has neighbours.
        for rows in row_blocks(Z.shape[0], 8 * (3 + n_neighbors) * Z.shape[1]):
            centroids = self._averages(lists[rows])
            squared[rows] = _squared_lengths(self._prepare(Z[rows]) - centroids)
        return np.where(distances.counts > 0, squared, np.nan)

    def to_centroid(self, Z, distances) -> np.ndarray:
        """Squared distance of each row of Z to the mean of all vectors."""
        squared = np.empty(Z.shape[0])
        for rows, block in self._blocks(Z):
            block = block.toarray() if sparse.issparse(block) else block
            squared[rows] = _squared_lengths(block - self._center)
        return squared


class DistanceTable:
    """All squared distances among the indexed samples, in the place of their vectors.

    The squared distance to the mean of k points is the mean squared distance to them less half
    the mean squared distance among them.
    """

    def __init__(self, distances):
        table = distances.toarray()
        own = np.isinf(np.diagonal(table))
        self.squares = np.square(np.where(np.diag(own), 0.0, table))

    @cached_property
    def _mean(self) -> float:
        return self.squares.mean()

    def to_local_centroid(self, Z, distances, n_neighbors: int) -> np.ndarray:
        """Squared distance of each row to the mean of its nearest neighbours."""
        nearest, indices = distances.nearest(n_neighbors)
        squared = np.empty(distances.shape[0])
        for rows in row_blocks(squared.size, 8 * max(indices.shape[1], 1) ** 2):
            listed = indices[rows]
            stored = listed >= 0
            count = np.maximum(stored.sum(axis=1), 1)
            among = self.squares[listed[:, :, None], listed[:, None, :]]
            among = among * (stored[:, :, None] & stored[:, None, :])
            to_them = np.square(np.where(stored, nearest[rows], 0.0)).sum(axis=1)
            squared[rows] = to_them / count - among.sum(axis=(1, 2)) / (2 * count**2)
        return np.where(distances.counts > 0, squared, np.nan)

    def to_centroid(self, Z, distances) -> np.ndarray:
        """Squared distance of each row to the mean of all indexed samples."""
        short = np.flatnonzero(distances.counts < distances.shape[1] - 1)
        if short.size:
            raise ValueError(
                "DisSimGlobal without vectors needs each row's distances to all indexed samples, "
                f"got {distances.counts[short[0]]} of {distances.shape[1]} in row {short[0]}."
            )
        to_all = distances.row_sum(np.square(distances.values)) / distances.shape[1]
        return to_all - self._mean / 2
