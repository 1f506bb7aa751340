"""The shared-neighbour family: how much do two neighbour lists overlap, each member weighted."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import abstractmethod

import numpy as np
from scipy import sparse

from sksim.hubness._base import GraphReduction
from sksim.hubness._statistics import check_depth

__all__ = ["SharedNeighborReduction", "neighbor_indicator"]


def neighbor_indicator(distances, n_neighbors: int):
    """Sparse matrix with ones at the nearest neighbours of each row, the sample itself not one."""
    indices = distances.nearest(n_neighbors)[1]
    listed = indices >= 0
    indptr = np.concatenate([[0], np.cumsum(listed.sum(axis=1))])
    ones = np.ones(indptr[-1])
    return sparse.csr_array((ones, indices[listed], indptr), shape=distances.shape)


class SharedNeighborReduction(GraphReduction):
    """Abstract base: ``1 - sum of the weights of shared neighbours``, weights of at most 1 / k."""

    _by_rows = False

    @abstractmethod
    def _neighbor_weights(self, lists, space):
        """Weight of each indexed sample as a shared neighbour, between 0 and 1 / n_neighbors."""

    def _fit_distances(self, distances, space):
        if space.bank is not None:
            raise ValueError(
                f"{type(self).__name__} compares neighbours in one set, got a bank of queries."
            )
        deepest = int(distances.counts.max(initial=0))
        check_depth(deepest, distances.shape, self.n_neighbors, type(self).__name__)
        self._lists = neighbor_indicator(distances, self.n_neighbors)
        self.weights_ = self._neighbor_weights(self._lists, space)

    def _reduce_distances(self, distances, queries):
        lists = neighbor_indicator(distances, self.n_neighbors)
        shared = lists.multiply(self.weights_[None, :]).tocsr() @ self._lists.T
        return np.clip(1 - distances.beside(shared), 0, 1)
