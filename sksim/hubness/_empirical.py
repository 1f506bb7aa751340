"""Joint counts of empirical mutual proximity: how many samples are farther from both."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np
from scipy import sparse

from sksim.hubness._empirical_candidates import empirical_candidate_proximity
from sksim.hubness._empirical_complete import empirical_mutual_proximity

__all__ = ["GraphJoint", "MatrixJoint", "VectorJoint", "joint_source"]


class MatrixJoint:
    """All distances of the indexed samples: the definition."""

    def __init__(self, distances):
        self.D = distances.toarray()
        not_stored = np.flatnonzero(np.isinf(np.diagonal(self.D)))
        self.D[not_stored, not_stored] = 0.0

    def shares(self, distances, queries=None) -> np.ndarray:
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

    def shares(self, distances, queries=None) -> np.ndarray:
        """Share of the indexed samples that are not farther from both ends of each distance."""
        graph, n_indexed = distances.graph, distances.shape[1]
        scratch = np.full(n_indexed, np.inf)
        sizes = np.empty(graph.nnz)
        for start, stop in pairwise(graph.indptr):
            row = slice(start, stop)
            sizes[row] = self._union_sizes(graph.data[row], graph.indices[row], scratch)
        return distances.from_entries(sizes / n_indexed)


class VectorJoint:
    """All indexed vectors: exact counts for the nearest samples that each query lists."""

    def __init__(self, X, metric):
        if sparse.issparse(X) or metric not in ("euclidean", "sqeuclidean", "cosine"):
            raise ValueError(
                "MutualProximity(method='empirical', moments='exact') counts over dense vectors "
                "with metric 'euclidean', 'sqeuclidean' or 'cosine', got "
                f"{'sparse' if sparse.issparse(X) else 'dense'} vectors and metric={metric!r}. Use "
                "moments='graph', or the complete graph."
            )
        self.X = X
        self.metric = metric

    def shares(self, distances, queries) -> np.ndarray:
        """Share of the indexed samples that are not farther from both ends of each distance."""
        graph = distances.graph
        lengths = np.diff(graph.indptr)
        shares = np.empty(graph.nnz)
        for length in np.unique(lengths[lengths > 0]):
            rows = np.flatnonzero(lengths == length)
            entries = graph.indptr[rows][:, None] + np.arange(length)
            lists = graph.data[entries].astype(np.float64), graph.indices[entries]
            shares[entries] = empirical_candidate_proximity(
                queries[rows], self.X, *lists, metric=self.metric
            )
        return distances.from_entries(shares)


def joint_source(distances):
    """Joint counts of the indexed samples, exact where all their distances are at hand."""
    return MatrixJoint(distances) if distances.is_complete else GraphJoint(distances)
