"""Neighbour queries with reduced hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real

import numpy as np
from sklearn.utils.validation import check_scalar

from sksim.neighbors._backends import padded_lists
from sksim.neighbors._base import HubnessReducedSearch, first_of_rows
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._sklearn import Interval, _fit_context

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
    distances, indices = padded_lists(graph)
    n_samples = graph.shape[0]
    distances = np.hstack([np.zeros((n_samples, 1)), distances]).astype(graph.dtype)
    indices = np.hstack([np.arange(n_samples)[:, None], indices])
    return graph_from_neighbors(distances, indices, graph.shape[1], container=type(graph))


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
    reduction : str, reduction or None, default="mutual_proximity"
        Name of a reduction of :mod:`sksim.hubness`, or an instance. None means plain
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
    backend : {"auto", "brute", "faiss", "pynndescent", "usearch"} or estimator, default="auto"
        Search of the candidates, exact by default; see
        :class:`HubnessReducedKNeighborsTransformer`.
    n_jobs : int, default=None
        Number of threads of the exact search.

    Attributes
    ----------
    reduction_ : reduction or None
        The fitted reduction.
    effective_n_candidates_ : int
        Number of candidates in use.
    backend_ : object
        The fitted candidate search.
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
        n_neighbors=5,
        *,
        reduction="mutual_proximity",
        radius=1.0,
        n_candidates="auto",
        metric="euclidean",
        metric_params=None,
        backend="auto",
        n_jobs=None,
    ):
        self.n_neighbors = n_neighbors
        self.reduction = reduction
        self.radius = radius
        self.n_candidates = n_candidates
        self.metric = metric
        self.metric_params = metric_params
        self.backend = backend
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, *, bank=None):
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
        self._fit_search(self._check_index(X), y, bank=bank)
        self._candidates = None
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y=None):
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
        if not hasattr(self, "backend_"):
            X, candidates = self._check_index(X), None
        else:
            X, candidates = self._grown(self._check_queries(X), *self._known())
        self._fit_backend(X)
        self._fit_reduction(X, candidates=candidates)
        self._candidates = candidates
        return self

    def _known(self):
        """The index and its candidates in itself."""
        index = self.backend_.index
        return index, self._candidates or self.backend_.neighbors(index, self._width())

    def radius_neighbors(self, X=None, radius=None, return_distance=True):
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
        lists = _within_radius(self._reduced(X), radius)
        return lists if return_distance else lists[1]

    def kneighbors_graph(
        self, X=None, n_neighbors=None, mode="connectivity", *, include_self=False
    ):
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
            raise ValueError(f"mode must be 'connectivity' or 'distance', got {mode!r}.")
        if include_self and X is not None:
            raise ValueError("include_self=True needs X=None: queries are not indexed samples.")
        n_neighbors = self._requested(n_neighbors)
        graph = first_of_rows(self._reduced(X, n_neighbors), n_neighbors)
        if include_self:
            graph = _self_first(graph)
        if mode == "connectivity":
            graph.data = np.ones_like(graph.data)
        return graph
