"""Candidates: the indexed samples nearest to each query by primary distance, as graphs.

A search back end is made of the index and the depth of the lists that will be asked of it.
``neighbors(X, n_neighbors)`` returns the nearest indexed samples of each row of X as
rectangular lists ``(distances, indices)``, sorted by distance, padded with ``(inf, -1)`` where
fewer were found. An indexed sample that is asked for is its own neighbour at distance 0.

``Candidates`` asks a back end in blocks of rows within the working memory, takes each sample out
of its own list, and gives graphs to the reduction.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sksim._search._exact import exact_neighbors
from sksim._search._rerank import rerank
from sksim._search._selection import merged_lists
from sksim.hubness._distances import NeighborLists
from sksim.neighbors._approximate import APPROXIMATE_BACKENDS
from sksim.neighbors._sharded import ShardedBackend
from sksim.utils._blocks import row_blocks
from sksim.utils._dask import is_dask_array
from sksim.utils._graph import check_columns, check_graph, graph_from_neighbors, row_index
from sksim.utils._progress import progress
from sksim.utils._typing import Metric, MetricParams

__all__ = [
    "BACKENDS",
    "BruteBackend",
    "Candidates",
    "Lists",
    "SearchBackend",
    "make_backend",
    "own_lists",
]

BACKENDS = ("auto", "brute", "torch", *APPROXIMATE_BACKENDS)

#: Distances and indices, both of shape (n_queries, n_neighbors).
Lists: TypeAlias = tuple[np.ndarray, np.ndarray]

# Bytes of one candidate, with what it takes to sort and reduce it.
_LIST_BYTES = 100
# Largest rounding error of a distance, as a share of the largest distance.
_ROUNDING = 1e-9


class SearchBackend(Protocol):
    """What a back end offers; see the module."""

    index: Any

    def neighbors(self, X: Any, n_neighbors: int) -> Lists:
        """Nearest indexed samples of the rows of X."""


def _without_negatives(distances: np.ndarray, indices: np.ndarray) -> Lists:
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


def _listed(graph) -> Lists:
    """All stored entries of a graph as rectangular lists, padded with (inf, -1)."""
    lengths = np.diff(graph.indptr)
    rows = row_index(graph)
    columns = np.arange(graph.nnz) - graph.indptr[:-1][rows]
    shape = (graph.shape[0], int(lengths.max(initial=0)))
    distances, indices = np.full(shape, np.inf), np.full(shape, -1, dtype=np.intp)
    distances[rows, columns] = graph.data
    indices[rows, columns] = graph.indices
    return distances, indices


class BruteBackend:
    """Exact search over all indexed samples, which may be memory-mapped: in blocks of them."""

    is_exact = True

    def __init__(
        self,
        index: Any,
        depth: int = 0,
        *,
        metric: Metric,
        metric_params: MetricParams,
        n_jobs: int | None,
    ):
        self.index = index
        self.options: dict[str, Any] = {
            "metric": metric,
            "metric_params": metric_params,
            "n_jobs": n_jobs,
        }

    def __repr__(self) -> str:
        n_indexed, n_features = self.index.shape
        return f"BruteBackend({n_indexed} x {n_features}, metric={self.options['metric']!r})"

    def neighbors(self, X: Any, n_neighbors: int) -> Lists:
        """Nearest indexed samples of the rows of X."""
        n_indexed, n_features = self.index.shape
        blocks = [slice(0, n_indexed)]
        if not sparse.issparse(self.index):
            blocks = list(row_blocks(n_indexed, 8 * n_features))
        lists = []
        for rows in blocks:
            block = self.index[rows] if len(blocks) > 1 else self.index
            # A search of a set in itself takes half the time.
            indexed = None if X is block else block
            width = min(n_neighbors, block.shape[0])
            distances, indices = exact_neighbors(X, indexed, n_neighbors=width, **self.options)
            lists.append((distances, indices + rows.start))
        found = lists[0] if len(lists) == 1 else merged_lists(lists, n_neighbors)
        return _without_negatives(*found)


class PrecomputedBackend:
    """Distances given by the user: a dense matrix, or a neighbour graph that may be ragged."""

    def __init__(self, index: Any):
        self.index = index

    def __repr__(self) -> str:
        return f"PrecomputedBackend({self.index.shape[0]} x {self.index.shape[1]})"

    def neighbors(self, X: Any, n_neighbors: int) -> Lists:
        """Nearest entries of each row of X."""
        if not sparse.issparse(X):
            return exact_neighbors(X, n_neighbors=n_neighbors, metric="precomputed")
        distances, indices = _listed(X)
        return distances[:, :n_neighbors], indices[:, :n_neighbors]


class TransformerBackend:
    """Any estimator like scikit-learn's KNeighborsTransformer, its candidates ranked exactly.

    The estimator may be approximate, return fewer neighbours than asked, or miss a sample in
    its own list: only the columns of its graph are used, the distances are computed again.
    """

    def __init__(
        self, index: Any, depth: int, estimator: Any, *, metric: Metric, metric_params: MetricParams
    ):
        self.index, self.metric, self.metric_params = index, metric, metric_params
        # As many neighbours as asked, and each sample with its own.
        wanted = {"n_neighbors": min(depth, index.shape[0] - 1), "mode": "distance"}
        if isinstance(estimator, FrozenEstimator):
            self.fitted = self._as_it_is(estimator, wanted["n_neighbors"])
            return
        known = estimator.get_params(deep=False)
        params = {name: value for name, value in wanted.items() if name in known}
        self.fitted = clone(estimator).set_params(**params)
        self.fitted.fit(index)

    @staticmethod
    def _as_it_is(frozen: FrozenEstimator, n_wanted: int) -> FrozenEstimator:
        """The fitted estimator; raise if it gives fewer neighbours than are needed."""
        check_is_fitted(frozen.estimator)
        given = getattr(frozen.estimator, "n_neighbors", n_wanted)
        # One entry less is enough for the samples themselves.
        if given < n_wanted - 1:
            name = type(frozen.estimator).__name__
            raise ValueError(
                f"backend must give at least {n_wanted - 1} neighbours, those of a reduction's "
                f"candidates, got a fitted {name} with n_neighbors={given}. Set its n_neighbors to "
                f"{n_wanted}, or lower n_candidates."
            )
        return frozen

    def __repr__(self) -> str:
        return f"TransformerBackend({self.fitted!r})"

    def neighbors(self, X: Any, n_neighbors: int) -> Lists:
        """Candidates of the rows of X, sorted by exact distance."""
        given = sparse.csr_array(self.fitted.transform(X))
        name = f"The graph of {type(self.fitted).__name__}"
        found = _listed(check_columns(given, name=name, n_indexed=self.index.shape[0]))[1]
        ranked = rerank(X, self.index, found, metric=self.metric, metric_params=self.metric_params)
        distances, indices = _without_negatives(*ranked)
        return distances[:, :n_neighbors], indices[:, :n_neighbors]


def make_backend(
    backend: Any,
    index: Any,
    depth: int,
    *,
    metric: Metric,
    metric_params: MetricParams,
    n_jobs: int | None,
    device: str = "auto",
) -> SearchBackend:
    """Back end of a name or an estimator.

    Parameters
    ----------
    backend : {"auto", "brute", "torch", "faiss", "pynndescent", "usearch"} or estimator
        An estimator must have ``fit`` and a ``transform`` that returns a neighbour graph; a fitted
        one in a ``FrozenEstimator`` is used as it is.
    index : {ndarray, sparse matrix, dask.array.Array} of shape (n_indexed, n_features)
        The indexed samples; with ``metric="precomputed"`` their distances.
    depth : int
        Number of neighbours that will be asked for.
    metric : str or callable
        Any metric of scikit-learn; with "precomputed" the data are the distances.
    metric_params : dict or None
        Its parameters.
    n_jobs : int or None
        Number of threads of the exact search.
    device : str, default="auto"
        Where "torch" searches.

    Returns
    -------
    backend : SearchBackend
        Ready to be asked.
    """
    if metric == "precomputed":
        if not isinstance(backend, str) or backend not in ("auto", "brute"):
            raise ValueError(
                "backend must be 'auto' with metric='precomputed', where there are no vectors to "
                f"search, got {backend!r}."
            )
        return PrecomputedBackend(index)
    options: dict[str, Any] = {"metric": metric, "metric_params": metric_params}
    if is_dask_array(index):
        make = partial(make_backend, backend, **options, n_jobs=n_jobs)
        is_dear = not (isinstance(backend, str) and backend in ("auto", "brute"))
        return ShardedBackend(index, make, depth, keep=is_dear)
    if hasattr(
        type(backend), "_as_backend"
    ):  # of this package: it takes metric and depth from here
        return backend._as_backend(index, depth, **options, n_jobs=n_jobs)
    if not isinstance(backend, str):
        return TransformerBackend(index, depth, backend, **options)
    if backend == "torch":
        from sksim.neighbors._torch_search import TorchBackend

        return TorchBackend(index, depth, **options, n_jobs=n_jobs, device=device)
    kind = APPROXIMATE_BACKENDS.get(backend, BruteBackend)
    return kind(index, depth, **options, n_jobs=n_jobs)


def own_lists(distances: np.ndarray, indices: np.ndarray, depth: int, *, rows: np.ndarray) -> Lists:
    """Lists of indexed samples: itself first at distance 0, then ``depth`` others.

    The sample is taken out of the list by its row number. Where more duplicates than places keep
    it out, the first zero stands for it.
    """
    own = indices == rows[:, None]
    own[~own.any(axis=1), :1] = distances[~own.any(axis=1), :1] == 0
    order = np.argsort(own, axis=1, kind="stable")[:, :depth]
    distances = np.take_along_axis(np.where(own, np.inf, distances), order, axis=1)
    indices = np.take_along_axis(np.where(own, -1, indices), order, axis=1)
    return (
        np.hstack([np.zeros((own.shape[0], 1)), distances]),
        np.hstack([rows[:, None], indices]),
    )


class Candidates:
    """Candidates of any rows, from a back end, in blocks within the working memory.

    Parameters
    ----------
    backend : SearchBackend
        Made of the index.
    n_candidates : int
        Candidates of each row, the sample itself not counted; cut to the number of others.
    n_neighbors : int
        Neighbours that are wanted in the end: a query is given one candidate more at least.
    on_device : bool, default=False
        Whether lists may go to the device of a back end that has one, instead of into a graph.
    """

    def __init__(
        self,
        backend: SearchBackend,
        n_candidates: int,
        n_neighbors: int,
        *,
        on_device: bool = False,
    ):
        n_others = backend.index.shape[0] - 1
        self.backend = backend
        self.n_candidates = min(n_candidates, n_others)
        self.n_indexed = n_others + 1
        #: Whether the lists are in order: not so those that another package found.
        self.is_certain = isinstance(backend, BruteBackend | PrecomputedBackend)
        #: Entries asked of the back end for each row: its own and all candidates.
        self.width = self.n_candidates + 1
        # With every other sample a candidate, a query sees all of them, as it is none of them.
        self._n_of_query = max(n_candidates, n_neighbors + 1)
        if n_candidates >= n_others:
            self._n_of_query = self.width
        # Complete lists are a matrix, and small.
        is_short = self.n_candidates < n_others
        self._send = getattr(backend, "send", None) if on_device and is_short else None

    def whole_lists(self) -> Lists | None:
        """What the back end gives for the index in itself, if that fits into one block."""
        first = next(row_blocks(self.n_indexed, _LIST_BYTES * self.width))
        if first.stop < self.n_indexed:
            return None
        return self.backend.neighbors(self.backend.index, self.width)

    def graphs(self, X: Any = None, lists: Lists | None = None) -> Iterator[tuple[Any, Any]]:
        """Yield blocks of queries and the graphs of their candidates.

        None stands for the index in itself: each row of a graph then begins with the sample, at
        distance 0. A row of a query that begins with a zero, which stands for the query itself,
        keeps that in addition. ``lists`` are what the back end gives for all rows, searched unless
        given. A graph is of the kind of X, for dense X of the kind that scikit-learn is set to.
        Lists on a device come as ``NeighborLists`` in its place.
        """
        is_index = X is None
        X = self.backend.index if is_index else X
        is_array = get_config().get("sparse_interface") == "sparray"
        if sparse.issparse(X):
            is_array = isinstance(X, sparse.sparray)
        container = sparse.csr_array if is_array else sparse.csr_matrix
        blocks = list(row_blocks(X.shape[0], _LIST_BYTES * self.width))
        # A search in one block shows its own steps.
        for rows in progress(blocks, "blocks of queries") if len(blocks) > 1 else blocks:
            # X itself where that is all, which the back end knows as its index.
            queries = X if rows == slice(0, X.shape[0]) else X[rows]
            if lists is None:
                distances, indices = self.backend.neighbors(queries, self.width)
            else:
                distances, indices = lists[0][rows], lists[1][rows]
            if is_index:
                own = np.arange(rows.start, rows.stop)
                distances, indices = own_lists(distances, indices, self.n_candidates, rows=own)
            else:
                n_kept = self._n_of_query + (distances[:, :1] == 0)
                indices = np.where(np.arange(distances.shape[1]) < n_kept, indices, -1)
            if self._send is not None:
                parts = self._send(distances), self._send(indices)
                yield queries, NeighborLists(*parts, self.n_indexed, container)
                continue
            graph = graph_from_neighbors(distances, indices, self.n_indexed, container=container)
            if not self.is_certain:
                graph = check_graph(graph, name="The graph of candidates", allow_empty=True)
            yield queries, graph

    def grown(self, X: Any, lists: Lists | None, width: int) -> tuple[Any, Lists]:
        """Index with the rows of X appended, and its lists, from searches of the new pairs alone.

        ``lists`` are those of the index in itself, searched unless given; ``width`` is the number
        of entries to keep. For the exact search.
        """
        index, n_new = self.backend.index, X.shape[0]
        old = getattr(self.backend, "plain", self.backend)  # new samples are in no file
        assert isinstance(old, BruteBackend)
        lists = lists or old.neighbors(index, self.width)
        new = BruteBackend(X, **old.options)
        parts = []
        for queries, of_old in [(index, lists), (X, old.neighbors(X, min(width, self.n_indexed)))]:
            distances, indices = new.neighbors(queries, min(width, n_new))
            parts.append(merged_lists([of_old, (distances, indices + self.n_indexed)], width))
        stack = sparse.vstack if sparse.issparse(X) else np.vstack
        distances, indices = (np.vstack(both) for both in zip(*parts))
        return stack([index, X]), (distances, indices)
