"""Empirical mutual proximity, a strategy of ``MutualProximity``: counts over joint distances.

The value of a pair is the share of the indexed samples that are not farther from both, and so
needs no fitted statistic but the distances among the indexed samples: all of them, those that the
graph stores, or the vectors that they are made from.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from sksim.hubness._base import Space, missing_vectors_error
from sksim.hubness._distances import StoredDistances
from sksim.hubness._proximity._empirical_candidates import empirical_candidate_proximity
from sksim.hubness._proximity._empirical_complete import empirical_mutual_proximity
from sksim.utils._typing import FloatArray

__all__ = ["JointProximity"]


class _MatrixCounts:
    """All distances of the indexed samples: the definition."""

    def __init__(self, distances: StoredDistances) -> None:
        self.D = distances.toarray()
        not_stored = np.flatnonzero(np.isinf(np.diagonal(self.D)))
        self.D[not_stored, not_stored] = 0.0

    def shares(self, distances: StoredDistances, queries: Any) -> FloatArray:
        return distances.beside(empirical_mutual_proximity(distances.toarray(), self.D))


class _GraphCounts:
    """Stored neighbours of the indexed samples; a missing distance counts as larger.

    The samples that are not farther are the union of two lists, cut at the distance: their lengths
    are ranks, and the overlap is counted. Each indexed sample is in its own list.
    """

    def __init__(self, distances: StoredDistances) -> None:
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

    def shares(self, distances: StoredDistances, queries: Any) -> FloatArray:
        graph, n_indexed = distances.graph, distances.shape[1]
        scratch = np.full(n_indexed, np.inf)
        sizes = np.empty(graph.nnz)
        for start, stop in pairwise(graph.indptr):
            row = slice(start, stop)
            sizes[row] = self._union_sizes(graph.data[row], graph.indices[row], scratch)
        return distances.from_entries(sizes / n_indexed)


class _VectorCounts:
    """All indexed vectors: exact counts for the nearest samples that each query lists."""

    def __init__(self, X: Any, metric: Any) -> None:
        if sparse.issparse(X) or metric not in ("euclidean", "sqeuclidean", "cosine"):
            raise ValueError(
                "MutualProximity(method='empirical', moments='exact') counts over dense vectors "
                "with metric 'euclidean', 'sqeuclidean' or 'cosine', got "
                f"{'sparse' if sparse.issparse(X) else 'dense'} vectors and metric={metric!r}. Use "
                "moments='graph', or the complete graph."
            )
        self.X = X
        self.metric = metric

    def shares(self, distances: StoredDistances, queries: Any) -> FloatArray:
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


class JointProximity:
    """Share of the indexed samples that are not farther from both ends, beside each distance."""

    def __init__(self, distances: StoredDistances, space: Space, moments: str) -> None:
        if moments == "landmarks" and not distances.is_complete:
            raise ValueError(
                "MutualProximity(method='empirical') counts over stored distances or all samples: "
                f"moments must be 'graph' or 'exact', got moments={moments!r}."
            )
        if space.bank is not None:
            raise ValueError(
                "MutualProximity(method='empirical') compares neighbours in one set, got a bank. "
                "Use method='normal' or 'gamma'."
            )
        self.counts: _MatrixCounts | _GraphCounts | _VectorCounts
        if distances.is_complete:
            self.counts = _MatrixCounts(distances)
        elif moments == "graph":
            self.counts = _GraphCounts(distances)
        elif space.vectors is None:
            raise missing_vectors_error("MutualProximity", f"moments={moments!r}")
        else:
            self.counts = _VectorCounts(space.vectors, space.metric)
        self.needs_queries = isinstance(self.counts, _VectorCounts)

    def statistics(self, distances: StoredDistances, space: Space) -> FloatArray:
        """No statistic of a row: the counts are over pairs."""
        return np.empty((distances.shape[0], 0))

    def store(self, statistics: FloatArray) -> dict[str, Any]:
        """No attributes of the fit."""
        return {}

    def reduce(self, distances: StoredDistances, queries: Any) -> FloatArray:
        """Share of the indexed samples that are not farther from both ends of each distance."""
        return self.counts.shares(distances, queries)
