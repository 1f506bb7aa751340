"""Any index of faiss as a transformer from vectors to their neighbour graph."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from numbers import Integral
from os import PathLike
from typing import Any, Literal, Self

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.neighbors._approximate import FaissBackend
from sksim.utils._arrays import validate_named_data
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, Metric, MetricParams

__all__ = ["FaissTransformer"]

_VECTORS: dict[str, Any] = {"dtype": [np.float64, np.float32], "order": "C"}


class FaissTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    """Transform vectors into their neighbour graph with an index of faiss.

    The index is made by a factory string of faiss [1]_, such as ``"IVF1024,Flat"`` (cells of a
    clustering, of which ``nprobe`` are searched) or ``"OPQ32,IVF1024,PQ32"`` (vectors compressed to
    32 bytes in addition), or it is one that exists already, in a file or at hand. faiss proposes
    the neighbours; their distances are computed again in float64, and they are sorted by them.

    The output is that of :class:`~sklearn.neighbors.KNeighborsTransformer`. As ``backend`` of the
    estimators of :mod:`sksim.neighbors` it searches the candidates of a hubness reduction.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours of each row, the sample itself not counted. As a ``backend``, those
        that the estimator needs are taken instead.
    factory : str, default="auto"
        Factory string of faiss. "auto" is an exact index in float32 up to 50 000 samples and a
        graph of navigable small worlds for more.
    index_params : dict, default=None
        Parameters of the index as faiss names them, set before it is filled: ``nprobe`` of inverted
        files, ``efConstruction`` and ``efSearch`` of graphs, ``k_factor_rf`` of refinements.
    index : str, path or faiss.Index, default=None
        An index of the samples that are given to ``fit``, in their order: a file of
        ``faiss.write_index``, or at hand. It is used as it is, and ``factory`` is not. For
        ``metric="cosine"`` it holds vectors of unit length.
    metric : {"euclidean", "l2", "sqeuclidean", "cosine"}, default="euclidean"
        The distance. As a ``backend``, that of the estimator is taken instead.
    mode : {"distance", "connectivity"}, default="distance"
        Whether the entries are distances, with one entry more in each row, or ones.
    n_jobs : int, default=None
        Number of threads. As a ``backend``, None means those of the estimator.

    Attributes
    ----------
    index_ : faiss.Index
        The index.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, where all of them are strings.

    Raises
    ------
    ImportError
        If faiss is not installed; the extra "ann" brings it.
    ValueError
        If faiss makes no index of the factory string for these samples, if it has no parameter of
        a name in ``index_params``, or if ``index`` cannot be one of them: another number of
        vectors, another length, another kind of distance.

    See Also
    --------
    HubnessReducedKNeighborsTransformer : The graph after hubness reduction, with this as
        ``backend``.
    candidate_report : What an approximate search loses.

    Notes
    -----
    Rows are shorter than asked where the index finds fewer neighbours, as inverted files do whose
    ``nprobe`` is too low. With more than one thread faiss builds graphs in an order that is not
    the same each time.

    Cost: that of the index, and :math:`O(n_q K d)` time for the exact distances of :math:`K`
    neighbours of each query; memory for the index, and for a copy of the samples in float32 during
    ``fit``, unless they are or an index is given. The samples stay beside the index, uncopied. A
    factory string with clusters needs as many samples as these at least, 39 for each to be of use.

    :func:`~sklearn.base.clone` copies an index at hand, as any parameter; that of a fitted
    transformer within a :class:`~sklearn.frozen.FrozenEstimator` or of a file is not copied.
    ``index_params`` of an index at hand are its own, and set there.

    References
    ----------
    .. [1] M. Douze, A. Guzhva, C. Deng, J. Johnson, G. Szilvasy, P.-E. Mazaré, M. Lomeli,
           L. Hosseini and H. Jégou (2024). The Faiss library. arXiv.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.neighbors import FaissTransformer, HubnessReducedNearestNeighbors
    >>> X = np.random.RandomState(0).standard_normal((1000, 16)).astype(np.float32)
    >>> cells = FaissTransformer(factory="IVF16,Flat", index_params={"nprobe": 8})
    >>> search = HubnessReducedNearestNeighbors(5, reduction="nicdm", backend=cells).fit(X)
    >>> search.kneighbors(X[:3], return_distance=False).shape
    (3, 5)
    >>> search.backend_
    FaissBackend(1000 x 16, metric='euclidean', built=IndexIVFFlat)
    """

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "factory": [str],
        "index_params": [dict, None],
        "index": "no_validation",
        "metric": [StrOptions({"euclidean", "l2", "sqeuclidean", "cosine"})],
        "mode": [StrOptions({"distance", "connectivity"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        factory: str = "auto",
        index_params: Mapping[str, float] | None = None,
        index: str | PathLike[str] | Any = None,
        metric: Literal["euclidean", "l2", "sqeuclidean", "cosine"] = "euclidean",
        mode: Literal["distance", "connectivity"] = "distance",
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.factory = factory
        self.index_params = index_params
        self.index = index
        self.metric = metric
        self.mode = mode
        self.n_jobs = n_jobs

    def _as_backend(
        self,
        X: Any,
        depth: int,
        *,
        metric: Metric,
        metric_params: MetricParams = None,
        n_jobs: int | None = None,
    ) -> FaissBackend:
        """Search among the rows of X, for lists of a depth."""
        return FaissBackend(
            X,
            depth,
            factory=self.factory,
            index_params=self.index_params,
            given=self.index,
            metric=metric,
            metric_params=metric_params,
            n_jobs=n_jobs if self.n_jobs is None else self.n_jobs,
        )

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: None = None) -> Self:
        """Build the index of the samples, or take the one given.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        X = validate_named_data(self, X, reset=True, **_VECTORS)
        self.n_samples_fit_ = X.shape[0]
        if self.n_neighbors >= X.shape[0]:
            raise ValueError(
                f"Expected n_neighbors < n_samples_fit, but n_neighbors = {self.n_neighbors}, "
                f"n_samples_fit = {X.shape[0]}, n_samples = {X.shape[0]}"
            )
        self._search = self._as_backend(X, self.n_neighbors + 1, metric=self.metric)
        return self

    @property
    def index_(self) -> Any:
        """The index of faiss."""
        check_is_fitted(self)
        return self._search.built

    @property
    def _n_features_out(self) -> int:
        return self.n_samples_fit_

    def transform(self, X: ArrayLike) -> sparse.csr_matrix | sparse.csr_array:
        """Compute the neighbour graph of queries.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Queries.

        Returns
        -------
        X_graph : csr_matrix or csr_array of shape (n_queries, n_samples)
            Neighbour graph, rows sorted by distance: ``n_neighbors + 1`` entries a row in
            ``mode="distance"``, ``n_neighbors`` in ``mode="connectivity"``, or fewer.
        """
        check_is_fitted(self)
        X = validate_named_data(self, X, reset=False, **_VECTORS)
        width = self.n_neighbors + (self.mode == "distance")
        distances, indices = self._search.neighbors(X, width)
        is_array = get_config().get("sparse_interface") == "sparray"
        container = sparse.csr_array if is_array else sparse.csr_matrix
        graph = graph_from_neighbors(distances, indices, self.n_samples_fit_, container=container)
        if self.mode == "connectivity":
            graph.data = np.ones_like(graph.data)
        return graph

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags
