"""Hubness-aware shared neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from sksim.hubness._base import GraphReduction
from sksim.hubness._shared_neighbors import indexed_lists, weight_not_shared
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import Interval

__all__ = ["SimhubSimilarity"]


def _class_information(lists, y):
    """1 - H / log C of the classes that have each sample as a neighbour, with Laplace's rule."""
    if y is None:
        raise ValueError("SimhubSimilarity(supervised=True) needs the classes y, got y=None.")
    y = check_named_array(y, "y", ensure_2d=False, dtype=None)
    check_classification_targets(y)
    if y.shape != (lists.shape[0],):
        raise ValueError(
            f"y must hold one class for each of {lists.shape[0]} samples, got shape {y.shape}."
        )
    classes, codes = np.unique(y, return_inverse=True)
    if classes.size < 2:
        raise ValueError("SimhubSimilarity(supervised=True) needs two classes or more, got one.")
    counts = lists.T @ np.eye(classes.size)[codes] + 1.0
    share = counts / counts.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=1)
    return np.maximum(1 - entropy / np.log(classes.size), 0)


class SimhubSimilarity(GraphReduction):
    r"""Hubness-aware shared neighbours: rare neighbours that two samples share say more.

    With :math:`N_k(z)` the k nearest indexed samples of z, itself not counted, and :math:`N(j)` in
    how many of the n lists j is,

    .. math:: simhub(q, x) = 1 - \frac{1}{k \log n}
        \sum_{j \in N_k(q) \cap N_k(x)} \log\frac{n}{N(j) + 1} \in [0, 1].

    Supervised, each term is multiplied by how much j tells about the class,
    :math:`1 - H_j / \log C`, with :math:`H_j` the entropy of the classes of the samples that have
    j as a neighbour (each of the C classes counted once more).

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=10
        Number of neighbours k, the sample itself not counted. The authors use 50.
    supervised : bool, default=False
        Whether to use the classes y.

    Attributes
    ----------
    weights_ : ndarray of shape (n_samples,)
        Weight of each indexed sample as a shared neighbour.
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
    SharedNearestNeighbors : Equal weights.

    Notes
    -----
    The value is a distance: one minus the similarity of the paper. In a graph equal values keep the
    order of the primary distance. Costs :math:`O(\sum_x N(x)^2)` time and memory.

    References
    ----------
    .. [1] N. Tomašev and D. Mladenić (2012). Hubness-aware shared neighbor distances for
           high-dimensional k-nearest neighbor classification. Hybrid Artificial Intelligent
           Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import SimhubSimilarity
    >>> x = np.array([0.0, 0.1, 0.3, 1.0, 1.3])
    >>> SimhubSimilarity(n_neighbors=2).fit(np.abs(x[:, None] - x)).weights_.round(3)
    array([0.159, 0.159, 0.   , 0.285, 0.285])
    """

    _parameter_constraints: dict = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "supervised": ["boolean"],
    }

    short_name = "simhub"
    claims = frozenset({"symmetric", "unit_free", "unit_interval"})

    def __init__(self, n_neighbors: int = 10, *, supervised: bool = False) -> None:
        self.n_neighbors = n_neighbors
        self.supervised = supervised

    @property
    def fits_by_rows(self) -> bool:
        """The lists of all samples are compared at once."""
        return False

    def _statistics(self, distances, space):
        k, n_samples = self.n_neighbors, distances.shape[0]
        lists = space.source = indexed_lists(distances, k, space.bank, "SimhubSimilarity")
        occurrence = lists.sum(axis=0)
        surprise = np.maximum(np.log(n_samples / (occurrence + 1)), 0)
        weights = surprise / (k * np.log(n_samples))
        return weights * _class_information(lists, space.y) if self.supervised else weights

    def _store(self, weights, space):
        self.weights_, self._lists = weights, space.source

    def _reduce(self, distances, queries):
        return weight_not_shared(distances, self._lists, self.weights_, self.n_neighbors)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.supervised
        return tags
