"""Coordinates that keep distances along a manifold, by the diffusion of heat."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real
from typing import Literal, Self

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.manifold import smacof
from sklearn.neighbors import VALID_METRICS
from sklearn.utils import Tags

from sksim._base import SksimEstimator
from sksim._search._exact import exact_neighbors
from sksim.manifold._eigenpairs import largest_eigenpairs
from sksim.metrics import heat_geodesic_distances
from sksim.metrics.graphs._distances import check_distances
from sksim.utils._arrays import validate_named_data
from sksim.utils._blocks import row_blocks
from sksim.utils._graph import graph_from_neighbors
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import FloatArray, MatrixLike, Metric, RandomState
from sksim.utils._undirected import check_connected, check_no_isolated_nodes, undirected_graph

__all__ = ["HeatGeodesicEmbedding"]


#: Length of an edge, over the mean length, that the weight of longer ones is that of: heat has to
#: get over each edge.
_LONGEST_EDGE = 6.0


def _classical_scaling(D: np.ndarray, n_components: int) -> np.ndarray:
    """Coordinates by the eigenvectors of the centred squares; overwrites D."""
    for rows in row_blocks(len(D), 8.0 * len(D)):
        np.square(D[rows], out=D[rows])
    means = D.mean(axis=0)
    for rows in row_blocks(len(D), 8.0 * len(D)):
        D[rows] -= means + means[rows, None] - means.mean()
    D *= -0.5
    values, vectors = largest_eigenpairs(D, min(n_components, len(D)))
    n_positive = np.count_nonzero(values > 1e-12 * np.abs(values).max())
    if n_positive < n_components:
        raise ValueError(
            f"n_components={n_components} must be at most the number of positive eigenvalues, of "
            f"which the distances of X have {n_positive}."
        )
    return vectors * np.sqrt(values)


class HeatGeodesicEmbedding(SksimEstimator):
    r"""Coordinates that keep distances along a manifold, by the diffusion of heat.

    .. math:: d_{ij}^2 = -4 t \log H_{ij} + \rho \, 4 t \log \frac{H_{ii} + H_{jj}}{2},
              \qquad H = e^{-t L}

    on the graph that joins each sample to its neighbours, with weights
    :math:`e^{-(\ell / \sigma)^2}` for an edge of length :math:`\ell`, and :math:`\sigma` the mean
    length. Multidimensional scaling of these distances gives the coordinates.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=2
        Number of coordinates.
    n_neighbors : int, default=10
        Number of neighbours that a sample is joined to, itself not counted, and cut to the number
        of other samples; without effect on a sparse graph.
    t : float, default=50.0
        Time of diffusion: longer times average over more paths.
    volume : float, default=1.0
        Weight :math:`\rho` of the correction for volume, in [0, 1]. The published default is 0.
    laplacian : {"normalized", "combinatorial"}, default="normalized"
        Form of the Laplacian L.
    metric : str or callable, default="euclidean"
        Metric of :func:`sklearn.metrics.pairwise_distances`; or "precomputed" where X holds the
        distances, a complete matrix or a sparse neighbour graph.
    mds : {"classical", "smacof"}, default="classical"
        Scaling by eigenvectors, or that which begins there and goes on to least stress.
    random_state : int, RandomState instance or None, default=None
        Randomness of "smacof", which a start from the eigenvectors leaves none.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components)
        The coordinates.
    sigma_ : float
        Mean length of an edge.
    n_connected_components_ : int
        Number of components of the neighbour graph; where it is not 1, they were joined.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    See Also
    --------
    sksim.metrics.heat_geodesic_distances : The distances, of any graph.
    FastRP : Vectors of the nodes of larger graphs.
    sklearn.manifold.Isomap : By shortest paths.

    Notes
    -----
    There is no ``transform``: a new sample would change the graph. A rotation, a translation and a
    scale of the samples change nothing.

    Where neighbours make several components, the shortest connection of each is joined to them, as
    in Isomap; of a sparse graph it is not known, and the graph is refused. An edge longer than
    :math:`6 \sigma` has the weight of one of that length, so that heat gets over it.

    On a noisy Swiss roll, whose neighbours take short-cuts between the turns, its distances are no
    nearer to those on the sheet than shortest paths are at t = 1, and much nearer from t = 20 on:
    the time has to be long enough [1]_. The defaults of ``t`` and ``volume`` come from there.

    Time O(n^3) for n samples, and memory O(n^2), twice.

    References
    ----------
    .. [1] G. Huguet, A. Tong, E. De Brouwer, Y. Zhang, G. Wolf, I. Adelstein and S. Krishnaswamy
           (2023). A heat diffusion perspective on geodesic preserving dimensionality reduction.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.manifold import HeatGeodesicEmbedding
    >>> angles = np.linspace(0, 5, 100)
    >>> arc = np.c_[np.cos(angles), np.sin(angles)]
    >>> unrolled = HeatGeodesicEmbedding(1).fit_transform(arc)
    >>> print(np.round(np.abs(np.corrcoef(unrolled[:, 0], angles)[0, 1]), 2))
    1.0
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "t": [Interval(Real, 0, None, closed="neither")],
        "volume": [Interval(Real, 0, 1, closed="both")],
        "laplacian": [StrOptions({"normalized", "combinatorial"})],
        "metric": [StrOptions({"precomputed"}.union(*VALID_METRICS.values())), callable],
        "mds": [StrOptions({"classical", "smacof"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 10,
        t: float = 50.0,
        volume: float = 1.0,
        laplacian: Literal["normalized", "combinatorial"] = "normalized",
        metric: Metric = "euclidean",
        mds: Literal["classical", "smacof"] = "classical",
        random_state: RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.t = t
        self.volume = volume
        self.laplacian = laplacian
        self.metric = metric
        self.mds = mds
        self.random_state = random_state

    def fit(self, X: MatrixLike, y: object = None) -> Self:
        """Find the coordinates.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or (n_samples, n_samples)
            Samples; or distances where the metric is "precomputed".
        y : None
            Ignored.

        Returns
        -------
        self : HeatGeodesicEmbedding
            The fitted estimator.
        """
        self.fit_transform(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: MatrixLike, y: object = None) -> FloatArray:
        """Find the coordinates and return them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features) or (n_samples, n_samples)
            Samples; or distances where the metric is "precomputed".
        y : None
            Ignored.

        Returns
        -------
        embedding : ndarray of shape (n_samples, n_components)
            The coordinates.
        """
        is_distance = self.metric == "precomputed"
        X = validate_named_data(
            self,
            X,
            accept_sparse="csr" if is_distance else False,
            dtype=np.float64,
            ensure_min_samples=2,
            ensure_non_negative=is_distance,
        )
        if sparse.issparse(X):
            lengths = undirected_graph(X, name="X")
            check_no_isolated_nodes(lengths, name="X")
            check_connected(lengths, name="X")
            self.n_connected_components_ = 1
        else:
            lengths = self._neighbor_graph(check_distances(X, "X") if is_distance else X)
        self.sigma_ = float(lengths.data.mean())
        if self.sigma_ == 0:
            raise ValueError("X must hold different samples, got distances of 0 only.")
        weights = np.exp(-(np.minimum(lengths.data / self.sigma_, _LONGEST_EDGE) ** 2))
        D = heat_geodesic_distances(
            csr_array((weights, lengths.indices, lengths.indptr), lengths.shape),
            t=self.t,
            volume=self.volume,
            laplacian=self.laplacian,
        )
        if self.mds == "classical":
            self.embedding_ = _classical_scaling(D, self.n_components)
        else:
            self.embedding_ = smacof(
                D,
                n_components=self.n_components,
                init=_classical_scaling(D.copy(), self.n_components),
                n_init=1,
                random_state=self.random_state,
            )[0]
        return self.embedding_

    def _neighbor_graph(self, X: np.ndarray) -> csr_array:
        """Lengths of the edges between neighbours, and of the few that join all of them."""
        n_neighbors = min(self.n_neighbors, len(X) - 1)
        distances, indices = exact_neighbors(
            X, n_neighbors=n_neighbors, metric=self.metric, exclude_self=True
        )
        graph = undirected_graph(graph_from_neighbors(distances, indices, len(X)))
        n_components, component = connected_components(graph, directed=False)
        self.n_connected_components_ = n_components
        while n_components > 1:
            links = [self._shortest_link(X, component == c) for c in range(n_components)]
            rows, columns, lengths = zip(*links, strict=True)
            link = csr_array((lengths, (rows, columns)), shape=graph.shape)
            graph = undirected_graph(graph + link)
            n_components, component = connected_components(graph, directed=False)
        return graph

    def _shortest_link(self, X: np.ndarray, inside: np.ndarray) -> tuple[int, int, float]:
        """A sample inside, its nearest one outside, and their distance, the least of all."""
        is_distance = self.metric == "precomputed"
        queries = X[np.ix_(inside, ~inside)] if is_distance else X[inside]
        others = None if is_distance else X[~inside]
        distances, indices = exact_neighbors(queries, others, n_neighbors=1, metric=self.metric)
        first = int(distances.argmin())
        return (
            int(np.flatnonzero(inside)[first]),
            int(np.flatnonzero(~inside)[indices[first, 0]]),
            float(distances[first, 0]),
        )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        is_distance = self.metric == "precomputed"
        tags.input_tags.pairwise = tags.input_tags.positive_only = is_distance
        tags.input_tags.sparse = is_distance
        return tags
