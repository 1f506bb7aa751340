"""Joint counts of empirical mutual proximity: how many samples are farther from both."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np

from sksim.utils._empirical import empirical_mutual_proximity

__all__ = ["GraphJoint", "MatrixJoint", "joint_source"]


class MatrixJoint:
    """All distances of the indexed samples: the definition."""

    def __init__(self, distances):
        self.D = distances.toarray()
        not_stored = np.flatnonzero(np.isinf(np.diagonal(self.D)))
        self.D[not_stored, not_stored] = 0.0

    def shares(self, distances) -> np.ndarray:
        """Share of the indexed samples that are not farther from both ends of each distance."""
        return distances.beside(empirical_mutual_proximity(distances.toarray(), self.D))


class GraphJoint:
    """Stored neighbours of the indexed samples; a missing distance counts as larger.

    The samples that are not farther are the union of two lists, cut at the distance: their lengths
    are ranks, and the overlap is counted. Each indexed sample is in its own list.
    """

    def __init__(self, distances):
        nearest, indices = distances.nearest(distances.shape[1])
        own = np.arange(distances.shape[0])
        own = np.where(distances.has_self, distances.self_index, own)[:, None]
        self.lists = np.hstack([own, indices])
        self.limits = np.hstack([np.zeros(own.shape), nearest])

    def _union_sizes(self, d, listed, scratch):
        """Size of the union of the list of a query and that of each sample it lists."""
        scratch[listed] = d
        in_list = self.limits[listed] <= d[:, None]
        in_both = in_list & (scratch[self.lists[listed]] <= d[:, None])
        scratch[listed] = np.inf
        rank = np.searchsorted(d, d, side="right")
        return rank + np.count_nonzero(in_list, axis=1) - np.count_nonzero(in_both, axis=1)

    def shares(self, distances) -> np.ndarray:
        """Share of the indexed samples that are not farther from both ends of each distance."""
        graph, n_indexed = distances.graph, distances.shape[1]
        scratch = np.full(n_indexed, np.inf)
        sizes = np.empty(graph.nnz)
        for start, stop in pairwise(graph.indptr):
            row = slice(start, stop)
            sizes[row] = self._union_sizes(graph.data[row], graph.indices[row], scratch)
        return distances.from_entries(sizes / n_indexed)


def joint_source(distances):
    """Joint counts of the indexed samples, exact where all their distances are at hand."""
    return MatrixJoint(distances) if distances.is_complete else GraphJoint(distances)
