"""Shared nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np

from sksim.hubness._shared_neighbors import SharedNeighborReduction
from sksim.utils._sklearn import Interval

__all__ = ["SharedNearestNeighbors"]


class SharedNearestNeighbors(SharedNeighborReduction):
    r"""Shared nearest neighbours: the share of neighbours that two samples do not have in common.

    With :math:`N_k(z)` the k nearest indexed samples of z, itself not counted,

    .. math:: SNN(q, x) = 1 - \frac{|N_k(q) \cap N_k(x)|}{k} \in [0, 1].

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours k, the sample itself not counted.

    Attributes
    ----------
    weights_ : ndarray of shape (n_samples,)
        Weight of each indexed sample as a shared neighbour, 1 / k.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    See Also
    --------
    SimhubSimilarity : Weighs a shared neighbour by how rare it is.

    Notes
    -----
    There are only k + 1 values. In a graph equal values keep the order of the primary distance.
    Costs :math:`O(\sum_x N_k(x)^2)` time, about :math:`n k^2` without hubs, and as much memory.

    References
    ----------
    .. [1] R. A. Jarvis and E. A. Patrick (1973). Clustering using a similarity measure based on
           shared near neighbors. IEEE Transactions on Computers C-22.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import SharedNearestNeighbors
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> SharedNearestNeighbors(n_neighbors=2).fit_transform(D)
    array([[0. , 0.5, 0.5],
           [0.5, 0. , 0.5],
           [0.5, 0.5, 0. ]])
    """

    _parameter_constraints: dict = {"n_neighbors": [Interval(Integral, 1, None, closed="left")]}

    def __init__(self, n_neighbors=10):
        self.n_neighbors = n_neighbors

    def _neighbor_weights(self, lists, space):
        return np.full(lists.shape[0], 1 / self.n_neighbors)
