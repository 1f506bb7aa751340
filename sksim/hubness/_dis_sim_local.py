"""Local dissimilarity to centroids."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

from scipy import sparse

from sksim.hubness._additive import add_bias, add_own_bias, fit_bias
from sksim.hubness._base import GraphReduction
from sksim.hubness._centroids import centroid_sources
from sksim.hubness._distances import DenseDistances
from sksim.hubness._inner_product import squared_index
from sksim.utils._sklearn import Interval

__all__ = ["DisSimLocal"]


class DisSimLocal(GraphReduction):
    r"""DisSimLocal: squared distances less those to the centroids of both neighbourhoods.

    With :math:`c_k(z)` the mean of the k nearest indexed vectors of z, itself not counted,

    .. math:: DSL(q, x) = \|q - x\|^2 - \|q - c_k(q)\|^2 - \|x - c_k(x)\|^2 + c \ge 0.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours k in a centroid, the sample itself not counted. A row that stores fewer
        uses those it has.

    Attributes
    ----------
    bias_ : ndarray of shape (n_samples,)
        :math:`-\|x - c_k(x)\|^2` of the indexed samples.
    offset_ : float
        Constant that makes the values non-negative.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    Warns
    -----
    UserWarning
        If a complete matrix, given without vectors, breaks the triangle inequality for certain.

    See Also
    --------
    DisSimGlobal : One centroid for all.
    CSLS : The same idea from distances alone.

    Notes
    -----
    Needs vectors and Euclidean, squared Euclidean or cosine distances (those of unit vectors); on
    its own it takes a complete matrix of Euclidean distances. It reaches far down the list: 500
    candidates are the default in :mod:`sksim.neighbors`. Outliers, far from their own centroid, can
    become hubs.

    The centroid of a query is the mean of indexed vectors, as in the paper, not of centroids. A
    query whose values would be negative, far from all samples, gets a smaller constant in the place
    of its own term: nothing is clipped.

    Without vectors, a matrix that breaks the triangle inequality is that of no vectors, and the
    values mean nothing. Each pair of samples is compared by way of the nearest neighbour of the one
    and of one random sample; a breach of less than a thousandth of the largest distance counts as
    rounding. Not detected are breaches that show by way of other samples only, metrics that are
    not Euclidean (city block, shortest paths), matrices whose diagonal is not zero, and the
    distances given to ``transform``.

    Costs O(n k D) time and O(n D) memory; O(n^2) both without vectors.

    References
    ----------
    .. [1] K. Hara, I. Suzuki, K. Kobayashi, K. Fukumizu and M. Radovanović (2016). Flattening the
           density gradient for eliminating spatial centrality to reduce hubness. AAAI Conference on
           Artificial Intelligence.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import DisSimLocal
    >>> x = np.array([0.0, 1.0, 3.0, 6.0])
    >>> D = np.abs(x[:, None] - x)
    >>> DisSimLocal(n_neighbors=2).fit(D).bias_
    array([ -4.  ,  -0.25,  -6.25, -16.  ])
    """

    _parameter_constraints: dict = {"n_neighbors": [Interval(Integral, 1, None, closed="left")]}

    default_n_candidates = 500
    claims = frozenset({"symmetric"})
    lists_on_device = True

    def __init__(self, n_neighbors: int = 10) -> None:
        self.n_neighbors = n_neighbors

    @property
    def needs_vectors(self) -> bool:
        """Centroids need vectors; a complete distance matrix replaces them."""
        return True

    def _statistics(self, distances, space):
        if space.source is None:
            space.source = centroid_sources(distances, space, "DisSimLocal")
        return space.source.bank.to_local_centroid(space.row_vectors, distances, self.n_neighbors)

    def _store(self, to_centroid, space):
        self.bias_, self.offset_ = fit_bias(-to_centroid, reach=2)
        self._indexed = space.source.indexed

    def _reduce(self, distances, queries):
        squares = self._indexed.squares(distances.values)
        of_query = -self._indexed.to_local_centroid(queries, distances, self.n_neighbors)
        return add_bias(squares, distances, self.bias_ + self.offset_, of_query)

    def _reduced_own(self, graph):
        if sparse.issparse(graph):
            return super()._reduced_own(graph)
        squares = self._indexed.squares_of_checked
        return add_own_bias(DenseDistances(graph), squares, self.bias_, self.offset_)

    def _inner_product_index(self, vectors, metric):
        return squared_index(vectors, metric, self.bias_, name="DisSimLocal")
