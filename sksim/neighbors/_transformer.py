"""From vectors to the neighbour graph with reduced hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Literal, Self

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sksim.neighbors._base import HubnessReducedSearch, first_of_rows
from sksim.utils._sklearn import StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, CacheMemory, MatrixLike, Metric, MetricParams

__all__ = ["HubnessReducedKNeighborsTransformer"]


class HubnessReducedKNeighborsTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, HubnessReducedSearch
):
    r"""Transform vectors into their neighbour graph after hubness reduction.

    For each sample :math:`q` the :math:`K` nearest indexed samples :math:`x` by the primary
    distance :math:`d(q, x)` are its candidates [1]_. The reduction replaces :math:`d` by a
    secondary distance [2]_ :math:`d'(q, x) \ge 0`, fitted on the indexed samples alone, and the
    ``n_neighbors`` candidates with the smallest :math:`d'` become the row of :math:`q`.

    The output is that of :class:`~sklearn.neighbors.KNeighborsTransformer`, so that it goes in
    front of every scikit-learn estimator with ``metric="precomputed"``.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours of each row, the sample itself not counted; smaller than the
        number of indexed samples.
    reduction : str, estimator or None, default="mutual_proximity"
        Name of a reduction of :mod:`sksim.hubness`, an instance, or another transformer from
        graph to graph; its parameters can be searched as ``reduction__<parameter>``, those of a
        name too, whose parameters can
        then be searched as ``reduction__<parameter>``. None means plain neighbours.
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
        Search of the candidates. "brute" is exact, "auto" chooses it. "torch" is exact too, its
        products on a device, for dense vectors by Euclidean or cosine distance. "faiss",
        "pynndescent" and "usearch" come with the extra "ann" and search these approximately.
        :class:`FaissTransformer` stands for any index of faiss, one in a file too,
        :class:`ShortlistTransformer` for shortlists of any codes. Another like
        :class:`~sklearn.neighbors.KNeighborsTransformer`, for example of the sklearn-ann package,
        is cloned, fitted or not; one that is fitted on the same samples is used as it is inside a
        :class:`~sklearn.frozen.FrozenEstimator`, and must give as many neighbours as there are
        candidates, better one more. Candidates are always ranked again by exact distances.
    device : str, default="auto"
        Where ``backend="torch"`` searches, such as "cpu" or "cuda:1"; "auto" is a GPU where there
        is one. On a GPU most reductions are computed too (:ref:`arrays`).
    mode : {"distance", "connectivity"}, default="distance"
        Whether the entries are secondary distances, with one entry more in each row, or ones.
    n_jobs : int, default=None
        Number of threads of the exact search.
    memory : str or object with the joblib.Memory interface, default=None
        Where the lists of candidates are kept for other reductions of the same samples, by default
        nowhere; see the notes.
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
    HubnessReducedNearestNeighbors : Neighbour queries on the same search.
    HubnessReducedKNeighborsClassifier : Classification by the same neighbours.

    Notes
    -----
    A training row begins with the sample itself at distance 0, and ``fit_transform(X)`` equals
    ``fit(X).transform(X)``, with duplicates too: among samples at distance 0, any one of
    which may stand for the query, the first in the index does. In ``mode="connectivity"`` it
    counts as one of the ``n_neighbors``, as in scikit-learn.

    Distances are float64 for float32 vectors too, as in scikit-learn.

    Each row depends on its query and the fitted state only. A row can be shorter than asked where
    an approximate ``backend`` or a precomputed graph holds fewer candidates.

    ``backend="auto"`` is the exact search at every size: up to 50 000 samples, the most that were
    measured, with 16 to 384 features, 10 and 100 candidates, no approximate back end was twice as
    fast, and most were slower.

    Cost: the search of the candidates, :math:`O(n_q n d)` time in blocks for the exact one, then
    :math:`O(n_q K)` time for most reductions. The lists of candidates and their reduction are
    made in blocks of rows within scikit-learn's ``working_memory``, in ``fit`` too where the
    reduction has ``partial_fit``: the training samples may be a memory-mapped array, and beside
    them only the statistics of the reduction and the reduced graph are kept. It may be an array of
    Dask, too, see :class:`HubnessReducedNearestNeighbors`.

    With ``memory`` the lists are kept in files, 16 bytes for each candidate, by the contents of the
    index and of the queries, the metric and the search: a grid over reductions searches once for
    the training samples and once for the test samples of each fold, and finds the same bits. Lists
    of the exact search serve every lesser depth, and make place for deeper ones; they are 100
    candidates deep at least. The samples are hashed in each call, 1 s for a gigabyte. Not kept are
    searches by a function as ``metric``, which has no name that would change with it, and
    precomputed distances.

    References
    ----------
    .. [1] R. Feldbauer and A. Flexer (2019). A comprehensive empirical comparison of hubness
           reduction in high-dimensional spaces. Knowledge and Information Systems 59.
    .. [2] D. Schnitzer, A. Flexer, M. Schedl and G. Widmer (2012). Local and global scaling reduce
           hubs in space. Journal of Machine Learning Research 13.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sksim.neighbors import HubnessReducedKNeighborsTransformer
    >>> X, y = load_digits(return_X_y=True)
    >>> model = make_pipeline(
    ...     HubnessReducedKNeighborsTransformer(n_neighbors=5, reduction="nicdm"),
    ...     KNeighborsClassifier(n_neighbors=5, metric="precomputed"),
    ... )
    >>> model.fit(X[:1000], y[:1000]).score(X[1000:], y[1000:]) > 0.95
    True
    """

    _parameter_constraints: dict = {
        **HubnessReducedSearch._parameter_constraints,
        "mode": [StrOptions({"distance", "connectivity"})],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        reduction: str | BaseEstimator | None = "mutual_proximity",
        n_candidates: int | Literal["auto"] = "auto",
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        backend: str | BaseEstimator = "auto",
        device: str = "auto",
        mode: Literal["distance", "connectivity"] = "distance",
        n_jobs: int | None = None,
        memory: CacheMemory = None,
        verbose: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.reduction = reduction
        self.n_candidates = n_candidates
        self.metric = metric
        self.metric_params = metric_params
        self.backend = backend
        self.device = device
        self.mode = mode
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
            The fitted transformer.
        """
        self._fit_search(self._validated(X, reset=True), y, bank=bank)
        return self

    @property
    def _n_features_out(self) -> int:
        return self.n_samples_fit_

    def transform(self, X: MatrixLike) -> csr_matrix | csr_array:
        """Compute the neighbour graph of queries.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Queries; their distances to the training samples, (n_queries, n_samples), with
            ``metric="precomputed"``.

        Returns
        -------
        X_graph : csr_matrix or csr_array of shape (n_queries, n_samples)
            Neighbour graph, rows sorted by secondary distance: ``n_neighbors + 1`` entries a row
            in ``mode="distance"``, ``n_neighbors`` in ``mode="connectivity"``.
        """
        check_is_fitted(self)
        return self._output(self._neighbor_graph(X, n_kept=self.n_neighbors + 1))

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_transform(
        self, X: MatrixLike, y: ArrayLike | None = None, *, bank: MatrixLike | None = None
    ) -> csr_matrix | csr_array:
        """Fit and compute the neighbour graph of the training samples.

        With one search where the lists of all candidates fit into the working memory, with two
        in blocks of rows otherwise.

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
        X_graph : csr_matrix or csr_array of shape (n_samples, n_samples)
            The same as ``fit(X).transform(X)``.
        """
        X = self._validated(X, reset=True)
        lists = self._fit_search(X, y, bank=bank)
        return self._output(self._reduced(self._candidates.graphs(X, lists), self.n_neighbors + 1))

    def _output(self, graph) -> csr_matrix | csr_array:
        if self.mode == "distance":
            return first_of_rows(graph, self.n_neighbors + 1)
        graph = first_of_rows(graph, self.n_neighbors)
        graph.data = np.ones_like(graph.data)
        return graph

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # As scikit-learn's: what reads a graph casts it to float64, which would sort its columns.
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags
