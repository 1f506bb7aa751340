"""Non-iterative contextual dissimilarity measure."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np

from sksim.hubness._base import GraphReduction
from sksim.hubness._inner_product import scaled_index
from sksim.hubness._statistics import (
    check_depth,
    divisible,
    fill_missing,
    mean_distance,
    smallest_scale,
)
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
    feature_names_in_ : ndarray of shape (n_features_in_,)
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
    H. Jégou, H. Harzallah and C. Schmid. A contextual dissimilarity measure for accurate and
    efficient image search. 2007.

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

    def __init__(self, n_neighbors=10):
        self.n_neighbors = n_neighbors

    def _fit_distances(self, distances, space):
        check_depth(distances, self.n_neighbors, "NICDM")
        scale = mean_distance(distances, self.n_neighbors)
        self.local_scale_ = fill_missing(scale, np.nanmedian(scale))
        self.scale_floor_ = smallest_scale(self.local_scale_)

    def _reduce_distances(self, distances, queries):
        query_scale = fill_missing(mean_distance(distances, self.n_neighbors), self.scale_floor_)
        scale = distances.by_row(np.sqrt(divisible(query_scale, self.scale_floor_)))
        indexed_scale = np.sqrt(divisible(self.local_scale_, self.scale_floor_))
        scale = scale * distances.by_column(indexed_scale)
        return distances.values / scale

    def inner_product_index(self, vectors, metric):
        """Augmented index vectors and query map that rank as the reduction does.

        Parameters
        ----------
        vectors : array-like of shape (n_indexed, n_features)
            The indexed samples.
        metric : str
            Metric of the distances.

        Returns
        -------
        index_vectors : ndarray of shape (n_indexed, n_features + 1 or 2)
            Vectors for any index of inner products: larger is nearer.
        query_map : callable
            Augments queries.
        """
        scale = divisible(self.local_scale_, self.scale_floor_)
        return scaled_index(vectors, metric, scale, name="NICDM")
