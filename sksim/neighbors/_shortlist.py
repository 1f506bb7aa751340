"""Search in two stages: a shortlist by short codes, ranked by the vectors or sets themselves."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim._search._rerank import rerank
from sksim._search._selection import smallest_entries, sorted_by_distance
from sksim.codes import FixedDimensionalEncoder
from sksim.metrics.retrieval._chamfer import listed_chamfer_similarity
from sksim.metrics.retrieval._sets import VectorSets, validate_sets
from sksim.neighbors._candidates import BACKENDS, make_backend
from sksim.utils._arrays import validate_named_data
from sksim.utils._blocks import row_blocks
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context
from sksim.utils._typing import Metric, MetricParams
from sksim.utils._unit_rows import unit_rows

__all__ = ["ShortlistTransformer"]

_VECTORS: dict[str, Any] = {"accept_sparse": "csr", "dtype": [np.float64, np.float32], "order": "C"}
# Coordinates of the default encoder.
_N_COMPONENTS = 32
# Bytes of one entry of a shortlist, with what it takes to sort it.
_ENTRY_BYTES = 60
# Queries of a product: more do not make it faster.
_BLOCK_ROWS = 512


class _ProductSearch:
    """Search of the greatest inner products, in the precision of the codes.

    The exact search proves its lists, which takes longer than the product where codes are long, and
    a shortlist needs no proof.
    """

    def __init__(self, codes: np.ndarray):
        self.codes = codes

    def neighbors(self, queries: np.ndarray, n_listed: int) -> tuple[np.ndarray, np.ndarray]:
        """Negative products and rows of the codes, the greatest product first."""
        row_bytes = 3 * queries.itemsize * len(self.codes)
        parts = [
            smallest_entries(-queries[rows] @ self.codes.T, n_listed)
            for rows in row_blocks(len(queries), row_bytes, max_rows=_BLOCK_ROWS)
        ]
        products, listed = (np.vstack(lists) for lists in zip(*parts))
        return products, listed


def _of_one_length(codes: np.ndarray) -> np.ndarray:
    """Codes with one coordinate more, so that the nearest are those of the greatest products.

    Queries have 0 there.
    """
    squares = np.einsum("ij,ij->i", codes, codes)
    lengths = np.sqrt(np.maximum(squares.max() - squares, 0))
    return np.hstack([codes, lengths[:, None].astype(codes.dtype)])


class _Codes:
    """Search among the codes of an index, by Euclidean distance or by the product of two sides."""

    def __init__(self, encoder: Any, index: Any, depth: int, search: Any, n_jobs: int | None):
        self.encoder = clone(encoder).fit(index)
        self.has_two_sides = hasattr(self.encoder, "transform_query")
        self.is_product = self.has_two_sides and isinstance(search, str) and search == "auto"
        codes = self.encoder.transform(index)
        if self.is_product:
            self.search: Any = _ProductSearch(codes)
            return
        if self.has_two_sides:
            codes = _of_one_length(codes)
        self.search = make_backend(
            search, codes, depth, metric="euclidean", metric_params=None, n_jobs=n_jobs
        )

    def listed(self, X: Any, n_listed: int) -> np.ndarray:
        """Rows of the index, (n_queries, n_listed), negative where one is missing."""
        encode = getattr(self.encoder, "transform_query", self.encoder.transform)
        codes = encode(X)
        if self.has_two_sides and not self.is_product:
            codes = np.hstack([codes, np.zeros((len(codes), 1), dtype=codes.dtype)])
        return self.search.neighbors(codes, n_listed)[1]


class _ShortlistBackend:
    """Search of vectors; ``options`` are those of the estimator that asks."""

    def __init__(
        self,
        index: Any,
        depth: int,
        *,
        encoder: Any,
        n_shortlist: int | Literal["auto"],
        search: Any,
        metric: Metric,
        metric_params: MetricParams,
        n_jobs: int | None,
    ):
        self.index, self.metric, self.metric_params = index, metric, metric_params
        n_indexed = index.shape[0]
        self.n_shortlist = _shortlist_length(n_shortlist, depth, n_indexed)
        if encoder is None:
            from sklearn.decomposition import PCA

            n_components = min(_N_COMPONENTS, min(index.shape) - sparse.issparse(index))
            encoder = PCA(n_components, random_state=0)
        self.codes = _Codes(encoder, self._rows(index), self.n_shortlist, search, n_jobs)

    def __repr__(self) -> str:
        n_indexed, n_features = self.index.shape
        return (
            f"ShortlistBackend({n_indexed} x {n_features}, metric={self.metric!r}, "
            f"n_shortlist={self.n_shortlist}, encoder={self.codes.encoder!r})"
        )

    def _rows(self, X: Any) -> Any:
        """What the encoder is given: directions, where these alone matter."""
        if self.metric != "cosine":
            return X
        return unit_rows(X).astype(X.dtype, copy=False)

    def neighbors(self, X: Any, n_neighbors: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest rows of the shortlists."""
        width = max(self.n_shortlist, n_neighbors)
        parts = []
        for rows in row_blocks(X.shape[0], _ENTRY_BYTES * width):
            listed = self.codes.listed(self._rows(X[rows]), width)
            found = rerank(
                X[rows], self.index, listed, metric=self.metric, metric_params=self.metric_params
            )
            parts.append([lists[:, :n_neighbors] for lists in found])
        distances, indices = (np.vstack(lists) for lists in zip(*parts))
        return distances, indices


