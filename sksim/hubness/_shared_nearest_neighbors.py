"""Shared nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np

from sksim.hubness._base import GraphReduction
from sksim.hubness._shared_neighbors import indexed_lists, weight_not_shared
from sksim.utils._sklearn import Interval

__all__ = ["SharedNearestNeighbors"]


class SharedNearestNeighbors(GraphReduction):
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

    Raises
    ------
    MemoryError
        If, in ``transform``, the overlaps of the lists do not fit into the memory available.

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

    claims = frozenset({"symmetric", "unit_free", "unit_interval"})

    def __init__(self, n_neighbors: int = 10) -> None:
        self.n_neighbors = n_neighbors

    @property
    def fits_by_rows(self) -> bool:
        """The lists of all samples are compared at once."""
        return False

    def _statistics(self, distances, space):
        k = self.n_neighbors
        space.source = indexed_lists(distances, k, space.bank, "SharedNearestNeighbors")
        return np.full(distances.shape[0], 1 / k)

    def _store(self, weights, space):
        self.weights_, self._lists = weights, space.source

    def _reduce(self, distances, queries):
        return weight_not_shared(distances, self._lists, self.weights_, self.n_neighbors)
