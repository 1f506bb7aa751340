"""Neighbour queries with reduced hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real
from typing import Literal, Self

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_scalar

from sksim.neighbors._base import HubnessReducedSearch
from sksim.neighbors._candidates import Lists
from sksim.utils._dask import is_dask_array
from sksim.utils._names import unknown_name_error
from sksim.utils._sklearn import Interval, _fit_context
from sksim.utils._typing import ArrayLike, CacheMemory, MatrixLike, Metric, MetricParams

__all__ = ["HubnessReducedNearestNeighbors"]


def _within_radius(graph, radius: float):
    """Lists of the entries of each row up to the radius, one array a row."""
    lists = np.empty((2, graph.shape[0]), dtype=object)
    for i, (start, stop) in enumerate(zip(graph.indptr[:-1], graph.indptr[1:])):
        stop = start + np.searchsorted(graph.data[start:stop], radius, side="right")
        lists[:, i] = graph.data[start:stop], graph.indices[start:stop]
    return lists[0], lists[1]


def _self_first(graph):
    """Square graph with each sample prepended to its row at distance 0."""
    starts = graph.indptr[:-1]
    data = np.insert(graph.data, starts, 0.0)
    indices = np.insert(graph.indices, starts, np.arange(graph.shape[0]))
    indptr = graph.indptr + np.arange(graph.shape[0] + 1)
    return type(graph)((data, indices, indptr), shape=graph.shape)


class HubnessReducedNearestNeighbors(HubnessReducedSearch):
    r"""Nearest neighbours after hubness reduction.

    The queries of :class:`~sklearn.neighbors.NearestNeighbors`, by the secondary distance
    :math:`d'(q, x)` of a hubness reduction. For each query the :math:`K` nearest indexed samples
    by the primary distance are candidates; they are ranked by :math:`d'`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours of :meth:`kneighbors` unless it is given there, the sample itself
        not counted; smaller than the number of indexed samples.
    reduction : str, estimator or None, default="mutual_proximity"
        Name of a reduction of :mod:`sksim.hubness`, an instance, or another transformer from
        graph to graph; its parameters can be searched as ``reduction__<parameter>``, those of a
        name too. None means plain
        neighbours.
    radius : float, default=1.0
        Largest secondary distance of :meth:`radius_neighbors` unless it is given there.
    n_candidates : int or "auto", default="auto"
        Number :math:`K` of candidates, the sample itself not counted, at least
        ``n_neighbors`` and cut to the number of other samples. "auto" is the larger of
        ``10 * n_neighbors`` and 100, or what the reduction needs.
    metric : str or callable, default="euclidean"
        Primary distance: any metric of :func:`~sklearn.metrics.pairwise_distances`. With
        "precomputed", X holds the distances: a square dense matrix or a neighbour graph.
    metric_params : dict, default=None
        Parameters of the metric.
    backend : str or estimator, default="auto"
        Search of the candidates, exact by default; see
        :class:`HubnessReducedKNeighborsTransformer`.
    device : str, default="auto"
        Where ``backend="torch"`` searches, such as "cpu" or "cuda:1"; "auto" is a GPU where there
        is one. On a GPU most reductions are computed too (:ref:`arrays`).
    n_jobs : int, default=None
        Number of threads of the exact search.
    memory : str or object with the joblib.Memory interface, default=None
        Where the lists of candidates are kept for other reductions of the same samples, by default
        nowhere; see :class:`HubnessReducedKNeighborsTransformer`.
    verbose : int, default=0
        Whether a search that takes more than ten seconds shows its progress: a bar where tqdm is
        installed, one line otherwise.

    Attributes
    ----------
    reduction_ : reduction or None
        The fitted reduction.
    effective_n_candidates_ : int
        Number of candidates in use.
    backend_ : object
        The fitted candidate search, which shows what it is.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, where all of them are strings.

    See Also
    --------
    HubnessReducedKNeighborsTransformer : The neighbour graph, for pipelines.

    Notes
    -----
    Cost: the search of the candidates, :math:`O(n_q n d)` time in blocks for the exact one, then
    :math:`O(n_q K)` time and memory for most reductions. ``fit`` makes the lists of candidates
    in blocks of rows within scikit-learn's ``working_memory`` where the reduction has
    ``partial_fit``, so that a memory-mapped index is never held whole.

    X may be an array of Dask, dense and chunked along rows, for reductions of neighbour lists alone
    (not those that need vectors, nor a bank). Each block of queries meets each block of the index
    by itself, wherever the scheduler has it run, and the lists are merged: those of the exact
    search are the same. A worker holds a handful of blocks; an approximate ``backend`` is built
    once for each block and kept there. The caller gets the lists, in blocks, and no vector. Queries
    may be in memory or of Dask, results are in memory.

    References
    ----------
    .. [1] R. Feldbauer and A. Flexer (2019). A comprehensive empirical comparison of hubness
           reduction in high-dimensional spaces. Knowledge and Information Systems 59.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import NICDM
    >>> from sksim.neighbors import HubnessReducedNearestNeighbors
    >>> X = np.array([[0.0], [1.0], [2.5], [6.0], [6.5]])
    >>> search = HubnessReducedNearestNeighbors(n_neighbors=1, reduction=NICDM(2)).fit(X)
    >>> search.kneighbors(return_distance=False).ravel()
    array([1, 0, 1, 4, 3])
    """

    _parameter_constraints: dict = {
        **HubnessReducedSearch._parameter_constraints,
        "radius": [Interval(Real, 0, None, closed="both")],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        reduction: str | BaseEstimator | None = "mutual_proximity",
        radius: float = 1.0,
        n_candidates: int | Literal["auto"] = "auto",
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        backend: str | BaseEstimator = "auto",
        device: str = "auto",
        n_jobs: int | None = None,
        memory: CacheMemory = None,
        verbose: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.reduction = reduction
        self.radius = radius
        self.n_candidates = n_candidates
        self.metric = metric
        self.metric_params = metric_params
        self.backend = backend
        self.device = device
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: MatrixLike, y: ArrayLike | None = None, *, bank: MatrixLike | None = None
    ) -> Self:
        """Index the training samples and fit the reduction on their neighbours.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples; distances (n_samples, n_samples) with ``metric="precomputed"``.
        y : array-like of shape (n_samples,), default=None
            Labels, for a supervised reduction.
        bank : array-like of shape (n_bank, n_features), default=None
            Queries from another space, like those to come: the statistics of the indexed samples
            are then taken among them. None means that the indexed samples are their own bank.

        Returns
        -------
        self : object
            The fitted search.
        """
        self._fit_search(self._validated(X, reset=True), y, bank=bank)
        self._lists: Lists | None = None
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X: MatrixLike, y: None = None) -> Self:
        """Add a block of samples to the index; blocks one after another equal ``fit`` of all.

        Only the pairs with a new sample are searched; then the reduction is fitted again. Needs
        vectors and the exact search. The candidates of all samples stay in memory: for an index
        that is larger than the memory give ``fit`` a memory-mapped array, which it reads in blocks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The block; the first one needs more than ``n_neighbors`` samples.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted search.
        """
        if self.metric == "precomputed" or self.backend not in ("auto", "brute"):
            raise ValueError(
                "partial_fit needs vectors and backend='auto' or 'brute', got "
                f"metric={self.metric!r}, backend={self.backend!r}."
            )
        index = getattr(getattr(self, "backend_", None), "index", None)
        if is_dask_array(X) or is_dask_array(index):
            raise ValueError(
                "partial_fit needs arrays in memory, got an array of Dask: fit takes it."
            )
        if hasattr(self, "backend_"):
            X = self._validated(X, reset=False)
            width = self._n_candidates(self.n_samples_fit_ + X.shape[0]) + 1
            X, lists = self._candidates.grown(X, self._lists, width)
            self._lists = self._fit_search(X, lists=lists)
        else:
            self._lists = self._fit_search(self._validated(X, reset=True))
        return self

    def radius_neighbors(
        self,
        X: MatrixLike | None = None,
        radius: float | None = None,
        return_distance: bool = True,
    ) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """Find the candidates within a radius of secondary distance.

        Only the candidates can be found: at most ``effective_n_candidates_`` for each query.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries; their distances to the training samples with ``metric="precomputed"``.
            None means the training samples, each left out of its own neighbours.
        radius : float, default=None
            Largest secondary distance; None means the constructor's.
        return_distance : bool, default=True
            Whether to return the distances.

        Returns
        -------
        distances : ndarray of shape (n_queries,) of arrays
            Secondary distances in increasing order, if ``return_distance=True``.
        indices : ndarray of shape (n_queries,) of arrays
            Row numbers of the training samples.
        """
        radius = self.radius if radius is None else radius
        check_scalar(radius, "radius", Real, min_val=0)
        lists = _within_radius(self._neighbor_graph(X), radius)
        return lists if return_distance else lists[1]

    def kneighbors_graph(
        self,
        X: MatrixLike | None = None,
        n_neighbors: int | None = None,
        mode: Literal["connectivity", "distance"] = "connectivity",
        *,
        include_self: bool = False,
    ) -> csr_matrix | csr_array:
        """Compute the neighbour graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries; their distances to the training samples with ``metric="precomputed"``.
            None means the training samples, each left out of its own neighbours.
        n_neighbors : int, default=None
            Number of neighbours; None means the constructor's.
        mode : {"connectivity", "distance"}, default="connectivity"
            Whether the entries are ones or secondary distances.
        include_self : bool, default=False
            With ``X=None``: whether each row begins with the sample itself, at distance 0, in
            addition to its ``n_neighbors``.

        Returns
        -------
        graph : csr_matrix or csr_array of shape (n_queries, n_samples)
            Neighbour graph, rows sorted by secondary distance.
        """
        if mode not in ("connectivity", "distance"):
            raise unknown_name_error("mode", mode, ["connectivity", "distance"])
        if include_self and X is not None:
            raise ValueError("include_self=True needs X=None: queries are not indexed samples.")
        n_neighbors = self._requested(n_neighbors)
        graph = self._neighbor_graph(X, n_neighbors, n_kept=n_neighbors)
        if include_self:
            graph = _self_first(graph)
        if mode == "connectivity":
            graph.data = np.ones_like(graph.data)
        return graph
