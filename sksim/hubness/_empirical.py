"""Joint counts of empirical mutual proximity: how many samples are farther from both."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
from scipy import sparse

from sksim.utils._blocks import row_blocks

__all__ = ["GraphJoint", "MatrixJoint", "joint_source"]


def _farther_from_both(d_query, D):
    """For each column x: the columns j with d_qj > d_qx and D_xj > d_qx, counted."""
    counts = np.empty(d_query.size)
    for rows in row_blocks(D.shape[0], 4 * D.shape[1]):
        limits = d_query[rows, None]
        counts[rows] = np.count_nonzero((d_query > limits) & (D[rows] > limits), axis=1)
    return counts


class MatrixJoint:
    """All distances of the indexed samples: the definition, O(n^2) for each query."""

    def __init__(self, distances):
        self.D = distances.values

    def shares(self, distances) -> np.ndarray:
        """Share of the indexed samples that are not farther from both ends of each distance."""
        counts = np.stack([_farther_from_both(row, self.D) for row in distances.values])
        return 1 - counts / self.D.shape[0]


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
        n_indexed = distances.shape[1]
        scratch = np.full(n_indexed, np.inf)
        sizes = np.empty(distances.values.size)
        for start, stop in pairwise(distances.graph.indptr):
            row = slice(start, stop)
            listed = distances.graph.indices[row]
            sizes[row] = self._union_sizes(distances.values[row], listed, scratch)
        return sizes / n_indexed


def joint_source(distances):
    """Joint counts of the indexed samples from their graph or matrix."""
    is_graph = sparse.issparse(getattr(distances, "graph", None))
    return GraphJoint(distances) if is_graph else MatrixJoint(distances)
