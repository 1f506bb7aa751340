"""The DisSim family: squared distances less the squared distances to a centroid."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import abstractmethod

from sksim.hubness._additive import AdditiveReduction
from sksim.hubness._base import missing_vectors_error
from sksim.hubness._centroids import (
    DistanceTable,
    EuclideanVectors,
    check_squares,
    squared_distances,
)

__all__ = ["CentroidReduction"]


class CentroidReduction(AdditiveReduction):
    """Abstract base: ``|q - x|^2 - |q - c(q)|^2 - |x - c(x)|^2 + offset_`` with centroids c."""

    @abstractmethod
    def _to_centroid(self, source, Z, distances):
        """Squared distances of the rows to their centroids, from a source of vectors or a table."""

    @property
    def needs_vectors(self):
        """Centroids need vectors; a complete distance matrix replaces them."""
        return True

    def _source(self, X, distances, space):
        """Where centroids come from: vectors, or all distances among the samples."""
        if X is not None:
            return EuclideanVectors(X, space.metric)
        n_rows, n_columns = distances.shape
        if not distances.is_complete or n_rows != n_columns or space.bank is not None:
            raise missing_vectors_error(type(self).__name__, "for its centroids")
        return DistanceTable(distances)

    def _start_fit(self, distances, space):
        self._metric = space.metric
        squared_distances(distances.values, space.metric, type(self).__name__)
        self._indexed = self._source(space.vectors, distances, space)
        if space.bank is None:
            return self._indexed
        return self._source(space.bank, distances, space)

    def _row_statistics(self, distances, space):
        to_centroid = self._to_centroid(space.source, space.row_vectors, distances)
        return -check_squares(to_centroid, type(self).__name__)

    def _fit_offset(self):
        return -2 * float(self.bias_.min())

    def _base_values(self, distances):
        return squared_distances(distances.values, self._metric, type(self).__name__)

    def _row_term(self, distances, queries):
        if queries is None and isinstance(self._indexed, EuclideanVectors):
            raise missing_vectors_error(type(self).__name__, "those of the queries too")
        return -self._to_centroid(self._indexed, queries, distances)

    def _exported_bias(self, metric):
        if metric == "cosine":  # the squared distance of unit vectors is twice the cosine distance
            return metric, self.bias_ / 2
        return "sqeuclidean" if metric in ("euclidean", "l2") else metric, self.bias_
