"""Cross-domain similarity local scaling."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

from sksim.hubness._additive import add_bias, fit_bias
from sksim.hubness._base import GraphReduction
from sksim.hubness._inner_product import additive_index
from sksim.hubness._statistics import mean_distance
from sksim.utils._sklearn import Interval

__all__ = ["CSLS"]


class CSLS(GraphReduction):
    r"""Cross-domain similarity local scaling: subtract the mean distances to the neighbours.

    With :math:`\bar r_k(z)` the mean distance of :math:`z` to its k nearest neighbours among the
    indexed samples, itself not counted,

    .. math:: CSLS(q, x) = 2 d(q, x) - \bar r_k(q) - \bar r_k(x) + c \ge 0.

    The constant ``offset_`` c makes the values non-negative, as scikit-learn asks of distances,
    without changing an order. For the cosine distance :math:`d = 1 - s` the order is that of the
    published similarity :math:`2 s(q, x) - \bar s_k(q) - \bar s_k(x)`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours k in the mean, the sample itself not counted. A row that stores fewer
        uses those it has.

    Attributes
    ----------
    bias_ : ndarray of shape (n_samples,)
        :math:`-\bar r_k` of the indexed samples.
    offset_ : float
        The constant c, three times the largest mean distance.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    See Also
    --------
    NICDM : Divides by the mean distances instead of subtracting them.
    NearestNeighborNormalization : The same order with ``alpha=0.5`` and the samples as the bank.
    sksim.neighbors.HubnessReducedKNeighborsTransformer : Starts from vectors; takes a query bank.

    Notes
    -----
    By the triangle inequality :math:`\bar r_k(q) \le d(q, x) + \bar r_k(x)`, and
    :math:`\bar r_k(q) \le 2 d(q, x) + 2 \bar r_k(x)` for squared Euclidean and cosine distances,
    so that c suffices for all queries. A query that still falls below (distances that are no
    metric, rows cut short) gets a smaller constant in place of its :math:`\bar r_k(q)`: nothing is
    clipped, and the order of a row never depends on a constant of that row.

    Symmetric on the graph of a set with itself. Costs O(n K) time and memory for n rows of K stored
    neighbours.

    References
    ----------
    .. [1] A. Conneau, G. Lample, M. Ranzato, L. Denoyer and H. Jégou (2018). Word translation
           without parallel data. International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import CSLS
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> csls = CSLS(n_neighbors=1).fit(D)
    >>> (csls.transform(D)[0, 1:] - csls.offset_).round(3)
    array([0.1, 0. ])
    """

    _parameter_constraints: dict = {"n_neighbors": [Interval(Integral, 1, None, closed="left")]}

    claims = frozenset({"symmetric"})
    lists_on_device = True

    def __init__(self, n_neighbors: int = 10) -> None:
        self.n_neighbors = n_neighbors

    def _statistics(self, distances, space):
        return mean_distance(distances, self.n_neighbors)

    def _store(self, mean_distances, space):
        self.bias_, self.offset_ = fit_bias(-mean_distances, reach=3)

    def _reduce(self, distances, queries):
        of_query = -mean_distance(distances, self.n_neighbors)
        return add_bias(2 * distances.values, distances, self.bias_ + self.offset_, of_query)

    def _inner_product_index(self, vectors, metric):
        return additive_index(vectors, metric, self.bias_ / 2, name="CSLS")
