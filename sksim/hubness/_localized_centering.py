"""Localized centering."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real

import numpy as np

from sksim.hubness._additive import add_bias, fit_bias
from sksim.hubness._base import GraphReduction
from sksim.hubness._inner_product import additive_index
from sksim.hubness._statistics import mean_distance
from sksim.utils._sklearn import Interval

__all__ = ["LocalizedCentering"]


class LocalizedCentering(GraphReduction):
    r"""Localized centering: subtract the similarity to the centroid of the neighbourhood.

    For unit vectors and :math:`c_k(x)` the mean of the k most similar members of the bank, itself
    not counted, the score is :math:`s(q, x) - (x^T c_k(x))^\gamma` with the cosine s. In terms of
    the cosine distance :math:`d = 1 - s`, with :math:`\bar r_k(x)` its mean to these neighbours,

    .. math:: LCENT(q, x) = d(q, x) + (1 - \bar r_k(x))^\gamma + c \ge 0.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours k in the centroid, the sample itself not counted. The authors search
        among larger numbers too, up to hundreds.
    gamma : float, default=1.0
        Exponent of the local affinity; a whole number where an affinity is negative.

    Attributes
    ----------
    bias_ : ndarray of shape (n_samples,)
        :math:`(x^T c_k(x))^\gamma` of the indexed samples.
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
    NearestNeighborNormalization : The same with ``gamma=1`` and ``alpha=1``, for any distance.
    sksim.preprocessing.Centering : Subtracts the global centroid.

    Notes
    -----
    The distances must be cosine distances; a bare graph is taken to hold them. Costs O(n K) time
    and memory for n rows of K stored neighbours.

    References
    ----------
    .. [1] K. Hara, I. Suzuki, M. Shimbo, K. Kobayashi, K. Fukumizu and M. Radovanović (2015).
           Localized centering: reducing hubness in large-sample data. AAAI Conference on Artificial
           Intelligence.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import LocalizedCentering
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> LocalizedCentering(n_neighbors=1).fit(D).bias_
    array([0.9, 0.8, 0.9])
    """

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "gamma": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, n_neighbors: int = 10, *, gamma: float = 1.0) -> None:
        self.n_neighbors = n_neighbors
        self.gamma = gamma

    def _statistics(self, distances, space):
        if space.metric not in (None, "cosine", "precomputed"):
            raise ValueError(
                f"LocalizedCentering needs metric='cosine', got metric={space.metric!r}."
            )
        affinity = 1 - mean_distance(distances, self.n_neighbors)
        if not float(self.gamma).is_integer() and np.nanmin(affinity, initial=0.0) < 0:
            raise ValueError(
                "LocalizedCentering: gamma must be a whole number where a local affinity is "
                f"negative, got gamma={self.gamma} and a smallest affinity of "
                f"{np.nanmin(affinity):g}."
            )
        return affinity**self.gamma

    def _store(self, bias, space):
        self.bias_, self.offset_ = fit_bias(bias)

    def _reduce(self, distances, queries):
        return add_bias(distances.values, distances, self.bias_ + self.offset_)

    def _inner_product_index(self, vectors, metric):
        return additive_index(vectors, metric, self.bias_, name="LocalizedCentering")
