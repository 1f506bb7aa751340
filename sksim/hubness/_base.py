"""The family of hubness reductions: from a neighbour graph to a neighbour graph.

A reduction replaces the distances of a graph by secondary distances and sorts each row again. All
checks, the self rule and the containers are handled here, once. A method fills two hooks:
``_fit_distances`` stores the statistics of the indexed samples, ``_reduce_distances`` is the
formula.

Doors
-----
``fit`` / ``transform``
    scikit-learn's: a square CSR graph of the training samples or a dense distance matrix.
``fit_graph`` / ``reduce_graph``
    For the estimators of ``sksim.neighbors``, which have the vectors: they pass them to the
    methods that ask for them with ``needs_vectors``, and may fit on a bank of queries from
    another space.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sksim._base import SksimEstimator
from sksim.hubness._distances import as_distances
from sksim.utils._graph import check_graph
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike, FloatArray, Graph, MatrixLike, Metric, MetricParams

__all__ = ["GraphReduction", "Space", "missing_vectors_error"]


class Space(NamedTuple):
    """The vectors behind a graph, their metric, and the bank; all but the graph may be missing.

    ``rows`` are the indexed samples that the rows of the graph at hand belong to, and ``source`` is
    whatever a method made of the vectors for all of them.
    """

    vectors: object = None
    metric: object = None
    metric_params: dict = {}
    bank: object = None
    y: object = None
    rows: slice = slice(None)
    source: object = None

    @classmethod
    def of(cls, *, vectors=None, metric="euclidean", metric_params=None, bank=None, y=None):
        """Space with the parameters of an estimator."""
        metric = "euclidean" if metric == "l2" else metric
        return cls(vectors, metric, metric_params or {}, bank, y)

    @property
    def row_vectors(self):
        """Vectors of the rows of the graph at hand, None where there are none."""
        return None if self.vectors is None else self.vectors[self.rows]


def missing_vectors_error(name: str, what: str) -> ValueError:
    """Error of a method that cannot work on a bare truncated graph."""
    return ValueError(
        f"{name} needs the vectors behind the graph ({what}), got a neighbour graph alone. Use "
        f"HubnessReducedKNeighborsTransformer(reduction={name}(...)) of sksim.neighbors, which has "
        "them, or pass the complete distance matrix."
    )


def _with_inner_product_form() -> list[str]:
    """Names of the public reductions that are inner products."""
    from sksim import hubness

    family = [getattr(hubness, name) for name in hubness.__all__]
    return [reduction.__name__ for reduction in family if reduction.has_inner_product_form]


class GraphReduction(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator, metaclass=ABCMeta
):
    """Abstract base of the reductions: from a neighbour graph to a neighbour graph.

    Attributes
    ----------
    short_name : str or None
        Name of the method where a reduction is given by name; None: the class name in snake case.
    default_n_candidates : int
        Least number of candidates of each sample with ``n_candidates="auto"``.
    has_inner_product_form : bool
        Whether ``inner_product_index`` is available.
    least_depth : int
        Number of neighbours of a row that the method looks at.
    needs_vectors : bool
        Whether ``fit_graph`` and ``reduce_graph`` want the vectors where there are any.
    fits_by_rows : bool
        Whether the rows of the graph can come in blocks, by ``fit_blocks`` and ``partial_fit``.
    """

    short_name: str | None = None
    default_n_candidates: int = 100
    has_inner_product_form: bool = False

    @property
    def needs_vectors(self) -> bool:
        """Whether ``fit_graph`` and ``reduce_graph`` want the vectors where there are any."""
        return False

    @property
    def fits_by_rows(self) -> bool:
        """Whether the rows of the graph can come in blocks."""
        return False

    @property
    def least_depth(self) -> int:
        """Number of neighbours that the deepest row must hold, the sample itself not counted."""
        return getattr(self, "n_neighbors", 0)

    @abstractmethod
    def _fit_distances(self, distances, space):
        """Store the statistics of the indexed samples, one per row of ``distances``."""

    @abstractmethod
    def _reduce_distances(self, distances, queries):
        """Secondary distances beside ``distances.values``, non-negative."""

    # Whether a block of rows costs no more than its share of the whole.
    _by_rows = True
    _link = None  # increasing map with link(0) = 0, applied after the rows are sorted

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
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
        X = self._check_distances(X, reset=True)
        if X.shape[0] != X.shape[1]:
            raise ValueError(
                f"X must be a square matrix (n_samples, n_samples): distances between the training "
                f"samples, got shape {X.shape}."
            )
        return self._fit_graph(X, Space(y=y))

    def transform(self, X):
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
        self._check_fitted()
        return self.reduce_graph(self._check_distances(X, reset=False))

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
        if sparse.issparse(graph):
            graph = check_graph(graph, name="graph")
        space = Space.of(
            vectors=vectors, metric=metric, metric_params=metric_params, bank=bank, y=y
        )
        return self._fit_graph(graph, space)

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
            If the method is no inner product of augmented vectors: ``has_inner_product_form``
            tells. If the metric allows none.
        """
        raise ValueError(
            f"{type(self).__name__} is no inner product of augmented vectors. Those that are: "
            f"{', '.join(_with_inner_product_form())}. Or take the candidates of any index and "
            "rank them by the secondary distance."
        )

    def _check_fitted(self):
        check_is_fitted(self)

    def _fit_graph(self, graph, space):
        self._fit_distances(as_distances(graph), space)
        return self._fitted_on(graph.shape[0])

    def _fitted_on(self, n_samples: int):
        self.n_samples_fit_ = self._n_features_out = n_samples
        return self

    def reduce_graph(self, graph, *, queries=None):
        """Replace the distances of a checked graph; see ``transform``.

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
        distances = as_distances(graph)
        if self._by_rows:
            return distances.joined(self._reduced_blocks(distances, queries))
        return distances.with_values(self._reduce_distances(distances, queries), self._link)

    def _reduced_blocks(self, distances, queries):
        """Reduce a block of rows at a time, within the processor's cache."""
        for rows, entries, block in distances.blocks():
            own = None if queries is None else queries[rows]
            yield entries, block.with_values(self._reduce_distances(block, own), self._link)

    def _check_distances(self, X, *, reset: bool):
        """Validate a graph or a dense matrix and its number of columns."""
        if not sparse.issparse(X):
            return validate_data(
                self, X, dtype=[np.float64, np.float32], ensure_non_negative=True, reset=reset
            )
        X = check_graph(X)
        validate_data(self, X, skip_check_array=True, reset=reset)
        return X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = True
        tags.input_tags.positive_only = True
        # The tag promises that any sparse matrix will do; a neighbour graph has sorted rows.
        tags.input_tags.sparse = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
