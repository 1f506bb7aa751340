"""The search that all estimators of this sub-package share: candidates, reduction, best first."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils import check_array
from sklearn.utils.validation import (
    check_is_fitted,
    check_non_negative,
    check_scalar,
    validate_data,
)

from sksim._base import SksimEstimator
from sksim.hubness._base import GraphReduction
from sksim.hubness._inner_product import additive_index
from sksim.hubness._registry import resolve_reduction
from sksim.neighbors._backends import (
    BACKENDS,
    BruteBackend,
    make_backend,
    merge_lists,
    padded_lists,
)
from sksim.utils._blocks import row_blocks
from sksim.utils._graph import check_graph, graph_from_neighbors
from sksim.utils._sklearn import HasMethods, Interval, StrOptions

__all__ = ["HubnessReducedSearch", "complete_lists", "first_of_rows", "own_lists"]

MIN_CANDIDATES = 100
CANDIDATES_PER_NEIGHBOR = 10
LIST_BYTES = 100  # of one candidate, with what it takes to sort and reduce it


def _container(X):
    """Class of the graphs made from X: its own kind, else what scikit-learn is set to."""
    if sparse.issparse(X):
        return sparse.csr_array if isinstance(X, sparse.sparray) else sparse.csr_matrix
    kind = get_config().get("sparse_interface", "spmatrix")
    return sparse.csr_array if kind == "sparray" else sparse.csr_matrix


def _rows_of(X, rows):
    """The rows, X itself where they are all: a search of a set in itself takes half the time."""
    return X if rows == slice(0, X.shape[0]) else X[rows]


def own_lists(distances, indices, depth, *, rows=None):
    """Lists of indexed samples: itself first at distance 0, then ``depth`` others.

    ``rows`` are their row numbers, None for all. The sample is taken out of the list by its row
    number. Where more duplicates than places keep it out, the first zero stands for it.
    """
    rows = np.arange(indices.shape[0]) if rows is None else rows
    own = indices == rows[:, None]
    own[~own.any(axis=1), :1] = distances[~own.any(axis=1), :1] == 0
    order = np.argsort(own, axis=1, kind="stable")[:, :depth]
    distances = np.take_along_axis(np.where(own, np.inf, distances), order, axis=1)
    indices = np.take_along_axis(np.where(own, -1, indices), order, axis=1)
    return (
        np.hstack([np.zeros((own.shape[0], 1)), distances]),
        np.hstack([rows[:, None], indices]),
    )


def _query_lists(distances, indices, depth):
    """Lists cut to ``depth`` neighbours; a row that begins with a zero keeps it in addition."""
    n_allowed = depth + (distances[:, :1] == 0)
    return distances, np.where(np.arange(distances.shape[1]) < n_allowed, indices, -1)


def first_of_rows(graph, n_entries: int, *, skip: int = 0):
    """Graph of at most ``n_entries`` entries of each row, the first ``skip`` left out."""
    lengths = np.diff(graph.indptr)
    position = np.arange(graph.nnz) - np.repeat(graph.indptr[:-1], lengths)
    kept = (position >= skip) & (position < skip + n_entries)
    indptr = np.concatenate([[0], np.cumsum(np.clip(lengths - skip, 0, n_entries))])
    return type(graph)((graph.data[kept], graph.indices[kept], indptr), shape=graph.shape)


def complete_lists(graph, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """The first ``n_neighbors`` entries of each row as two rectangles; raise if one is short."""
    short = np.flatnonzero(np.diff(graph.indptr) < n_neighbors)
    if short.size:
        raise ValueError(
            f"n_neighbors={n_neighbors} neighbours are needed in each row, got fewer candidates "
            f"in {short.size} of {graph.shape[0]} rows, for example in row {short[0]}. Lower "
            "n_neighbors, raise n_candidates or use a more exhaustive backend."
        )
    distances, indices = padded_lists(graph)
    return distances[:, :n_neighbors].astype(graph.dtype), indices[:, :n_neighbors]


class HubnessReducedSearch(SksimEstimator):
    """Abstract base: search candidates by distance, reduce them, rank by secondary distance."""

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "reduction": [str, GraphReduction, None],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "metric": [str, callable],
        "metric_params": [dict, None],
        "backend": [StrOptions(set(BACKENDS)), HasMethods(["fit", "transform"])],
        "n_jobs": [Integral, None],
    }

    def _check_index(self, X, y=None, **y_options):
        """Validate the training data; returns X, or (X, y) where y is needed."""
        y_given = {"y": y, **y_options} if y_options else {}
        X = self._checked_graph(X)
        checked = validate_data(self, X, reset=True, **y_given, **self._check_options())
        X = self._check_signs(checked[0] if y_options else checked)
        if self.metric == "precomputed" and X.shape[0] != X.shape[1]:
            raise ValueError(
                "X must be square with metric='precomputed': distances between the training "
                f"samples, got shape {X.shape}."
            )
        if self.n_neighbors >= X.shape[0]:
            raise ValueError(
                f"Expected n_neighbors < n_samples_fit, but n_neighbors = {self.n_neighbors}, "
                f"n_samples_fit = {X.shape[0]}, n_samples = {X.shape[0]}"
            )
        return (X, checked[1]) if y_options else X

    def _check_queries(self, X):
        X = self._checked_graph(X)
        return self._check_signs(validate_data(self, X, reset=False, **self._check_options()))

    def _checked_graph(self, X):
        """A given graph, its values as floats: casts of validate_data would sort its rows."""
        return check_graph(X) if self.metric == "precomputed" and sparse.issparse(X) else X

    def _check_options(self) -> dict:
        return {
            "accept_sparse": "csr",
            "dtype": [np.float64, np.float32],
            "order": "C",
            "ensure_all_finite": "allow-nan" if self.metric == "nan_euclidean" else True,
        }

    def _check_signs(self, X):
        if self.metric == "precomputed" and not sparse.issparse(X):
            check_non_negative(X, f"{type(self).__name__} with metric='precomputed'")
        return X

    def _effective_n_candidates(self, n_samples: int) -> int:
        """Number of candidates of each row beside the sample itself."""
        if self.reduction_ is None:
            return self.n_neighbors
        n_candidates = self.n_candidates
        if n_candidates == "auto":
            least = getattr(self.reduction_, "default_n_candidates", MIN_CANDIDATES)
            needed = getattr(self.reduction_, "n_neighbors", 0)
            n_candidates = max(least, needed, CANDIDATES_PER_NEIGHBOR * self.n_neighbors)
        if n_candidates < self.n_neighbors:
            raise ValueError(
                f"n_candidates must be at least n_neighbors={self.n_neighbors}, "
                f"got {self.n_candidates}."
            )
        return min(n_candidates, n_samples - 1)

    def _fit_search(self, X, y=None, *, bank=None):
        """Fit the backend and the reduction."""
        self._fit_backend(X)
        self._fit_reduction(X, y, bank=bank)

    def _fit_backend(self, X):
        self.n_samples_fit_ = X.shape[0]
        self.reduction_ = resolve_reduction(self.reduction)
        self.effective_n_candidates_ = self._effective_n_candidates(X.shape[0])
        self.backend_ = make_backend(
            self.backend, metric=self.metric, metric_params=self.metric_params, n_jobs=self.n_jobs
        ).fit(X, self._width())

    def _fit_reduction(self, X, y=None, *, bank=None, candidates=None):
        """Fit the reduction on candidates of the index in itself, searched unless given."""
        if self.reduction_ is None:
            return
        bank = None if bank is None else self._check_bank(bank)
        graph_of = self._own_graph(X, candidates) if bank is None else self._bank_graph(X, bank)
        space = {
            "vectors": self._vectors(X),
            "metric": self.metric,
            "metric_params": self.metric_params,
            "bank": bank,
            "y": y,
        }
        if self.reduction_.fits_by_rows and candidates is None:
            blocks = (graph_of(rows) for rows in self._row_blocks(X))
            self.reduction_.fit_blocks(blocks, **space)
        else:
            self.reduction_.fit_graph(graph_of(slice(0, X.shape[0])), **space)

    def _row_blocks(self, X):
        """Slices of the rows of X whose lists fit into the working memory."""
        return list(row_blocks(X.shape[0], LIST_BYTES * self._width()))

    def _grown(self, X, index, candidates):
        """Index with the rows of X appended, and its candidates, from searches of the new pairs."""
        options = {"metric": self.metric, "metric_params": self.metric_params}
        old, new = (BruteBackend(**options, n_jobs=self.n_jobs).fit(A, None) for A in (index, X))
        n_old, n_new = index.shape[0], X.shape[0]
        depth = max(self._effective_n_candidates(n_old + n_new), self.n_neighbors)
        width = min(depth + 1, n_old + n_new)

        def found(queries, backend, start):
            n_indexed = backend.index.shape[0]
            distances, indices = backend.neighbors(queries, min(width, n_indexed))
            return distances, indices + start

        of_old = merge_lists([candidates, found(index, new, n_old)], width)
        of_new = merge_lists([found(X, old, 0), found(X, new, n_old)], width)
        stack = sparse.vstack if sparse.issparse(X) else np.vstack
        return stack([index, X]), tuple(np.vstack(parts) for parts in zip(of_old, of_new))

    def _check_bank(self, bank):
        if self.metric == "precomputed":
            raise ValueError("bank must be None with metric='precomputed': it consists of vectors.")
        bank = check_array(bank, input_name="bank", **self._check_options())
        if bank.shape[1] != self.n_features_in_:
            raise ValueError(
                f"bank must have the {self.n_features_in_} features of X, got {bank.shape[1]}."
            )
        return bank

    def _own_graph(self, X, candidates=None):
        """Graph of a slice of the indexed samples to all of them, as a function of the slice."""

        def graph_of(rows):
            queries = _rows_of(X, rows)
            lists = candidates or self.backend_.neighbors(queries, self._width())
            own = np.arange(rows.start, rows.stop)
            return self._graph(own_lists(*lists, self.effective_n_candidates_, rows=own), X)

        return graph_of

    def _bank_graph(self, X, bank):
        """Graph of a slice of the indexed samples to their neighbours in the bank."""
        depth = min(self.effective_n_candidates_, bank.shape[0])
        backend = make_backend(
            "brute", metric=self.metric, metric_params=self.metric_params, n_jobs=self.n_jobs
        ).fit(bank, depth)

        def graph_of(rows):
            lists = backend.neighbors(_rows_of(X, rows), depth)
            return graph_from_neighbors(*lists, bank.shape[0], container=_container(X))

        return graph_of

    def _width(self, n_neighbors=None) -> int:
        """Entries asked of the backend for each query: its own and all candidates."""
        depth = max(self.effective_n_candidates_, self.n_neighbors)
        if self.reduction_ is None and n_neighbors is not None:
            depth = n_neighbors
        return min(depth + 1, self.n_samples_fit_)

    def _vectors(self, X):
        return X if self.reduction_.needs_vectors and self.metric != "precomputed" else None

    def _graph(self, lists, X):
        return graph_from_neighbors(*lists, self.n_samples_fit_, container=_container(X))

    def _reduce(self, lists, X):
        """Graph of the listed candidates of X with secondary distances, best first."""
        graph = self._graph(lists, X)
        if self.reduction_ is not None:
            graph = self.reduction_.reduce_graph(graph, queries=self._vectors(X))
        # Not graph.astype: it would sort the columns of each row.
        graph.data = graph.data.astype(X.dtype, copy=False)
        return graph

    def _reduced_queries(self, X, candidates=None, *, width=None):
        """Reduced graph of validated queries, their candidates searched unless given."""
        width = width or self._width()
        cut = self.reduction_ is not None and self.effective_n_candidates_ < self.n_samples_fit_ - 1
        depth = max(self.effective_n_candidates_, self.n_neighbors + 1)

        def part(rows):
            queries = _rows_of(X, rows)
            lists = candidates or self.backend_.neighbors(queries, width)
            return self._reduce(_query_lists(*lists, depth) if cut else lists, queries)

        return part(slice(0, X.shape[0])) if candidates else self._in_blocks(X, part)

    def _in_blocks(self, X, part):
        """Graph of all rows of X from the graphs of slices within the working memory."""
        parts = [part(rows) for rows in self._row_blocks(X)]
        return parts[0] if len(parts) == 1 else sparse.vstack(parts, format="csr")

    def _reduced(self, X, n_neighbors=None):
        """Reduced graph of queries, or of the index in itself without self entries for None."""
        check_is_fitted(self)
        width = self._width(n_neighbors)
        if X is not None:
            return self._reduced_queries(self._check_queries(X), width=width)
        index = self.backend_.index

        def part(rows):
            samples, own = _rows_of(index, rows), np.arange(rows.start, rows.stop)
            lists = own_lists(*self.backend_.neighbors(samples, width), width - 1, rows=own)
            return first_of_rows(self._reduce(lists, samples), width, skip=1)

        return self._in_blocks(index, part)

    def kneighbors(self, X=None, n_neighbors=None, return_distance=True):
        """Find the nearest neighbours by secondary distance.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries; their distances to the training samples with ``metric="precomputed"``.
            None means the training samples, each left out of its own neighbours.
        n_neighbors : int, default=None
            Number of neighbours; None means the constructor's.
        return_distance : bool, default=True
            Whether to return the distances.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Secondary distances in increasing order, if ``return_distance=True``.
        indices : ndarray of shape (n_queries, n_neighbors)
            Row numbers of the training samples.

        Raises
        ------
        ValueError
            If a query has fewer candidates than ``n_neighbors``.
        """
        n_neighbors = self._requested(n_neighbors)
        lists = complete_lists(self._reduced(X, n_neighbors), n_neighbors)
        return lists if return_distance else lists[1]

    def _requested(self, n_neighbors):
        check_is_fitted(self)
        if n_neighbors is None:
            return self.n_neighbors
        return check_scalar(n_neighbors, "n_neighbors", Integral, min_val=1)

    def to_inner_product_index(self):
        """Export the reduced neighbours as plain inner products.

        Any index or database that finds the largest inner products then returns the neighbours
        by secondary distance among *all* indexed samples, without a list of candidates: those of
        this estimator with ``n_candidates`` at its largest.

        Returns
        -------
        index_vectors : ndarray of shape (n_samples, n_index_features)
            One vector for each indexed sample, longer than the original by one or two.
        query_map : callable
            Takes queries (n_queries, n_features) into the space of the index vectors.

        Raises
        ------
        ValueError
            If the secondary distance is no inner product: mutual proximity and the methods of
            shared neighbours, other metrics than (squared) Euclidean and cosine, and CSLS of
            plain Euclidean distances.

        Examples
        --------
        >>> import numpy as np
        >>> from sksim.neighbors import HubnessReducedNearestNeighbors
        >>> X = np.random.RandomState(0).standard_normal((200, 8))
        >>> search = HubnessReducedNearestNeighbors(5, reduction="nicdm", n_candidates=199)
        >>> index_vectors, query_map = search.fit(X[:150]).to_inner_product_index()
        >>> order = np.argsort(-query_map(X[150:]) @ index_vectors.T, axis=1)
        >>> np.array_equal(order[:, :5], search.kneighbors(X[150:], return_distance=False))
        True
        """
        check_is_fitted(self)
        if self.metric == "precomputed":
            raise ValueError("to_inner_product_index needs vectors, got metric='precomputed'.")
        if self.reduction_ is None:
            metric = "sqeuclidean" if self.metric in ("euclidean", "l2") else self.metric
            bias = np.zeros(self.n_samples_fit_)
            return additive_index(self.backend_.index, metric, bias, name="reduction=None")
        if not hasattr(self.reduction_, "inner_product_index"):
            raise ValueError(
                f"{type(self.reduction_).__name__} is no inner product of augmented vectors. Take "
                "the candidates of any index and rank them by its secondary distance instead."
            )
        return self.reduction_.inner_product_index(self.backend_.index, self.metric)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.positive_only = tags.input_tags.pairwise
        tags.input_tags.allow_nan = self.metric == "nan_euclidean"
        return tags