class _SetShortlist:
    """Search of sets by what the Chamfer similarity lacks to its largest possible value."""

    def __init__(
        self,
        X: Any,
        sets: VectorSets,
        depth: int,
        *,
        encoder: Any,
        n_shortlist: int | Literal["auto"],
        search: Any,
        n_jobs: int | None,
    ):
        self.sets = sets
        self.longest = float(np.sqrt(np.einsum("ij,ij->i", sets.vectors, sets.vectors).max()))
        self.n_shortlist = _shortlist_length(n_shortlist, depth, sets.n_sets)
        encoder = FixedDimensionalEncoder(random_state=0) if encoder is None else encoder
        self.codes = _Codes(encoder, X, self.n_shortlist, search, n_jobs)

    def neighbors(
        self, X: Any, sets: VectorSets, n_neighbors: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The nearest sets of the shortlists."""
        listed = self.codes.listed(X, max(self.n_shortlist, n_neighbors))
        missing = listed < 0
        similarity = listed_chamfer_similarity(sets, self.sets, np.where(missing, 0, listed))
        lengths = np.linalg.norm(sets.vectors.astype(np.float64), axis=1)
        lengths = np.add.reduceat(lengths, sets.starts[:-1])[:, None]
        distances = self.longest - similarity / np.where(lengths == 0, 1.0, lengths)
        # What rounding leaves of a set's distance to itself is none.
        noise = 8 * np.finfo(sets.vectors.dtype).eps * sets.vectors.shape[1] ** 0.5
        distances[distances <= noise * self.longest] = 0.0
        distances, indices = sorted_by_distance(
            np.where(missing, np.inf, distances), np.where(missing, -1, listed)
        )
        return distances[:, :n_neighbors], indices[:, :n_neighbors]


def _shortlist_length(n_shortlist: int | Literal["auto"], depth: int, n_indexed: int) -> int:
    length = max(100, 4 * depth) if n_shortlist == "auto" else max(n_shortlist, depth)
    return min(length, n_indexed)


class ShortlistTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    r"""Transform vectors, or sets of them, into their neighbour graph, found in two stages.

    Short codes propose :math:`L` indexed samples for each query, its shortlist; these are ranked by
    the distance of the vectors themselves. The codes are those of any transformer: the first
    coordinates of embeddings that were trained for it (adaptive retrieval [1]_), principal
    components, residual or fixed dimensional codes [2]_.

    As ``backend`` of the estimators of :mod:`sksim.neighbors` it searches the candidates of a
    hubness reduction; :func:`candidate_report` says what the shortlists lose. The output is that of
    :class:`~sklearn.neighbors.KNeighborsTransformer`.

    With ``metric="chamfer"`` samples are sets of vectors, and the distance of a query Q from a
    document P falls with their Chamfer similarity,

    .. math:: d(Q, P) = r - \frac{\sum_{q \in Q} \max_{p \in P} \langle q, p \rangle}
              {\sum_{q \in Q} \lVert q \rVert} \ge 0 ,

    r being the length of the longest indexed vector: in [0, 2], and 0 for a set and itself, where
    all vectors have unit length, as they should here. The graph goes into the reductions of
    :mod:`sksim.hubness`, but those of Euclidean distances.

    .. versionadded:: 0.1

    Parameters
    ----------
    encoder : transformer or None, default=None
        Makes the codes; it is cloned. Codes are compared by Euclidean distance, or by inner product
        where the encoder has ``transform_query``. With ``metric="cosine"`` it is given rows of unit
        length. None stands for the first 32 principal components, and for a
        :class:`~sksim.codes.FixedDimensionalEncoder` of sets.
    n_neighbors : int, default=5
        Number of neighbours of each row, the sample itself not counted. As a ``backend``, those
        that the estimator needs are taken instead.
    n_shortlist : int or "auto", default="auto"
        Length :math:`L` of the shortlists, at least the number of neighbours and cut to the number
        of samples. "auto" is the larger of 100 and four times the number of neighbours.
    metric : str or callable, default="euclidean"
        Distance of the second stage: any metric of :func:`~sklearn.metrics.pairwise_distances`, or
        "chamfer". As a ``backend``, that of the estimator is taken instead.
    metric_params : dict, default=None
        Parameters of the metric.
    search : str or estimator, default="auto"
        Search among the codes: a ``backend`` of :class:`HubnessReducedKNeighborsTransformer`.
        "auto" forms all distances, or all products.
    mode : {"distance", "connectivity"}, default="distance"
        Whether the entries are distances, with one entry more in each row, or ones.
    n_jobs : int, default=None
        Number of threads of the exact search. As a ``backend``, None means those of the estimator.

    Attributes
    ----------
    encoder_ : transformer
        The fitted encoder.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, where all of them are strings.

    See Also
    --------
    sksim.codes.PrefixTruncation : Codes of embeddings with nested prefixes.
    sksim.codes.FixedDimensionalEncoder : Codes of sets.
    candidate_report : What an approximate search loses.

    Notes
    -----
    Distances are exact for all pairs listed; a neighbour that is not in the shortlist is not found.
    With a shortlist of all samples the search is exact. With principal components of Euclidean
    space the code's distance is a lower bound, so that near samples are never far in the codes;
    cut coordinates of an embedding that was not trained for it lose most neighbours.

    Cost: time of the encoder and of the search among the codes, :math:`O(n_q n m)` for the exact
    one with codes of m values, then :math:`O(n_q L d)`, for sets :math:`O(n_q L |Q| |P| d)`. The
    codes stay in memory, :math:`O(n m)`, beside the samples. Queries are searched in blocks within
    scikit-learn's working memory, sets one after the other.

    References
    ----------
    .. [1] A. Kusupati, G. Bhatt, A. Rege, M. Wallingford, A. Sinha, V. Ramanujan, W. Howard-Snyder,
           K. Chen, S. Kakade, P. Jain and A. Farhadi (2022). Matryoshka representation learning.
           Advances in Neural Information Processing Systems.
    .. [2] L. Dhulipala, M. Hadian, R. Jayaram, J. Lee and V. Mirrokni (2024). MUVERA: multi-vector
           retrieval via fixed dimensional encodings. Advances in Neural Information Processing
           Systems.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sksim.neighbors import (
    ...     HubnessReducedNearestNeighbors, ShortlistTransformer, candidate_report
    ... )
    >>> X, _ = load_digits(return_X_y=True)
    >>> two_stages = ShortlistTransformer(n_shortlist=200)
    >>> search = HubnessReducedNearestNeighbors(reduction="nicdm", backend=two_stages).fit(X)
    >>> bool(candidate_report(search, random_state=0).recall > 0.999)
    True

    Sets of vectors, with a reduction of their graph:

    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sksim.hubness import CSLS
    >>> sets = np.random.RandomState(0).randn(200, 4, 16)
    >>> sets /= np.linalg.norm(sets, axis=2, keepdims=True)
    >>> search = ShortlistTransformer(metric="chamfer", n_neighbors=20)
    >>> make_pipeline(search, CSLS(n_neighbors=5)).fit_transform(sets).shape
    (200, 200)
    """

    _parameter_constraints: dict = {
        "encoder": [HasMethods(["fit", "transform"]), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "n_shortlist": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "metric": [str, callable],
        "metric_params": [dict, None],
        "search": [StrOptions(set(BACKENDS)), HasMethods(["fit", "transform"])],
        "mode": [StrOptions({"distance", "connectivity"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        encoder: Any = None,
        *,
        n_neighbors: int = 5,
        n_shortlist: int | Literal["auto"] = "auto",
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        search: str | BaseEstimator = "auto",
        mode: Literal["distance", "connectivity"] = "distance",
        n_jobs: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.n_neighbors = n_neighbors
        self.n_shortlist = n_shortlist
        self.metric = metric
        self.metric_params = metric_params
        self.search = search
        self.mode = mode
        self.n_jobs = n_jobs

    def _options(self, n_jobs: int | None = None) -> dict[str, Any]:
        return {
            "encoder": self.encoder,
            "n_shortlist": self.n_shortlist,
            "search": self.search,
            "n_jobs": n_jobs if self.n_jobs is None else self.n_jobs,
        }

    def _as_backend(
        self,
        X: Any,
        depth: int,
        *,
        metric: Metric,
        metric_params: MetricParams = None,
        n_jobs: int | None = None,
    ) -> _ShortlistBackend:
        """Search among the rows of X, for lists of a depth."""
        options = self._options(n_jobs)
        return _ShortlistBackend(X, depth, metric=metric, metric_params=metric_params, **options)

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: None = None) -> Self:
        """Encode the samples and index their codes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Samples; with ``metric="chamfer"`` sets of vectors: a list of arrays of shape
            (n_vectors_i, n_features), or an array of shape (n_sets, n_vectors, n_features).
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        if self.metric == "precomputed":
            raise ValueError("metric must be one of vectors, got 'precomputed'.")
        is_sets = self.metric == "chamfer"
        checked: Any = validate_sets(self, X, reset=True) if is_sets else self._rows(X, reset=True)
        n_samples = checked.n_sets if is_sets else checked.shape[0]
        if self.n_neighbors >= n_samples:
            raise ValueError(
                f"Expected n_neighbors < n_samples_fit, but n_neighbors = {self.n_neighbors}, "
                f"n_samples_fit = {n_samples}, n_samples = {n_samples}"
            )
        self.n_samples_fit_ = n_samples
        depth = self.n_neighbors + 1
        if is_sets:
            self._search: Any = _SetShortlist(X, checked, depth, **self._options())
        else:
            self._search = self._as_backend(
                checked, depth, metric=self.metric, metric_params=self.metric_params
            )
        return self

    def _rows(self, X: Any, *, reset: bool) -> Any:
        return validate_named_data(self, X, reset=reset, **_VECTORS)

    @property
    def encoder_(self) -> Any:
        """The fitted encoder."""
        check_is_fitted(self)
        return self._search.codes.encoder

    @property
    def _n_features_out(self) -> int:
        return self.n_samples_fit_

    def transform(self, X: Any) -> sparse.csr_matrix | sparse.csr_array:
        """Compute the neighbour graph of queries.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Queries, or sets of vectors, as in :meth:`fit`.

        Returns
        -------
        X_graph : csr_matrix or csr_array of shape (n_queries, n_samples)
            Neighbour graph, rows sorted by distance: ``n_neighbors + 1`` entries a row in
            ``mode="distance"``, ``n_neighbors`` in ``mode="connectivity"``.
        """
        check_is_fitted(self)
        width = self.n_neighbors + (self.mode == "distance")
        if self.metric == "chamfer":
            sets = validate_sets(self, X, reset=False)
            distances, indices = self._search.neighbors(X, sets, width)
        else:
            distances, indices = self._search.neighbors(self._rows(X, reset=False), width)
        is_array = get_config().get("sparse_interface") == "sparray"
        container = sparse.csr_array if is_array else sparse.csr_matrix
        graph = graph_from_neighbors(distances, indices, self.n_samples_fit_, container=container)
        if self.mode == "connectivity":
            graph.data = np.ones_like(graph.data)
        return graph

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags
