"""What all estimators of this sub-package share: candidates, their reduction, the best first."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Iterable
from functools import wraps
from numbers import Integral
from typing import Any, Self, TypeVar, cast

import numpy as np
from scipy import sparse
from sklearn.utils.validation import (
    check_is_fitted,
    check_non_negative,
    check_scalar,
)

from sksim._base import SksimEstimator
from sksim.hubness._base import Space
from sksim.hubness._distances import NeighborLists
from sksim.hubness._inner_product import additive_index
from sksim.hubness._registry import resolve_reduction
from sksim.neighbors._candidates import BACKENDS, BruteBackend, Candidates, Lists, make_backend
from sksim.neighbors._remembered import remembered
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._dask import in_row_blocks, is_dask_array
from sksim.utils._graph import check_graph
from sksim.utils._memory import check_fits
from sksim.utils._progress import shown
from sksim.utils._sklearn import HasMethods, Interval, StrOptions
from sksim.utils._typing import ArrayLike, CacheMemory, FloatArray, IntArray, MatrixLike

__all__ = ["HubnessReducedSearch", "complete_lists", "first_of_rows"]

Method = TypeVar("Method", bound=Callable[..., Any])

_CANDIDATES_PER_NEIGHBOR = 10
#: Seconds after which a search shows its progress.
_LONG_SEARCH = 10.0
_VECTORS: dict[str, Any] = {"accept_sparse": "csr", "dtype": [np.float64, np.float32], "order": "C"}


def first_of_rows(graph: Any, n_entries: int, *, skip: int = 0) -> Any:
    """Graph of at most ``n_entries`` entries of each row, the first ``skip`` left out."""
    lengths = np.diff(graph.indptr)
    position = np.arange(graph.nnz) - np.repeat(graph.indptr[:-1], lengths)
    kept = (position >= skip) & (position < skip + n_entries)
    indptr = np.concatenate([[0], np.cumsum(np.clip(lengths - skip, 0, n_entries))])
    return type(graph)((graph.data[kept], graph.indices[kept], indptr), shape=graph.shape)


def complete_lists(graph: Any, n_neighbors: int) -> Lists:
    """The first ``n_neighbors`` entries of each row as two rectangles; raise if one is short."""
    short = np.flatnonzero(np.diff(graph.indptr) < n_neighbors)
    if short.size:
        raise ValueError(
            f"n_neighbors={n_neighbors} neighbours are needed in each row, got fewer candidates "
            f"in {short.size} of {graph.shape[0]} rows, for example in row {short[0]}. Lower "
            "n_neighbors, raise n_candidates or use a more exhaustive backend."
        )
    entries = graph.indptr[:-1, None] + np.arange(n_neighbors)
    return graph.data[entries], graph.indices[entries].astype(np.intp)


def _showing_the_search(method: Method) -> Method:
    """Let the searches of a method show themselves where ``verbose`` asks for it."""

    @wraps(method)
    def shown_method(self, *args: Any, **kwargs: Any) -> Any:
        with shown(self.verbose, delay=_LONG_SEARCH):
            return method(self, *args, **kwargs)

    return cast("Method", shown_method)


class HubnessReducedSearch(SksimEstimator):
    """Abstract base: search candidates by distance, reduce them, rank by secondary distance."""

    n_neighbors: int
    reduction: Any
    n_candidates: Any
    metric: Any
    metric_params: Any
    backend: Any
    device: str
    n_jobs: int | None
    memory: CacheMemory
    verbose: int

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "reduction": [str, HasMethods(["fit", "transform"]), None],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "metric": [str, callable],
        "metric_params": [dict, None],
        "backend": [StrOptions(set(BACKENDS)), HasMethods(["fit", "transform"])],
        "device": [str],
        "n_jobs": [Integral, None],
        "memory": [str, HasMethods(["cache"]), None],
        "verbose": ["verbose"],
    }

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator and of its reduction.

        Parameters
        ----------
        **params : dict
            Parameters by name, those of the reduction as ``reduction__<parameter>``. They can be
            set where ``reduction`` is a name, too, which then becomes the estimator of that name.

        Returns
        -------
        self : object
            The estimator.
        """
        nested = [name for name in params if name.startswith("reduction__")]
        reduction = params.get("reduction", self.reduction)
        if nested and reduction is None:
            raise ValueError(
                f"{nested[0]} is a parameter of a reduction, got reduction=None. Give one with it, "
                f"such as set_params(reduction='nicdm', {nested[0]}={params[nested[0]]!r})."
            )
        if nested and isinstance(reduction, str):
            params["reduction"] = resolve_reduction(reduction)
        return super().set_params(**params)

    def _validated(self, X, *, reset: bool, **y_options):
        """Checked training samples (``reset``) or queries; (X, y) if ``y`` is among the options."""
        in_blocks = not y_options if reset else is_dask_array(self.backend_.index)
        if is_dask_array(X) and in_blocks:
            return self._validated_blocks(X, reset=reset)
        is_graph = self.metric == "precomputed" and sparse.issparse(X)
        if is_graph:
            X = check_graph(X)  # whose values are floats: a cast below would sort its rows
        finite = "allow-nan" if self.metric == "nan_euclidean" else True
        checked = validate_named_data(
            self, X, reset=reset, ensure_all_finite=finite, **_VECTORS, **y_options
        )
        X = checked[0] if y_options else checked
        if self.metric == "precomputed" and not is_graph:
            check_non_negative(X, f"{type(self).__name__} with metric='precomputed'")
        if reset and self.metric == "precomputed" and X.shape[0] != X.shape[1]:
            raise ValueError(
                "X must be square with metric='precomputed': distances between the training "
                f"samples, got shape {X.shape}."
            )
        if reset:
            self._check_n_neighbors(X.shape[0])
        return checked

    def _validated_blocks(self, X, *, reset: bool):
        """Training samples or queries as an array of Dask, whose numbers are checked in blocks."""
        if self.metric == "precomputed":
            raise ValueError("An array of Dask must hold vectors, got metric='precomputed'.")
        in_row_blocks(X, "X")
        validate_named_data(self, X, skip_check_array=True, reset=reset)
        if reset:
            self._check_n_neighbors(X.shape[0])
        return X

    def _check_n_neighbors(self, n_samples: int) -> None:
        if self.n_neighbors >= n_samples:
            raise ValueError(
                f"Expected n_neighbors < n_samples_fit, but n_neighbors = {self.n_neighbors}, "
                f"n_samples_fit = {n_samples}, n_samples = {n_samples}"
            )

    def _n_candidates(self, n_samples: int) -> int:
        """Number of candidates of each row beside the sample itself, for so many samples."""
        if self.reduction_ is None:
            return self.n_neighbors
        n_candidates = self.n_candidates
        if n_candidates == "auto":
            n_candidates = max(
                self.reduction_.default_n_candidates,
                self.reduction_.least_depth,
                _CANDIDATES_PER_NEIGHBOR * self.n_neighbors,
            )
        if n_candidates < self.n_neighbors:
            raise ValueError(
                f"n_candidates must be at least n_neighbors={self.n_neighbors}, "
                f"got {self.n_candidates}."
            )
        return min(n_candidates, n_samples - 1)

    @_showing_the_search
    def _fit_search(self, X, y=None, *, bank=None, lists: Lists | None = None) -> Lists | None:
        """Fit the back end on X, and the reduction on the candidates of X in itself or in the bank.

        ``lists`` are what the back end gives for X, if that is known. Returned are they, or those
        that were searched, if all of them fit into the working memory at once.
        """
        self.n_samples_fit_ = X.shape[0]
        self.reduction_ = resolve_reduction(self.reduction)
        if is_dask_array(X) and bank is not None:
            raise ValueError("bank must be None where X is an array of Dask.")
        if is_dask_array(X) and getattr(self.reduction_, "needs_vectors", False):
            raise ValueError(
                f"{type(self.reduction_).__name__} with these parameters needs the vectors of all "
                "samples in memory, got an array of Dask. Use a reduction of neighbour lists, for "
                "example 'nicdm', 'csls' or 'local_scaling'."
            )
        self.effective_n_candidates_ = self._n_candidates(X.shape[0])
        options = {"metric": self.metric, "metric_params": self.metric_params}
        self.backend_ = make_backend(
            self.backend,
            X,
            self.effective_n_candidates_ + 1,
            **options,
            n_jobs=self.n_jobs,
            device=self.device,
        )
        kept = {"memory": self.memory, "metric": self.metric, "metric_params": self.metric_params}
        search = remembered(self.backend_, backend=self.backend, **kept)
        self._candidates = Candidates(
            search,
            self.effective_n_candidates_,
            self.n_neighbors,
            on_device=getattr(self.reduction_, "lists_on_device", False),
        )
        if self.reduction_ is None:
            return lists
        if bank is not None:
            bank = self._validated_bank(bank)
            search = BruteBackend(bank, **options, n_jobs=self.n_jobs)
            search = remembered(search, backend="brute", **kept)
            # No sample is in the bank: as many entries as candidates, none for itself.
            n_others = self.effective_n_candidates_ - 1
            pairs = Candidates(search, n_others, n_others).graphs(X)
        else:
            lists = lists or self._candidates.whole_lists()
            pairs = self._candidates.graphs(lists=lists)
        graphs: Iterable[Any] = (graph for _, graph in pairs)
        self._needs_vectors = self.reduction_.needs_vectors and self.metric != "precomputed"
        vectors = X if self._needs_vectors else None
        space = Space(vectors, self.metric, self.metric_params or {}, bank, y)
        if not self.reduction_.fits_by_rows:
            graphs = [sparse.vstack(list(graphs), format="csr")]
        # What the search found in checked vectors is in order: its graphs are not checked again.
        self.reduction_._fit_found(graphs, space)
        return lists

    def _validated_bank(self, bank):
        if self.metric == "precomputed":
            raise ValueError("bank must be None with metric='precomputed': it consists of vectors.")
        finite = "allow-nan" if self.metric == "nan_euclidean" else True
        bank = check_named_array(bank, "bank", ensure_all_finite=finite, **_VECTORS)
        if bank.shape[1] != self.n_features_in_:
            raise ValueError(
                f"bank must have the {self.n_features_in_} features of X, got {bank.shape[1]}."
            )
        return bank

    @_showing_the_search
    def _reduced(
        self, pairs: Iterable[tuple[Any, Any]], n_kept: int | None = None, *, skip: int = 0
    ):
        """Graph of secondary distances, best first, from blocks of rows and of their candidates.

        Each block is cut to the first ``n_kept`` entries of a row after ``skip`` before the next.
        """
        parts = []
        for queries, graph in pairs:
            if self.reduction_ is not None:
                vectors = queries if self._needs_vectors else None
                graph = self.reduction_._reduced(graph, vectors)
            if isinstance(graph, NeighborLists):
                graph = graph.graph(slice(skip, None if n_kept is None else skip + n_kept))
            elif n_kept is not None:
                graph = first_of_rows(graph, n_kept, skip=skip)
            parts.append(graph)
        return parts[0] if len(parts) == 1 else sparse.vstack(parts, format="csr")

    @_showing_the_search
    def _neighbor_graph(self, X, n_neighbors: int | None = None, *, n_kept: int | None = None):
        """Reduced graph of queries, or of the index in itself without self entries for None.

        Rows hold the first ``n_kept`` of all candidates; without a reduction there are as many as
        ``n_neighbors`` needs.
        """
        check_is_fitted(self)
        candidates = self._candidates
        if self.reduction_ is None and n_neighbors is not None:
            candidates = Candidates(candidates.backend, n_neighbors, n_neighbors)
        n_rows = self.n_samples_fit_
        if X is not None:
            X = self._validated(X, reset=False)
            n_rows = X.shape[0]
        width = candidates.width if n_kept is None else min(n_kept, candidates.width)
        check_fits(
            32.0 * n_rows * width,  # the graph in parts and as one
            f"The graph of {width} candidates of each of {n_rows} samples",
            "Lower n_candidates, or ask for the neighbours of a block of queries after the other.",
        )
        if X is not None:
            return self._reduced(candidates.graphs(X), n_kept)
        n_others = candidates.n_candidates
        return self._reduced(candidates.graphs(), min(n_kept or n_others, n_others), skip=1)

    def kneighbors(
        self,
        X: MatrixLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[FloatArray, IntArray] | IntArray:
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
        MemoryError
            If the graph of all candidates does not fit into the memory available.
        ValueError
            If a query has fewer candidates than ``n_neighbors``.
        """
        n_neighbors = self._requested(n_neighbors)
        lists = complete_lists(
            self._neighbor_graph(X, n_neighbors, n_kept=n_neighbors), n_neighbors
        )
        return lists if return_distance else lists[1]

    def _requested(self, n_neighbors: int | None) -> int:
        check_is_fitted(self)
        if n_neighbors is None:
            return self.n_neighbors
        return check_scalar(n_neighbors, "n_neighbors", Integral, min_val=1)

    def to_inner_product_index(
        self,
    ) -> tuple[FloatArray, Callable[[ArrayLike], FloatArray]]:
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
        if is_dask_array(self.backend_.index):
            raise ValueError(
                "to_inner_product_index needs vectors in memory, not an array of Dask."
            )
        if self.reduction_ is None:
            metric = "sqeuclidean" if self.metric in ("euclidean", "l2") else self.metric
            bias = np.zeros(self.n_samples_fit_)
            return additive_index(self.backend_.index, metric, bias, name="reduction=None")
        return self.reduction_.inner_product_index(self.backend_.index, self.metric)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = self.metric == "precomputed"
        tags.input_tags.positive_only = tags.input_tags.pairwise
        tags.input_tags.allow_nan = self.metric == "nan_euclidean"
        return tags
