"""Mean and variance of the distances from a sample to all others, itself left out.

Three sources with one method, ``of(distances, Z) -> Moments``: the stored entries of the graph;
a closed form over all indexed samples for (squared) Euclidean and cosine distances; a pass over
all of them, or over a sample of landmarks, for any metric.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.metrics import pairwise_distances_chunked

from sksim.hubness._distances import Distances
from sksim.metrics._array_formulas import array_unit_rows
from sksim.utils._array_api import any_namespace, beside, to_numpy
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


def _square(distances):
    return distances * distances


class Moments(NamedTuple):
    """Mean and variance (divided by the count) of the distances of each row, and their number."""

    mean: Any
    variance: Any
    n_distances: Any


class GraphMoments:
    """Moments over the stored entries of each row."""

    variable = staticmethod(_identity)

    def of(self, distances: Distances, Z: Any = None) -> Moments:
        """Moments of each row, NaN in rows without neighbours."""
        xp = any_namespace(distances.values)
        means, variances, counts = [], [], []
        for _, _, block in distances.blocks():
            count = xp.astype(block.counts, xp.float64)
            known = xp.where(count > 0, count, xp.nan)
            mean = block.row_sum(block.values) / known
            squares = block.values - block.by_row(mean)
            squares *= squares
            means.append(mean)
            variances.append(block.row_sum(squares) / known)
            counts.append(count)
        return Moments(*(xp.concat(parts) for parts in (means, variances, counts)))


def _without_self(mean, variance, n: int, has_self, own) -> Moments:
    """Take the distance of each sample to itself, ``own``, out of the moments of n distances."""
    xp = any_namespace(mean)
    is_own = xp.astype(has_self, mean.dtype)
    count = n - is_own
    own = own * is_own
    others = xp.clip(count, 1, None)
    mean_others = (n * mean - own) / others
    square_others = (n * (variance + mean**2) - own**2) / others
    return Moments(mean_others, xp.clip(square_others - mean_others**2, 0, None), count)


class ClosedFormMoments:
    r"""Moments over all of X of squared Euclidean or cosine distances, without the distances.

    With centred vectors, :math:`C` their covariance and :math:`c` the covariance of
    :math:`\|x\|^2` and :math:`x`, the squared distances from z have mean
    :math:`\|z\|^2 + E\|x\|^2` and variance :math:`Var\|x\|^2 + 4 z^T C z - 4 z^T c`; the cosine
    distances from a unit vector z have mean :math:`1 - z^T \bar x` and variance
    :math:`z^T C z`. Costs O(n D^2) time once, O(D^2) for each z, and O(D^2)
    memory. ``variable`` squares Euclidean distances. The products are formed where ``like``, the
    distances, are, batch by batch; what is kept of X is NumPy's.
    """

    def __init__(self, X: Any, *, metric: str, like: Any) -> None:
        self.cosine = metric == "cosine"
        self.variable = _square if metric == "euclidean" else _identity
        self.n_samples = X.shape[0]
        total = sum(any_namespace(batch).sum(batch, axis=0) for batch in self._batches(X, like))
        center = total / self.n_samples
        covariance, with_norm, norms = 0.0, 0.0, []
        for batch in self._batches(X, like):
            xp = any_namespace(batch)
            batch = batch - center
            norms.append(xp.linalg.vecdot(batch, batch))
            covariance = covariance + batch.T @ batch / self.n_samples
            with_norm = with_norm + norms[-1] @ batch / self.n_samples
        of_all = to_numpy(xp.concat(norms))
        self.mean_norm, self.variance_norm = float(of_all.mean()), float(of_all.var())
        parts = (to_numpy(part) for part in (center, covariance, with_norm))
        self.center, self.covariance, self.covariance_with_norm = parts

    def _batches(self, Z: Any, like: Any) -> Iterator[Any]:
        """Rows of Z in float64, for cosine of unit length, in the library of the distances."""
        for rows in row_blocks(Z.shape[0], 24 * Z.shape[1], max_rows=_BATCH_ROWS):
            batch = beside(np.asarray(Z[rows]), like)
            xp = any_namespace(batch)
            batch = xp.astype(batch, xp.float64)
            if self.cosine:
                batch = unit_rows(batch) if xp is np else array_unit_rows(batch)
            yield batch

    def of(self, distances: Distances, Z: Any) -> Moments:
        """Moments from each row of Z, the self entries of ``distances`` left out."""
        like = distances.values
        xp = any_namespace(like)
        center, covariance, with_norm = (
            beside(part, like) for part in (self.center, self.covariance, self.covariance_with_norm)
        )
        parts = []
        for batch in self._batches(Z, like):
            if self.cosine:
                mean = 1 - batch @ center
                variance = xp.linalg.vecdot(batch @ covariance, batch)
                # A zero vector is at distance 1 of everything, itself too.
                own = xp.astype(xp.all(batch == 0, axis=1), mean.dtype)
            else:
                batch = batch - center
                mean = xp.linalg.vecdot(batch, batch) + self.mean_norm
                spread = xp.linalg.vecdot(batch @ covariance, batch)
                variance = self.variance_norm + 4 * spread - 4 * (batch @ with_norm)
                own = xp.zeros_like(mean)
            parts.append((mean, variance, own))
        mean, variance, own = (xp.concat(part) for part in zip(*parts))
        variance = xp.clip(variance, 0, None)
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
        self_position = position[to_numpy(distances.self_index)]

        def block_moments(D, start):
            kept = np.arange(D.shape[1]) != self_position[start : start + len(D), None]
            count = kept.sum(axis=1)
            mean = np.sum(D, axis=1, where=kept, dtype=np.float64) / count
            deviation = D - mean[:, None]
            return np.c_[mean, np.sum(deviation**2, axis=1, where=kept) / count, count]

        blocks = pairwise_distances_chunked(
            Z, self.X, reduce_func=block_moments, metric=self.metric, **self.metric_params
        )
        return Moments(*(beside(part, distances.values) for part in np.vstack(list(blocks)).T))


def exact_moments(
    X: Any, *, metric: Metric, metric_params: Mapping[str, Any], like: Any
) -> ClosedFormMoments | StreamedMoments:
    """Source of the moments over all rows of X: in closed form where there is one."""
    if isinstance(metric, str) and metric in _CLOSED_FORMS and not sparse.issparse(X):
        return ClosedFormMoments(X, metric=metric, like=like)
    return StreamedMoments(X, np.arange(X.shape[0]), metric=metric, metric_params=metric_params)
