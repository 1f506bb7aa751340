"""Local scaling."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

from sksim.hubness._base import GraphReduction
from sksim.hubness._inner_product import scaled_index
from sksim.hubness._scaled import fit_scale, geometric_mean_scale
from sksim.hubness._statistics import kth_distance
from sksim.utils._array_api import any_namespace
from sksim.utils._sklearn import Interval

__all__ = ["LocalScaling"]


class LocalScaling(GraphReduction):
    r"""Local scaling: distances in units of the neighbourhood sizes of both samples.

    With :math:`r_k(z)` the distance of :math:`z` to its k-th nearest neighbour among the indexed
    samples, itself not counted,

    .. math:: LS(q, x) = 1 - \exp\left(-\frac{d(q, x)^2}{r_k(q)\, r_k(x)}\right) \in [0, 1).

    The exponent is that of self-tuning affinities [1]_. A hub lies in a dense region, has a small
    :math:`r_k`, and moves away from all others [2]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=7
        The neighbour k whose distance is the local scale, the sample itself not counted. A row
        that stores fewer neighbours uses its last one.

    Attributes
    ----------
    local_scale_ : ndarray of shape (n_samples,)
        :math:`r_k` of the indexed samples.
    scale_floor_ : float
        Smallest positive scale, which stands in for 0: with k or more duplicates :math:`r_k` is 0.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    See Also
    --------
    NICDM : Divides by the mean distance of the neighbours and has no upper limit.
    MutualProximity : Scales by the distribution of all distances.
    sksim.neighbors.HubnessReducedKNeighborsTransformer : Starts from vectors.

    Notes
    -----
    Unchanged by a change of the unit of the distance, symmetric on the graph of a set with itself.
    Rows are sorted by the exponent, so that values which round to 1 keep their order (in a graph).
    Costs O(n K) time and memory for n rows of K stored neighbours.

    References
    ----------
    .. [1] L. Zelnik-Manor and P. Perona (2004). Self-tuning spectral clustering. Advances in Neural
           Information Processing Systems.
    .. [2] D. Schnitzer, A. Flexer, M. Schedl and G. Widmer (2012). Local and global scaling reduce
           hubs in space. Journal of Machine Learning Research 13.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import LocalScaling
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> LocalScaling(n_neighbors=1).fit_transform(D).round(3)
    array([[0.   , 0.865, 0.632],
           [0.865, 0.   , 0.989],
           [0.632, 0.989, 0.   ]])
    """

    _parameter_constraints: dict = {"n_neighbors": [Interval(Integral, 1, None, closed="left")]}
    claims = frozenset({"symmetric", "unit_free", "unit_interval"})
    lists_on_device = True

    def __init__(self, n_neighbors: int = 7) -> None:
        self.n_neighbors = n_neighbors

    def _statistics(self, distances, space):
        return kth_distance(distances, self.n_neighbors)

    def _store(self, kth_distances, space):
        self.local_scale_, self.scale_floor_, self._root_scale = fit_scale(kth_distances)

    def _reduce(self, distances, queries):
        of_query = kth_distance(distances, self.n_neighbors)
        scale = geometric_mean_scale(distances, of_query, self._root_scale, self.scale_floor_)
        ratio = distances.values / scale
        return ratio * ratio

    def _link(self, exponents):
        return -any_namespace(exponents).expm1(-exponents)

    def _inner_product_index(self, vectors, metric):
        return scaled_index(vectors, metric, self._root_scale, name="LocalScaling")
