"""Mean and variance of the distances from a sample to all others, itself left out.

Three sources with one method, ``of(distances, Z) -> Moments``: the stored entries of the graph;
a closed form over all indexed samples for (squared) Euclidean and cosine distances; a pass over
all of them, or over a sample of landmarks, for any metric.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.metrics import pairwise_distances_chunked

from sksim.hubness._distances import Distances
from sksim.utils._blocks import row_blocks
from sksim.utils._typing import IntArray, Metric
from sksim.utils._unit_rows import unit_rows

__all__ = ["ClosedFormMoments", "GraphMoments", "Moments", "StreamedMoments", "exact_moments"]

# Rows of a product; more gain nothing in time.
_BATCH_ROWS = 2048


# Metrics whose moments have a closed form, those of Euclidean distances after squaring.
_CLOSED_FORMS = ("euclidean", "sqeuclidean", "cosine")


def _identity(distances):
    return distances


class Moments(NamedTuple):
    """Mean and variance (divided by the count) of the distances of each row, and their number."""

    mean: np.ndarray
    variance: np.ndarray
    n_distances: np.ndarray


class GraphMoments:
    """Moments over the stored entries of each row."""

    variable = staticmethod(_identity)

    def of(self, distances: Distances, Z: Any = None) -> Moments:
        """Moments of each row, NaN in rows without neighbours."""
        mean, variance = np.empty((2, distances.shape[0]))
        for rows, _, block in distances.blocks():
            count = np.where(block.counts > 0, block.counts, np.nan)
            mean[rows] = block.row_sum(block.values) / count
            squares = block.values - block.by_row(mean[rows])
            np.square(squares, out=squares)
            variance[rows] = block.row_sum(squares) / count
        return Moments(mean, variance, distances.counts)


def _without_self(mean, variance, n: int, has_self, own) -> Moments:
    """Take the distance of each sample to itself, ``own``, out of the moments of n distances."""
    count = n - has_self.astype(np.intp)
    own = own * has_self
    others = np.maximum(count, 1)
    mean_others = (n * mean - own) / others
    square_others = (n * (variance + mean**2) - own**2) / others
    return Moments(mean_others, np.maximum(square_others - mean_others**2, 0), count)


class ClosedFormMoments:
    r"""Moments over all of X of squared Euclidean or cosine distances, without the distances.

    With centred vectors, :math:`C` their covariance and :math:`c` the covariance of
    :math:`\|x\|^2` and :math:`x`, the squared distances from z have mean
    :math:`\|z\|^2 + E\|x\|^2` and variance :math:`Var\|x\|^2 + 4 z^T C z - 4 z^T c`; the cosine
    distances from a unit vector z have mean :math:`1 - z^T \bar x` and variance
    :math:`z^T C z`. Costs O(n D^2) time once, O(D^2) for each z, and O(D^2)
    memory. ``variable`` squares Euclidean distances.
    """

    def __init__(self, X: Any, *, metric: str) -> None:
        self.cosine = metric == "cosine"
        self.variable = np.square if metric == "euclidean" else _identity
        self.n_samples = X.shape[0]
        self.center = self._center(X)
        self._accumulate(X)

    def _batches(self, Z):
        for rows in row_blocks(Z.shape[0], 24 * Z.shape[1], max_rows=_BATCH_ROWS):
            batch = np.asarray(Z[rows], dtype=np.float64)
            yield rows, unit_rows(batch) if self.cosine else batch

    def _center(self, X):
        total = sum(batch.sum(axis=0) for _, batch in self._batches(X))
        return total / self.n_samples

    def _accumulate(self, X):
        n_features = X.shape[1]
        self.covariance = np.zeros((n_features, n_features))
        self.covariance_with_norm = np.zeros(n_features)
        norms = np.empty(self.n_samples)
        for rows, batch in self._batches(X):
            batch = batch - self.center
            norms[rows] = np.einsum("ij,ij->i", batch, batch)
            self.covariance += batch.T @ batch / self.n_samples
            self.covariance_with_norm += norms[rows] @ batch / self.n_samples
        self.mean_norm, self.variance_norm = norms.mean(), norms.var()

    def _squared_euclidean(self, Z):
        Z = Z - self.center
        spread = np.einsum("ij,ij->i", Z @ self.covariance, Z)
        mean = np.einsum("ij,ij->i", Z, Z) + self.mean_norm
        variance = self.variance_norm + 4 * spread - 4 * Z @ self.covariance_with_norm
        return mean, variance, 0.0

    def _cosine(self, Z):
        variance = np.einsum("ij,ij->i", Z @ self.covariance, Z)
        is_zero = ~Z.any(axis=1)  # a zero vector is at distance 1 of everything, itself too
        return 1 - Z @ self.center, variance, is_zero

    def of(self, distances: Distances, Z: Any) -> Moments:
        """Moments from each row of Z, the self entries of ``distances`` left out."""
        formula = self._cosine if self.cosine else self._squared_euclidean
        mean, variance, own = np.empty((3, Z.shape[0]))
        for rows, batch in self._batches(Z):
            mean[rows], variance[rows], own[rows] = formula(batch)
        variance = np.maximum(variance, 0)
        return _without_self(mean, variance, self.n_samples, distances.has_self, own)


class StreamedMoments:
    """Moments over the rows ``indices`` of X by computing their distances, any metric."""

    variable = staticmethod(_identity)

    def __init__(
        self, X: Any, indices: IntArray, *, metric: Metric, metric_params: Mapping[str, Any]
    ) -> None:
        self.X = X[indices]
        self.indices = indices
        self.n_indexed = X.shape[0]
        self.metric = metric
        self.metric_params = metric_params

    def of(self, distances: Distances, Z: Any) -> Moments:
        """Moments from each row of Z, the self entries of ``distances`` left out."""
        # Position of each row's self entry among the landmarks, -1 where it is none of them.
        position = np.full(self.n_indexed + 1, -1)
        position[self.indices] = np.arange(self.indices.size)
        self_position = position[distances.self_index]

        def block_moments(D, start):
            kept = np.arange(D.shape[1]) != self_position[start : start + len(D), None]
            count = kept.sum(axis=1)
            mean = np.sum(D, axis=1, where=kept, dtype=np.float64) / count
            deviation = D - mean[:, None]
            return np.c_[mean, np.sum(deviation**2, axis=1, where=kept) / count, count]

        blocks = pairwise_distances_chunked(
            Z, self.X, reduce_func=block_moments, metric=self.metric, **self.metric_params
        )
        mean, variance, count = np.vstack(list(blocks)).T
        return Moments(mean, variance, count.astype(np.intp))


def exact_moments(
    X: Any, *, metric: Metric, metric_params: Mapping[str, Any]
) -> ClosedFormMoments | StreamedMoments:
    """Source of the moments over all rows of X: in closed form where there is one."""
    if isinstance(metric, str) and metric in _CLOSED_FORMS and not sparse.issparse(X):
        return ClosedFormMoments(X, metric=metric)
    return StreamedMoments(X, np.arange(X.shape[0]), metric=metric, metric_params=metric_params)
