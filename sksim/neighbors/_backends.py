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
from sklearn.metrics import pairwise_distances

from sksim.utils._certified_search import sorted_by_distance
from sksim.utils._graph import row_index
from sksim.utils._search import candidate_distances, exact_neighbors

__all__ = ["BACKENDS", "make_backend", "padded_lists", "rerank"]

BACKENDS = ("auto", "brute")


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


def _listed_distances(X, Y, candidates, metric, metric_params) -> np.ndarray:
    """Distances of each row of X to its own list of rows of Y, shape of ``candidates``."""
    fast = isinstance(metric, str) and metric in ("euclidean", "l2", "sqeuclidean", "cosine")
    if fast and not metric_params:
        return candidate_distances(X, Y, candidates, metric=metric)
    rows = (
        pairwise_distances(X[[i]], Y[listed], metric=metric, **(metric_params or {}))
        for i, listed in enumerate(candidates)
    )
    return np.vstack([*rows, np.empty((0, candidates.shape[1]))])


def rerank(X, Y, candidates, *, metric="euclidean", metric_params=None):
    """Sort lists of candidates by exact distance.

    Parameters
    ----------
    X : {array, sparse matrix} of shape (n_queries, n_features)
        Queries.
    Y : {array, sparse matrix} of shape (n_indexed, n_features)
        Indexed samples.
    candidates : ndarray of shape (n_queries, n_candidates)
        Rows of Y; negative where a candidate is missing.
    metric : str or callable, default="euclidean"
        Any metric of scikit-learn.
    metric_params : dict, default=None
        Its parameters.

    Returns
    -------
    distances, indices : ndarray of shape (n_queries, n_candidates)
        Sorted by (distance, index), missing candidates last as (inf, -1).
    """
    missing = candidates < 0
    listed = np.where(missing, 0, candidates)
    distances = _listed_distances(X, Y, listed, metric, metric_params)
    return sorted_by_distance(
        np.where(missing, np.inf, distances), np.where(missing, -1, candidates)
    )


class BruteBackend:
    """Exact search over all indexed samples."""

    def __init__(self, *, metric, metric_params, n_jobs):
        self.options = {"metric": metric, "metric_params": metric_params, "n_jobs": n_jobs}

    def fit(self, X, depth):
        self.index = X
        return self

    def neighbors(self, X, n_neighbors):
        index = None if X is self.index else self.index
        return exact_neighbors(X, index, n_neighbors=n_neighbors, **self.options)


class PrecomputedBackend:
    """Distances given by the user: a dense matrix, or a neighbour graph that may be ragged."""

    def fit(self, X, depth):
        self.index = X
        return self

    def neighbors(self, X, n_neighbors):
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
        self.index = X
        wanted = {"n_neighbors": depth, "mode": "distance"}
        known = self.estimator.get_params(deep=False)
        self.fitted = clone(self.estimator).set_params(
            **{name: value for name, value in wanted.items() if name in known}
        )
        self.fitted.fit(X)
        return self

    def neighbors(self, X, n_neighbors):
        graph = sparse.csr_array(self.fitted.transform(X))
        distances, indices = rerank(X, self.index, padded_lists(graph)[1], **self.options)
        return distances[:, :n_neighbors], indices[:, :n_neighbors]


def make_backend(backend, *, metric, metric_params, n_jobs):
    """Unfitted backend of a name or an estimator.

    Parameters
    ----------
    backend : {"auto", "brute"} or estimator
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
        return BruteBackend(metric=metric, metric_params=metric_params, n_jobs=n_jobs)
    return TransformerBackend(backend, metric=metric, metric_params=metric_params)
