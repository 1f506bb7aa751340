"""Global dissimilarity to the centroid."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from scipy import sparse

from sksim.hubness._additive import add_bias, add_own_bias, fit_bias
from sksim.hubness._base import GraphReduction
from sksim.hubness._centroids import centroid_sources
from sksim.hubness._distances import DenseDistances
from sksim.hubness._inner_product import squared_index

__all__ = ["DisSimGlobal"]


class DisSimGlobal(GraphReduction):
    r"""DisSimGlobal: squared distances less those to the centroid of the data.

    With c the mean of the indexed vectors (of the bank for x, if there is one),

    .. math:: DSG(q, x) = \|q - x\|^2 - \|q - c\|^2 - \|x - c\|^2 + const \ge 0,

    which ranks as the centred inner product :math:`(q - c)^T (x - c)` does.

    .. versionadded:: 0.1

    Attributes
    ----------
    bias_ : ndarray of shape (n_samples,)
        :math:`-\|x - c\|^2` of the indexed samples.
    offset_ : float
        Constant that makes the values non-negative.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    Raises
    ------
    MemoryError
        If a complete matrix of distances, and what is made of it, does not fit into the memory
        available.

    Warns
    -----
    UserWarning
        If a complete matrix, given without vectors, breaks the triangle inequality for certain.

    See Also
    --------
    DisSimLocal : One centroid for each neighbourhood.
    sksim.preprocessing.Centering : Centres the vectors themselves.

    Notes
    -----
    Needs vectors and Euclidean, squared Euclidean or cosine distances (those of unit vectors); on
    its own it takes a complete matrix of Euclidean distances. A query whose values would be
    negative, far from all samples, gets a smaller constant in the place of its own term: nothing
    is clipped.

    Without vectors, a matrix that breaks the triangle inequality is that of no vectors, and the
    values mean nothing. Each pair of samples is compared by way of the nearest neighbour of the one
    and of one random sample; a breach of less than a thousandth of the largest distance counts as
    rounding. Not detected are breaches that show by way of other samples only, metrics that are
    not Euclidean (city block, shortest paths), matrices whose diagonal is not zero, and the
    distances given to ``transform``.

    Costs O(n D) time, and memory for one number a sample; O(n^2) both without vectors.

    References
    ----------
    .. [1] K. Hara, I. Suzuki, K. Kobayashi, K. Fukumizu and M. Radovanović (2016). Flattening the
           density gradient for eliminating spatial centrality to reduce hubness. AAAI Conference on
           Artificial Intelligence.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import DisSimGlobal
    >>> x = np.array([0.0, 1.0, 5.0])
    >>> DisSimGlobal().fit(np.abs(x[:, None] - x)).bias_.round(6)
    array([-4., -1., -9.])
    """

    default_n_candidates = 500
    claims = frozenset({"symmetric"})

    @property
    def needs_vectors(self) -> bool:
        """The centroid needs vectors; a complete distance matrix replaces them."""
        return True

    def _statistics(self, distances, space):
        if space.source is None:
            space.source = centroid_sources(distances, space, "DisSimGlobal")
        return space.source.bank.to_centroid(space.row_vectors, distances)

    def _store(self, to_centroid, space):
        self.bias_, self.offset_ = fit_bias(-to_centroid, reach=2)
        self._indexed = space.source.indexed

    def _reduce(self, distances, queries):
        squares = self._indexed.squares(distances.values)
        of_query = -self._indexed.to_centroid(queries, distances)
        return add_bias(squares, distances, self.bias_ + self.offset_, of_query)

    def _reduced_own(self, graph):
        if sparse.issparse(graph):
            return super()._reduced_own(graph)
        squares = self._indexed.squares_of_checked
        return add_own_bias(DenseDistances(graph), squares, self.bias_, self.offset_)

    def _inner_product_index(self, vectors, metric):
        return squared_index(vectors, metric, self.bias_, name="DisSimGlobal")
