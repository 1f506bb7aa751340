"""Nearest neighbour normalization."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real

from sksim.hubness._additive import add_bias, fit_bias
from sksim.hubness._base import GraphReduction
from sksim.hubness._inner_product import additive_index
from sksim.hubness._statistics import mean_distance
from sksim.utils._sklearn import Interval

__all__ = ["NearestNeighborNormalization"]


class NearestNeighborNormalization(GraphReduction):
    r"""Nearest neighbour normalization: subtract the mean similarity to the nearest bank queries.

    With :math:`\bar r_k(x)` the mean distance of an indexed sample to its k nearest members of the
    bank, itself not counted,

    .. math:: NNN(q, x) = d(q, x) - \alpha\, \bar r_k(x) + c \ge 0.

    The bank is a set of reference queries; without one it is the indexed samples themselves. For
    the cosine distance :math:`d = 1 - s` the order is that of the published score
    :math:`s(q, x) - \alpha\, \bar s_k(x)`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of bank members k in the mean, the sample itself not counted. The authors use up to
        256 with a large bank.
    alpha : float, default=0.5
        Weight of the mean. With 0.5 the order is that of :class:`CSLS`.

    Attributes
    ----------
    bias_ : ndarray of shape (n_samples,)
        :math:`-\alpha\, \bar r_k` of the indexed samples.
    offset_ : float
        Constant that makes the values non-negative.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    See Also
    --------
    CSLS : The same order with ``alpha=0.5``, symmetric values.
    InvertedSoftmax : Weighs the whole bank, the nearest members most.

    Notes
    -----
    Costs O(n K) time and memory for n rows of K stored neighbours.

    References
    ----------
    .. [1] N. Chowdhury, F. Wang, S. Shenoy, D. Kiela, S. Schwettmann and T. Thrush (2024). Nearest
           neighbor normalization improves multimodal retrieval. Conference on Empirical Methods in
           Natural Language Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import NearestNeighborNormalization
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> NearestNeighborNormalization(n_neighbors=1).fit_transform(D).round(3)
    array([[0.  , 0.2 , 0.15],
           [0.25, 0.  , 0.35],
           [0.15, 0.3 , 0.  ]])
    """

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    lists_on_device = True

    def __init__(self, n_neighbors: int = 10, *, alpha: float = 0.5) -> None:
        self.n_neighbors = n_neighbors
        self.alpha = alpha

    def _statistics(self, distances, space):
        return -self.alpha * mean_distance(distances, self.n_neighbors)

    def _store(self, bias, space):
        self.bias_, self.offset_ = fit_bias(bias)

    def _reduce(self, distances, queries):
        return add_bias(distances.values, distances, self.bias_ + self.offset_)

    def _inner_product_index(self, vectors, metric):
        return additive_index(vectors, metric, self.bias_, name="NearestNeighborNormalization")
