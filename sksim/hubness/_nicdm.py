"""Non-iterative contextual dissimilarity measure."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

from sksim.hubness._base import GraphReduction
from sksim.hubness._inner_product import scaled_index
from sksim.hubness._scaled import fit_scale, geometric_mean_scale
from sksim.hubness._statistics import mean_distance
from sksim.utils._sklearn import Interval

__all__ = ["NICDM"]


class NICDM(GraphReduction):
    r"""Non-iterative contextual dissimilarity measure: distances in units of local mean distances.

    With :math:`\bar r_k(z)` the mean distance of :math:`z` to its k nearest neighbours among the
    indexed samples, itself not counted,

    .. math:: NICDM(q, x) = \frac{d(q, x)}{\sqrt{\bar r_k(q)\, \bar r_k(x)}} \ge 0.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours k in the mean, the sample itself not counted. A row that stores fewer
        uses those it has.

    Attributes
    ----------
    local_scale_ : ndarray of shape (n_samples,)
        :math:`\bar r_k` of the indexed samples.
    scale_floor_ : float
        Smallest positive scale, which stands in for 0, the mean distance of k or more duplicates.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    See Also
    --------
    LocalScaling : Divides by the distance of the k-th neighbour, values in [0, 1).
    CSLS : Subtracts the mean distances instead of dividing by them.
    sksim.neighbors.HubnessReducedKNeighborsTransformer : Starts from vectors.

    Notes
    -----
    Unchanged by a change of the unit of the distance, symmetric on the graph of a set with itself.
    The original multiplies all values by the geometric mean of :math:`\bar r_k`, a constant that
    changes no order. Costs O(n K) time and memory for n rows of K stored neighbours.

    References
    ----------
    .. [1] H. Jégou, H. Harzallah and C. Schmid (2007). A contextual dissimilarity measure for
           accurate and efficient image search. IEEE Conference on Computer Vision and Pattern
           Recognition.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import NICDM
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> NICDM(n_neighbors=1).fit_transform(D).round(3)
    array([[0.   , 1.414, 1.   ],
           [1.414, 0.   , 2.121],
           [1.   , 2.121, 0.   ]])
    """

    _parameter_constraints: dict = {"n_neighbors": [Interval(Integral, 1, None, closed="left")]}

    claims = frozenset({"symmetric", "unit_free"})
    lists_on_device = True

    def __init__(self, n_neighbors: int = 10) -> None:
        self.n_neighbors = n_neighbors

    def _statistics(self, distances, space):
        return mean_distance(distances, self.n_neighbors)

    def _store(self, mean_distances, space):
        self.local_scale_, self.scale_floor_, self._root_scale = fit_scale(mean_distances)

    def _reduce(self, distances, queries):
        of_query = mean_distance(distances, self.n_neighbors)
        return distances.values / geometric_mean_scale(
            distances, of_query, self._root_scale, self.scale_floor_
        )

    def _inner_product_index(self, vectors, metric):
        return scaled_index(vectors, metric, self._root_scale, name="NICDM")
