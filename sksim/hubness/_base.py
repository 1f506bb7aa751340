"""The family of hubness reductions: from a neighbour graph to a neighbour graph.

A reduction replaces the distances of a graph by secondary distances and sorts each row again. All
checks, the self rule, the containers and the blocks of rows are handled here, once.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.hubness._distances import Distances, as_distances
from sksim.hubness._statistics import check_depth, fill_missing
from sksim.utils._array_api import to_numpy
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._graph import check_graph
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import (
    ArrayLike,
    FloatArray,
    Graph,
    MatrixLike,
    Metric,
    MetricParams,
    SparseOutput,
)

__all__ = ["GraphReduction", "Space", "missing_vectors_error"]


@dataclass
class Space:
    """What is known about the samples behind a graph; all of it may be missing.

    Attributes
    ----------
    vectors : {ndarray, sparse matrix} of shape (n_indexed, n_features) or None
        All indexed samples.
    metric : str, callable or None
        Metric of the distances. None: a graph or a matrix of distances alone was given.
    metric_params : dict
        Its further parameters.
    bank : {ndarray, sparse matrix} of shape (n_bank, n_features) or None
        Queries from another space, the columns of the graph. None: the indexed samples.
    y : array-like of shape (n_indexed,) or None
        Classes.
    rows : slice
        The indexed samples that the rows of the graph at hand belong to.
    source : object
        Place for what a method makes of the vectors at the first block, for all blocks.
    """

    vectors: Any = None
    metric: Any = None
    metric_params: Mapping[str, Any] = field(default_factory=dict)
    bank: Any = None
    y: Any = None
    rows: slice = field(default_factory=lambda: slice(None))
    source: Any = None

    def __post_init__(self) -> None:
        if self.metric == "l2":
            self.metric = "euclidean"

    @property
    def row_vectors(self) -> Any:
        """Vectors of the rows of the graph at hand, None where there are none."""
        return None if self.vectors is None else self.vectors[self.rows]


def missing_vectors_error(name: str, what: str) -> ValueError:
    """Error of a method that cannot work on a bare truncated graph."""
    return ValueError(
        f"{name} needs the vectors behind the graph ({what}), got a neighbour graph alone. Use "
        f"HubnessReducedKNeighborsTransformer(reduction={name}(...)) of sksim.neighbors, which has "
        "them, or pass the complete distance matrix."
    )


def _checked(
    graph: Any, name: str, *, n_indexed: int | None = None, allow_empty: bool = False
) -> Any:
    """Graph or dense matrix of the doors that take vectors beside it, validated."""
    if sparse.issparse(graph):
        return check_graph(graph, name=name, n_indexed=n_indexed, allow_empty=allow_empty)
    floats = [np.float64, np.float32]
    D = check_named_array(graph, name, dtype=floats, ensure_non_negative=True)
    if n_indexed is not None and D.shape[1] != n_indexed:
        raise ValueError(
            f"{name} must have one column for each of the {n_indexed} indexed samples, got a "
            f"matrix of shape {D.shape}."
        )
    return D


def _check_samples(values: Any, name: str, metric: Any) -> Any:
    """Vectors that come beside a graph; missing values are for the metric that knows them."""
    if values is None:
        return None
    finite = "allow-nan" if metric == "nan_euclidean" else True
    return check_named_array(values, name, accept_sparse="csr", ensure_all_finite=finite)


@dataclass
class _Seen:
    """What a fit in blocks has seen: the statistics of the rows, their number, the deepest row."""

    space: Space
    statistics: list = field(default_factory=list)
    n_rows: int = 0
    deepest: int = 0


class GraphReduction(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator, metaclass=ABCMeta
):
    r"""Base of the reductions: from neighbour graph to neighbour graph.

    A reduction replaces each stored distance :math:`d(q, x)` by a secondary distance, from what it
    learned about the neighbours of the indexed samples x and what the row of the query q holds. A
    method is one subclass with two methods, each of them its formula:

    ``_statistics(distances, space)``
        Returns what is fitted: an array with one row for each row of the graph at hand, NaN where
        a row has no neighbours.
    ``_reduce(distances, queries)``
        Returns the secondary distances beside ``distances.values``, non-negative and finite.

    Two more may be filled where the default does not do:

    ``_store(statistics, space)``
        Stores the statistics of all rows as fitted attributes. By default this is
        ``statistics_``, where rows without neighbours get the median of the others.
    ``_link(values)``
        Increasing function with :math:`f(0) = 0` that is applied to the secondary distances once
        the rows are sorted. Values that it rounds to the same number so keep their order.

    ``distances`` is a view of the graph, or of a dense matrix, in float64. Its rows are queries
    (when fitting, the indexed samples or a part of them), its columns indexed samples (when
    fitting, perhaps a bank of queries):

    ========================  ======================================================================
    ``values``                the distances themselves
    ``shape``                 number of rows and of columns
    ``counts``                number of neighbours of each row, the sample itself not counted
    ``nearest_distances(k)``  (n_rows, k) distances to the nearest neighbours, padded with inf
    ``nearest(k)``            the same and the columns of these neighbours, padded with -1
    ``row_sum(values)``       sum of the values of each row, the sample itself left out
    ``row_minimum(values)``   least of the values of each row, the sample itself left out
    ``by_row(statistic)``     a statistic of the rows, laid out beside the values
    ``by_column(statistic)``  a statistic of the columns, laid out beside the values
    ``beside(table)``         entries of a table of all pairs, laid out beside the values
    ``has_self``              mask of the rows that hold the sample itself
    ``self_index``            its column, -1 in rows without one
    ``is_complete``           whether each row holds its distances to all columns
    ``graph``                 the graph in CSR format
    ========================  ======================================================================

    ``space`` has the attributes ``vectors``, ``row_vectors`` (those of the rows at hand),
    ``metric``, ``metric_params``, ``bank`` and ``y``, each of them None where it is missing;
    ``rows``, which indexed samples the rows are; and ``source``, a place for what a method makes
    at the first block for all others. ``queries`` are the vectors of the rows, None without
    vectors.

    .. versionadded:: 0.1

    Attributes
    ----------
    short_name : str or None
        Name of the method where a reduction is given by its name. None: the name of the class in
        snake case.
    default_n_candidates : int
        Least number of candidates of each sample where the user does not choose one.
    has_inner_product_form : bool
        Whether ``inner_product_index`` is available: whether the class defines
        ``_inner_product_index(vectors, metric)``, which that calls.
    claims : frozenset of str
        What the documentation of the method claims and the property tests hold: "symmetric" on a
        set with itself, "unit_free" (unchanged if all distances are multiplied by a number),
        "unit_interval" (values in [0, 1]).
    lists_on_device : bool
        Whether both methods are formulas of the array API. With ``backend="torch"``, which searches
        on a device, they then get the lists of candidates there: ``values`` and all that is beside
        them are arrays of that library, (n_rows, n_candidates), those of rows too. Statistics that
        ``_statistics`` returns become NumPy's, and go to the device where ``by_row`` and
        ``by_column`` lay them out. Such distances have neither ``graph`` nor ``beside``.
    least_depth : int
        Number of neighbours that the deepest row must hold: ``n_neighbors`` if the method has this
        parameter, else 0.
    needs_vectors : bool
        Whether ``fit_graph`` and ``reduce_graph`` want the vectors where there are any.
    fits_by_rows : bool
        Whether the rows stand for themselves, as is usual, so that the graph may come in blocks.
        If not, both methods are given the whole graph.

    See Also
    --------
    sksim.neighbors.HubnessReducedKNeighborsTransformer : Takes a reduction as a parameter.

    Notes
    -----
    There are two doors to the same formula. ``fit`` and ``transform`` are scikit-learn's: a square
    CSR graph of the training samples, or a dense distance matrix. ``fit_graph``, ``fit_blocks`` and
    ``reduce_graph`` are for the estimators of :mod:`sksim.neighbors`, which have the vectors, and
    may fit on a bank of queries.

    The base class checks the graph, keeps the sample itself first in its row at distance 0, sorts
    the rows, keeps the container and the type of the floats, and reduces a block of rows at a time
    within the processor's cache. Beside the method that takes O(K log K) time for a row of K
    entries, and memory for the result. So row i of the result depends on row i and the fitted state
    only.

    Examples
    --------
    A reduction of your own, in units of the mean distance of the indexed sample's neighbours:

    >>> import numpy as np
    >>> from sksim.hubness import GraphReduction
    >>> class MeanScaling(GraphReduction):
    ...     def __init__(self, n_neighbors=10):
    ...         self.n_neighbors = n_neighbors
    ...
    ...     def _statistics(self, distances, space):
    ...         return distances.nearest_distances(self.n_neighbors).mean(axis=1)
    ...
    ...     def _reduce(self, distances, queries):
    ...         return distances.values / distances.by_column(self.statistics_)
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.4], [0.1, 0.4, 0.0]])
    >>> MeanScaling(n_neighbors=1).fit_transform(D)
    array([[0., 1., 1.],
           [2., 0., 4.],
           [1., 2., 0.]])
    """

    _parameter_constraints: dict = {}

    short_name: str | None = None
    default_n_candidates: int = 100
    has_inner_product_form: bool = False
    claims: frozenset[str] = frozenset()
    lists_on_device: bool = False

    @property
    def least_depth(self) -> int:
        """Number of neighbours that the deepest row must hold, the sample itself not counted."""
        return getattr(self, "n_neighbors", 0)

    @property
    def needs_vectors(self) -> bool:
        """Whether ``fit_graph`` and ``reduce_graph`` want the vectors where there are any."""
        return False

    @property
    def fits_by_rows(self) -> bool:
        """Whether the rows stand for themselves, so that the graph may come in blocks."""
        return True

    @abstractmethod
    def _statistics(self, distances: Distances, space: Space) -> FloatArray:
        """Statistics of the indexed samples, one for each row at hand."""

    @abstractmethod
    def _reduce(self, distances: Distances, queries: Any) -> FloatArray:
        """Secondary distances beside ``distances.values``, non-negative."""

    def _store(self, statistics: FloatArray, space: Space) -> None:
        """Store the statistics of all rows."""
        self.statistics_ = fill_missing(statistics, np.nanmedian(statistics, axis=0))

    def _link(self, values: FloatArray) -> FloatArray:
        """Apply an increasing function to the values of sorted rows."""
        return values

    def _inner_product_index(self, vectors, metric):
        """Index vectors and query map, of the methods that have this form."""
        from sksim import hubness

        family = [getattr(hubness, name) for name in hubness.__all__]
        allowed = [each.__name__ for each in family if each.has_inner_product_form]
        raise ValueError(
            f"{type(self).__name__} is no inner product of augmented vectors. Those that are: "
            f"{', '.join(allowed)}. Or take the candidates of any index and rank them by the "
            "secondary distance."
        )

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = cls._inner_product_index is not GraphReduction._inner_product_index
        cls.has_inner_product_form = own

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Graph, y: ArrayLike | None = None) -> Self:
        """Fit the statistics of the indexed samples on their own neighbour graph.

        Parameters
        ----------
        X : {csr_matrix, csr_array, array-like} of shape (n_samples, n_samples)
            Neighbour graph of the training samples with each row sorted by distance, or the
            dense matrix of all distances.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted reduction.
        """
        return self._fit_blocks([self._check_square(X)], Space(y=y))

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Graph, y: ArrayLike | None = None) -> SparseOutput:
        """Fit, and replace the distances among the training samples by secondary distances.

        Parameters
        ----------
        X : {csr_matrix, csr_array, array-like} of shape (n_samples, n_samples)
            Neighbour graph of the training samples with each row sorted by distance, or the
            dense matrix of all distances. It is checked once.
        y : None
            Ignored.

        Returns
        -------
        X_reduced : {csr_matrix, csr_array, ndarray} of shape (n_samples, n_samples)
            The same as ``fit(X).transform(X)``.
        """
        X = self._check_square(X)
        return self._fit_blocks([X], Space(y=y))._reduced_own(X)

    @available_if(lambda self: self.fits_by_rows)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Graph, y: ArrayLike | None = None) -> Self:
        """Fit on the next rows of the neighbour graph of the training samples.

        After the last of its rows the reduction equals that of ``fit`` on the whole graph; only
        the statistics of the rows are kept. A further call begins anew, with as many samples.

        Parameters
        ----------
        X : {csr_matrix, csr_array, array-like} of shape (n_rows, n_samples)
            Distances from the next training samples to all training samples: a neighbour graph
            with sorted rows, or a dense matrix.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The reduction, fitted when all ``n_samples`` rows were seen.
        """
        X = self._check_distances(X, reset=not hasattr(self, "_seen"), allow_empty=True)
        seen = getattr(self, "_seen", None) or _Seen(Space())
        if seen.n_rows + X.shape[0] > X.shape[1]:
            raise ValueError(
                f"partial_fit: the graph has {X.shape[1]} rows, one for each column; got "
                f"{X.shape[0]} more after {seen.n_rows}."
            )
        self._see(seen, X)
        self._seen: _Seen | None = seen
        return self if seen.n_rows < X.shape[1] else self._finish(seen, X.shape[1])

    def transform(self, X: Graph) -> SparseOutput:
        """Replace the distances of a graph by secondary distances.

        Parameters
        ----------
        X : {csr_matrix, csr_array, array-like} of shape (n_queries, n_samples)
            Distances from the queries to the training samples: a neighbour graph with sorted
            rows, or a dense matrix.

        Returns
        -------
        X_reduced : {csr_matrix, csr_array, ndarray} of shape (n_queries, n_samples)
            The same container with secondary distances, rows sorted again, non-negative. A
            row's self entry (its first exact zero) stays 0.
        """
        seen = getattr(self, "_seen", None)
        if seen is not None and not hasattr(self, "n_samples_fit_"):
            raise ValueError(
                f"{type(self).__name__}: partial_fit has seen {seen.n_rows} of "
                f"{self.n_features_in_} rows of the graph, all are needed."
            )
        check_is_fitted(self)
        return self._reduced(self._check_distances(X, reset=False, allow_empty=True), None)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_graph(
        self,
        graph: Graph,
        *,
        vectors: MatrixLike | None = None,
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        bank: MatrixLike | None = None,
        y: ArrayLike | None = None,
    ) -> Self:
        """Fit on a neighbour graph, with the vectors behind it where they are at hand.

        Parameters
        ----------
        graph : {csr_matrix, csr_array, ndarray} of shape (n_indexed, n_bank)
            Distances from each indexed sample to its neighbours in the bank. Without a bank
            this is the graph of the indexed samples, each row beginning with the sample
            itself at distance 0.
        vectors : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
            The indexed samples, for the methods that use them.
        metric : str or callable, default="euclidean"
            Metric of the distances.
        metric_params : dict, default=None
            Further parameters of the metric.
        bank : {array-like, sparse matrix} of shape (n_bank, n_features), default=None
            Queries from another space. None: the indexed samples are their own bank.
        y : array-like of shape (n_indexed,), default=None
            Classes, for the supervised methods.

        Returns
        -------
        self : object
            The fitted reduction.
        """
        graph = _checked(graph, "graph")
        return self._fit_blocks([graph], self._space(vectors, metric, metric_params, bank, y))

    @available_if(lambda self: self.fits_by_rows)
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_blocks(
        self,
        blocks: Iterable[Graph],
        *,
        vectors: MatrixLike | None = None,
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        bank: MatrixLike | None = None,
        y: ArrayLike | None = None,
    ) -> Self:
        """Fit as ``fit_graph`` does, on the graph in blocks of rows.

        Parameters
        ----------
        blocks : iterable of {csr_matrix, csr_array, ndarray}
            The rows of the graph, in order. One block is held at a time.
        vectors : {array-like, sparse matrix} of shape (n_indexed, n_features), default=None
            The indexed samples, for the methods that use them.
        metric : str or callable, default="euclidean"
            Metric of the distances.
        metric_params : dict, default=None
            Further parameters of the metric.
        bank : {array-like, sparse matrix} of shape (n_bank, n_features), default=None
            Queries from another space. None: the indexed samples are their own bank.
        y : array-like of shape (n_indexed,), default=None
            Classes, for the supervised methods.

        Returns
        -------
        self : object
            The fitted reduction.
        """
        checked = (_checked(block, "blocks", allow_empty=True) for block in blocks)
        return self._fit_blocks(checked, self._space(vectors, metric, metric_params, bank, y))

    @_fit_context(prefer_skip_nested_validation=True)
    def _fit_found(self, blocks: Iterable[Any], space: Space) -> Self:
        """Fit as ``fit_blocks`` does, on what a search of sksim found, which needs no check."""
        return self._fit_blocks(blocks, space)

    def _space(
        self, vectors: Any, metric: Metric, metric_params: MetricParams, bank: Any, y: Any
    ) -> Space:
        """The space behind a graph, its arrays checked."""
        vectors = _check_samples(vectors, "vectors", metric)
        bank = _check_samples(bank, "bank", metric)
        return Space(vectors, metric, metric_params or {}, bank, y)

    def _fit_blocks(self, blocks: Iterable[Any], space: Space) -> Self:
        self._metric = space.metric
        seen, n_columns = _Seen(space), 0
        for block in blocks:
            self._see(seen, block)
            n_columns = block.shape[1]
        return self._finish(seen, n_columns)

    def _see(self, seen: _Seen, block: Any) -> None:
        """Add the statistics of the next rows of the graph."""
        distances = as_distances(block)
        n_rows = seen.n_rows + distances.shape[0]
        seen.space.rows = slice(seen.n_rows, n_rows)
        seen.statistics.append(to_numpy(self._statistics(distances, seen.space)))
        seen.n_rows = n_rows
        seen.deepest = max(seen.deepest, int(to_numpy(distances.counts).max(initial=0)))

    def _finish(self, seen: _Seen, n_columns: int) -> Self:
        shape = (seen.n_rows, n_columns)
        check_depth(seen.deepest, shape, self.least_depth, type(self).__name__)
        self._store(np.concatenate(seen.statistics), seen.space)
        self._seen = None
        self.n_samples_fit_ = self._n_features_out = seen.n_rows
        return self

    def reduce_graph(self, graph: Graph, *, queries: MatrixLike | None = None) -> SparseOutput:
        """Replace the distances of a graph, with the vectors of its rows; see ``transform``.

        Parameters
        ----------
        graph : {csr_matrix, csr_array, ndarray} of shape (n_queries, n_indexed)
            Distances from the queries to their neighbours among the indexed samples.
        queries : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Vectors of the queries, for the methods that need them.

        Returns
        -------
        graph : {csr_matrix, csr_array, ndarray} of shape (n_queries, n_indexed)
            The reduced graph.
        """
        check_is_fitted(self)
        graph = _checked(graph, "graph", n_indexed=self.n_samples_fit_, allow_empty=True)
        queries = _check_samples(queries, "queries", getattr(self, "_metric", None))
        return self._reduced(graph, queries)

    def _reduced_own(self, graph: Any) -> SparseOutput:
        """Reduced graph of the training samples, checked."""
        return self._reduced(graph, None)

    def _reduced(self, graph: Any, queries: Any) -> SparseOutput:
        """Reduced graph, checked or found by a search of sksim, as the queries are."""
        distances = as_distances(graph)
        if self.fits_by_rows:
            return distances.joined(self._reduced_blocks(distances, queries))
        return distances.with_values(self._reduce(distances, queries), self._link)

    def _reduced_blocks(self, distances: Distances, queries: Any) -> Iterator[tuple[slice, Any]]:
        """Reduce a block of rows at a time, within the processor's cache."""
        for rows, entries, block in distances.blocks():
            own = None if queries is None else queries[rows]
            yield entries, block.with_values(self._reduce(block, own), self._link)

    def inner_product_index(
        self, vectors: ArrayLike, metric: Metric
    ) -> tuple[FloatArray, Callable[[ArrayLike], FloatArray]]:
        """Augmented index vectors and query map that rank as the reduction does.

        Parameters
        ----------
        vectors : array-like of shape (n_indexed, n_features)
            The indexed samples.
        metric : str
            Metric of the distances.

        Returns
        -------
        index_vectors : ndarray of shape (n_indexed, n_index_features)
            Vectors for any index of inner products: larger is nearer.
        query_map : callable
            Augments queries.

        Raises
        ------
        ValueError
            If the method is no inner product of augmented vectors (``has_inner_product_form``
            tells), or with this metric is none.
        """
        return self._inner_product_index(vectors, metric)

    def _check_distances(self, X: Any, *, reset: bool, allow_empty: bool = False) -> Any:
        """Validate a graph or a dense matrix and its number of columns."""
        if not sparse.issparse(X):
            return validate_named_data(
                self, X, dtype=[np.float64, np.float32], ensure_non_negative=True, reset=reset
            )
        X = check_graph(X, allow_empty=allow_empty)
        validate_named_data(self, X, skip_check_array=True, reset=reset)
        return X

    def _check_square(self, X: Any) -> Any:
        """Validate the graph of the training samples."""
        X = self._check_distances(X, reset=True)
        if X.shape[0] != X.shape[1]:
            raise ValueError(
                f"X must be a square matrix (n_samples, n_samples): distances between the training "
                f"samples, got shape {X.shape}."
            )
        return X

    def __sklearn_is_fitted__(self):
        return hasattr(self, "n_samples_fit_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = True
        tags.input_tags.positive_only = True
        # The tag promises that any sparse matrix will do; a neighbour graph has sorted rows.
        tags.input_tags.sparse = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
