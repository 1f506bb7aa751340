"""Vectors of the nodes of a graph by a very sparse random projection."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Self

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import DataDimensionalityWarning
from sklearn.neighbors import VALID_METRICS
from sklearn.random_projection import SparseRandomProjection
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim._search._exact import exact_neighbors
from sksim.utils._arrays import validate_named_data
from sksim.utils._graph import check_columns, graph_from_neighbors
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import FloatArray, MatrixLike, Metric, RandomState
from sksim.utils._undirected import undirected_graph
from sksim.utils._unit_rows import unit_rows

__all__ = ["FastRP"]


def _projection(n_nodes: int, n_components: int, random_state: RandomState) -> csr_array:
    r"""The matrix R, entries of the size of the fourth root of n_nodes, most of them zero."""
    random = SparseRandomProjection(n_components, random_state=random_state)
    with warnings.catch_warnings():
        # More components than nodes are of use: their inner products are nearer to those meant.
        warnings.simplefilter("ignore", DataDimensionalityWarning)
        random.fit(csr_array((1, n_nodes)))
    return csr_array(random.components_.T * np.sqrt(n_components))


def _one_step(graph: csr_array) -> csr_array:
    """Probabilities of a step from each node along its edges."""
    degrees = graph.sum(axis=1)
    isolated = np.flatnonzero(degrees == 0)
    if isolated.size:
        raise ValueError(
            f"X must join each node to another, got {isolated.size} isolated nodes, the first of "
            f"them node {isolated[0]}."
        )
    return csr_array(sparse.diags_array(1.0 / degrees) @ graph)


class FastRP(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    r"""Vectors of the nodes of a graph by a very sparse random projection of its random walks.

    .. math:: N = \sum_q \alpha_q N_q, \qquad N_q = A N_{q-1}, \qquad N_0 = L R,
              \qquad A = D^{-1} S, \qquad L = \operatorname{diag}\Big(\frac{d_j}{2 m}\Big)^\beta

    with S the weights of the edges, :math:`d_j` the degrees, in the diagonal matrix D, and
    :math:`2 m` their sum. R of shape (n, r) is random: :math:`\pm n^{1/4}` with probability
    :math:`n^{-1/2}` in all, zero elsewhere. Nodes from which walks of few steps arrive at the same
    nodes get vectors that are alike: without ``normalize_powers`` the expectation of
    :math:`N N^T` is :math:`r M M^T` with :math:`M = \sum_q \alpha_q A^q L`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=128
        Length r of the vectors.
    weights : sequence of float, default=(0, 0, 1, 6)
        The weight :math:`\alpha_q` of walks of q = 1, 2, ... steps.
    normalization_strength : float, default=-0.9
        Exponent :math:`\beta`: the lower, the less nodes of high degree count as ends.
    normalize_powers : bool, default=True
        Whether the rows of each :math:`N_q` are brought to length one before they are added, as
        the authors' code does.
    metric : str or callable, default="precomputed"
        "precomputed" where X holds the weights of a graph; or a metric of
        :func:`sklearn.metrics.pairwise_distances` where it holds samples, of which each is joined
        to its neighbours.
    n_neighbors : int, default=10
        Number of neighbours that a sample is joined to, itself not counted, and cut to the number
        of other samples; without effect where the metric is "precomputed".
    random_state : int, RandomState instance or None, default=None
        Randomness of the projection.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Vectors of the nodes of ``fit``.
    projection_ : csr_array of shape (n_nodes, n_components)
        The matrix R.
    n_features_in_ : int
        Number of nodes, or features, seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    See Also
    --------
    HeatGeodesicEmbedding : Few coordinates that keep distances along the edges.
    sklearn.manifold.SpectralEmbedding : By eigenvectors of a graph.
    sksim.metrics.graph_reconstruction_score : What vectors keep of the edges.

    Notes
    -----
    A graph is made undirected: two nodes are joined where either names the other, by the larger
    weight. Weights are similarities, such as ones; the distances of a neighbour graph are the wrong
    way round. Loops count as they stand. All weights times a constant change nothing.

    New nodes get vectors from their edges to those of ``fit``, each row by itself. The rows of a
    symmetric graph of ``fit`` get the vectors that they have there; of samples they do not, as a
    sample is not its own neighbour in ``fit`` only.

    On neighbours of handwritten digits, nearest neighbours of the vectors tell classes as well as
    those of a spectral embedding do, and a little better than those of the pixels; the weights
    matter little. On a tree the walks of three and four steps find the nodes at two hops, and the
    neighbours not. The published comparison of speed is with embeddings by sampled walks, and was
    not tried [1]_.

    Time O(q m r) for m edges and q weights, no power of A being formed; memory O(n r) for each
    weight that is not zero. With a metric, the exact search of the neighbours comes first.

    References
    ----------
    .. [1] H. Chen, S. F. Sultan, Y. Tian, M. Chen and S. Skiena (2019). Fast and accurate network
           embeddings via very sparse random projection. ACM International Conference on Information
           and Knowledge Management.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sksim.manifold import FastRP
    >>> X, y = load_digits(return_X_y=True)
    >>> Z = FastRP(64, metric="euclidean", random_state=0).fit_transform(X)
    >>> bool(cross_val_score(KNeighborsClassifier(), Z, y).mean() > 0.96)
    True
    """

    #: Values of a graph are weights, of which the rows have no order, and no distances.
    takes_weights = True

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "weights": ["array-like"],
        "normalization_strength": [Interval(Real, None, None, closed="neither")],
        "normalize_powers": ["boolean"],
        "metric": [StrOptions({"precomputed"}.union(*VALID_METRICS.values())), callable],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        weights: Sequence[float] = (0, 0, 1, 6),
        normalization_strength: float = -0.9,
        normalize_powers: bool = True,
        metric: Metric = "precomputed",
        n_neighbors: int = 10,
        random_state: RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.weights = weights
        self.normalization_strength = normalization_strength
        self.normalize_powers = normalize_powers
        self.metric = metric
        self.n_neighbors = n_neighbors
        self.random_state = random_state

    def fit(self, X: MatrixLike, y: object = None) -> Self:
        """Find the vectors of the nodes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_nodes, n_nodes) or (n_samples, n_features)
            Weights of a graph, not negative: of a sparse matrix each stored entry, of a dense one
            each that is not zero; or samples where the metric is not "precomputed".
        y : None
            Ignored.

        Returns
        -------
        self : FastRP
            The fitted transformer.
        """
        self.fit_transform(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: MatrixLike, y: object = None) -> FloatArray:
        """Find the vectors of the nodes and return them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_nodes, n_nodes) or (n_samples, n_features)
            Weights of a graph, not negative: of a sparse matrix each stored entry, of a dense one
            each that is not zero; or samples where the metric is not "precomputed".
        y : None
            Ignored.

        Returns
        -------
        embedding : ndarray of shape (n_nodes, n_components)
            The vectors.
        """
        weights = np.asarray(self.weights, dtype=np.float64)
        if weights.ndim != 1 or not np.isfinite(weights).all() or not weights.any():
            raise ValueError(
                "weights must be finite numbers, one for each number of steps and not all zero, "
                f"got {self.weights!r}."
            )
        X = self._check_rows(X, reset=True)
        if self.metric == "precomputed":
            graph = undirected_graph(X, name="X", keep_loops=True)
        else:
            self._samples = X
            graph = undirected_graph(self._neighbors(X, of_itself=True), name="X")
        step = _one_step(graph)
        degrees = graph.sum(axis=0)
        self.projection_ = _projection(len(degrees), self.n_components, self.random_state)
        ends = (degrees / degrees.sum()) ** self.normalization_strength
        power = (sparse.diags_array(ends) @ self.projection_).toarray()
        # The powers before the last step of each weight that counts: new nodes take that step.
        self._before: list[tuple[float, np.ndarray]] = []
        for weight in np.trim_zeros(weights, "b"):
            if weight:
                self._before.append((float(weight), power))
            power = step @ power
        self.embedding_ = self._from_step(step).astype(X.dtype, copy=False)
        return self.embedding_

    def transform(self, X: MatrixLike) -> FloatArray:
        """Vectors of new nodes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_new, n_nodes) or (n_new, n_features)
            Weights of the edges from each new node to those of ``fit``, or samples where the
            metric is not "precomputed".

        Returns
        -------
        embedding : ndarray of shape (n_new, n_components)
            The vectors, each of its own row only.
        """
        check_is_fitted(self)
        X = self._check_rows(X, reset=False)
        if self.metric == "precomputed":
            graph = check_columns(X, name="X") if sparse.issparse(X) else csr_array(X)
        else:
            graph = self._neighbors(X)
        return self._from_step(_one_step(csr_array(graph, dtype=np.float64))).astype(
            X.dtype, copy=False
        )

    def _check_rows(self, X: MatrixLike, *, reset: bool) -> np.ndarray | sparse.csr_array:
        is_graph = self.metric == "precomputed"
        return validate_named_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr" if is_graph else False,
            dtype=[np.float64, np.float32],
            ensure_min_samples=2 if reset else 1,
            ensure_non_negative=is_graph,
        )

    def _neighbors(self, X: np.ndarray, *, of_itself: bool = False) -> csr_array:
        """Neighbours among the samples of ``fit``, with weight one."""
        _, indices = exact_neighbors(
            X,
            None if of_itself else self._samples,
            n_neighbors=min(self.n_neighbors, len(self._samples) - of_itself),
            metric=self.metric,
            exclude_self=of_itself,
        )
        return graph_from_neighbors(np.ones(indices.shape), indices, len(self._samples))

    def _from_step(self, step: csr_array) -> np.ndarray:
        """The weighted sum of what is one step from each power."""
        total = np.zeros((step.shape[0], self.n_components))
        for weight, power in self._before:
            arrived = step @ power
            total += weight * (unit_rows(arrived) if self.normalize_powers else arrived)
        return total

    @property
    def _n_features_out(self) -> int:
        return self.embedding_.shape[1]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        is_graph = self.metric == "precomputed"
        tags.input_tags.pairwise = tags.input_tags.positive_only = is_graph
        tags.input_tags.sparse = is_graph
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
