"""Candidate search: one small protocol, exact search by default, any graph transformer at will.

A backend is fitted on the index with ``fit(X, depth)``, for lists of up to ``depth`` neighbours.
``neighbors(X, n_neighbors)`` returns the nearest indexed samples of each row of X as rectangular
lists ``(distances, indices)``, sorted by distance, padded with ``(inf, -1)`` where fewer were
found. An indexed sample that is asked for is its own neighbour at distance 0.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy import sparse
from sklearn.base import clone

from sksim._search._exact import exact_neighbors
from sksim._search._rerank import rerank
from sksim._search._selection import sorted_by_distance
from sksim.neighbors._approximate import APPROXIMATE_BACKENDS
from sksim.utils._blocks import row_blocks
from sksim.utils._graph import row_index

__all__ = ["BACKENDS", "BruteBackend", "make_backend", "merge_lists", "padded_lists"]

BACKENDS = ("auto", "brute", *APPROXIMATE_BACKENDS)

#: Largest rounding error of a distance, as a share of the largest distance.
_ROUNDING = 1e-9


def padded_lists(graph) -> tuple[np.ndarray, np.ndarray]:
    """All stored entries of a graph as rectangular lists, padded with (inf, -1)."""
    lengths = np.diff(graph.indptr)
    rows = row_index(graph)
    columns = np.arange(graph.nnz) - graph.indptr[:-1][rows]
    shape = (graph.shape[0], int(lengths.max(initial=0)))
    distances, indices = np.full(shape, np.inf), np.full(shape, -1, dtype=np.intp)
    distances[rows, columns] = graph.data
    indices[rows, columns] = graph.indices
    return distances, indices


def merge_lists(lists, n_neighbors: int):
    """Nearest entries of several lists for the same rows, at most ``n_neighbors``."""
    distances, indices = (np.hstack(parts) for parts in zip(*lists))
    distances, indices = sorted_by_distance(distances, indices)
    return distances[:, :n_neighbors], indices[:, :n_neighbors]


def _without_negatives(distances, indices):
    """Sorted lists whose rounding errors below zero are zeros; raise if there is more below zero.

    Metrics of users, such as one minus a similarity, return them.
    """
    least = distances[:, :1].min(initial=0)
    if least == 0:
        return distances, indices
    if least < -_ROUNDING * distances[np.isfinite(distances)].max():
        raise ValueError(
            f"metric must give distances, which are not negative, got values down to {least:g}."
        )
    return np.maximum(distances, 0), indices


class BruteBackend:
    """Exact search over all indexed samples, which may be memory-mapped: in blocks of them."""

    def __init__(self, *, metric, metric_params, n_jobs):
        self.options = {"metric": metric, "metric_params": metric_params, "n_jobs": n_jobs}

    def fit(self, X, depth):
        """Keep the index."""
        self.index = X
        return self

    def _blocks(self):
        if sparse.issparse(self.index):
            return [slice(0, self.index.shape[0])]
        return list(row_blocks(self.index.shape[0], 8 * self.index.shape[1]))

    def neighbors(self, X, n_neighbors):
        """Nearest indexed samples of the rows of X."""
        blocks = self._blocks()
        if len(blocks) == 1:
            index = None if X is self.index else self.index
            found = exact_neighbors(X, index, n_neighbors=n_neighbors, **self.options)
        else:
            found = merge_lists([self._in_block(X, b, n_neighbors) for b in blocks], n_neighbors)
        return _without_negatives(*found)

    def _in_block(self, X, rows, n_neighbors):
        block = self.index[rows]
        n_neighbors = min(n_neighbors, block.shape[0])
        distances, indices = exact_neighbors(X, block, n_neighbors=n_neighbors, **self.options)
        return distances, indices + rows.start


class PrecomputedBackend:
    """Distances given by the user: a dense matrix, or a neighbour graph that may be ragged."""

    def fit(self, X, depth):
        """Keep the distances of the training samples."""
        self.index = X
        return self

    def neighbors(self, X, n_neighbors):
        """Nearest entries of each row of X."""
        if not sparse.issparse(X):
            return exact_neighbors(X, n_neighbors=n_neighbors, metric="precomputed")
        distances, indices = padded_lists(X)
        return distances[:, :n_neighbors], indices[:, :n_neighbors]


class TransformerBackend:
    """Any estimator like scikit-learn's KNeighborsTransformer, its candidates ranked exactly.

    The estimator may be approximate, return fewer neighbours than asked, or miss a sample in
    its own list: only the columns of its graph are used, the distances are computed again.
    """

    def __init__(self, estimator, *, metric, metric_params):
        self.estimator = estimator
        self.options = {"metric": metric, "metric_params": metric_params}

    def fit(self, X, depth):
        """Fit a clone that returns ``depth`` neighbours, and each sample with its own."""
        self.index = X
        wanted = {"n_neighbors": min(depth, X.shape[0] - 1), "mode": "distance"}
        known = self.estimator.get_params(deep=False)
        self.fitted = clone(self.estimator).set_params(
            **{name: value for name, value in wanted.items() if name in known}
        )
        self.fitted.fit(X)
        return self

    def neighbors(self, X, n_neighbors):
        """Candidates of the rows of X, sorted by exact distance."""
        graph = sparse.csr_array(self.fitted.transform(X))
        ranked = rerank(X, self.index, padded_lists(graph)[1], **self.options)
        distances, indices = _without_negatives(*ranked)
        return distances[:, :n_neighbors], indices[:, :n_neighbors]


def make_backend(backend, *, metric, metric_params, n_jobs):
    """Unfitted backend of a name or an estimator.

    Parameters
    ----------
    backend : {"auto", "brute", "faiss", "pynndescent", "usearch"} or estimator
        An estimator must have ``fit`` and a ``transform`` that returns a neighbour graph.
    metric : str or callable
        Any metric of scikit-learn; with "precomputed" the data are the distances.
    metric_params : dict or None
        Its parameters.
    n_jobs : int or None
        Number of threads of the exact search.

    Returns
    -------
    backend : object
        An object with ``fit`` and ``neighbors``.
    """
    if metric == "precomputed":
        if not isinstance(backend, str) or backend not in ("auto", "brute"):
            raise ValueError(
                "backend must be 'auto' with metric='precomputed', where there are no vectors to "
                f"search, got {backend!r}."
            )
        return PrecomputedBackend()
    if isinstance(backend, str):
        kind = APPROXIMATE_BACKENDS.get(backend, BruteBackend)
        return kind(metric=metric, metric_params=metric_params, n_jobs=n_jobs)
    return TransformerBackend(backend, metric=metric, metric_params=metric_params)
